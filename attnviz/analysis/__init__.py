"""Numbers and facts made from a record. Draws nothing."""
