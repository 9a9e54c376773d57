"""Measurements of a machine: stages, cameras until lag, accuracy under load, soak, comparison with other programs."""
