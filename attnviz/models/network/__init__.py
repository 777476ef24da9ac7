"""Forward passes that several families share."""
