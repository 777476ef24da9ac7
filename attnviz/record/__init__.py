"""What one run saw, and the files that hold it."""
