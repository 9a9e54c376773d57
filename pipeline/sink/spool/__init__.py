"""Segment files that hold accepted events until the other side has confirmed them, and a while longer."""
