"""What git knows of the folder a project lies in, read without running anything that the checkout configures."""
