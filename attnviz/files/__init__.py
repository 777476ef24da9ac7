"""Bytes become arrays and arrays become bytes. Trusts nothing; knows no record and no model."""
