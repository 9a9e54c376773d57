"""The schema's history. A migration that was ever released is never edited; a new one is added."""
