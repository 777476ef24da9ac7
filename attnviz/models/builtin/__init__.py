"""Heads that need no download: constructed to look at one known thing each, or random."""
