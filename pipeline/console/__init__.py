"""The console: pages for a browser, on what the HTTP API serves."""
