"""Text, image or sound becomes tokens."""
