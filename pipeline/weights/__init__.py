"""Model cards: which weights may be opened, what they are, and that the file is the one described."""
