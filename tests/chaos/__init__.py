"""Kills, hangs, fills and tears what the events pass through, and counts them at the end."""
