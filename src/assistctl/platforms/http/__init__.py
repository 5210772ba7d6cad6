"""What platforms over HTTP share: pages, limits of rate, retries, redirects, answers as JSON."""
