"""Words for people, in three languages. Knows no record."""
