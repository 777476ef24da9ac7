"""One HTML file to click at."""
