"""Inference runtimes, devices, and the known-answer test of networks."""
