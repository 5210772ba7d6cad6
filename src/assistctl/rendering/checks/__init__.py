"""The results of checks, for people, scripts and CI: text, JSON, Markdown, JUnit, HTML."""
