"""Users, audit, disclosures and holds (a later issue builds this room)."""
