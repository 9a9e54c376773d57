"""Datasets for research."""
