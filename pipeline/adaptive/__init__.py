"""Adaptive analysis: which frames of a camera the detector gets, by motion, open tracks and open plate votes."""
