"""Spools: segment files that hold accepted events until the destination has confirmed them, and a while longer."""
