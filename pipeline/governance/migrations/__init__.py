"""Migrations of the schema. A released migration is never edited; a new one is added."""
