"""Attention itself, in NumPy: masks as rules, the dense way and the streaming way."""
