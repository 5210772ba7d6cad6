"""Parts shared by platforms over HTTP: pages, rate limits, retries, redirects, answers as JSON."""
