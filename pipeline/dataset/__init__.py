"""Datasets for research: tracks with their points, counts, dictionary, checksums and terms in one folder."""
