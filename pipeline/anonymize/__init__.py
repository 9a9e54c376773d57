"""Recorded segments to obscured, verified, signed clips (a later issue builds this room)."""
