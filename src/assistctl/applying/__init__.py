"""plan -> platform: order, concurrency, read-back, and a true account of what happened."""
