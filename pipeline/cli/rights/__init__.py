"""`viapublica requests`."""
