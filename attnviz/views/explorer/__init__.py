"""The full-screen explorer of a record, for a terminal."""
