"""`viapublica hotlist`."""
