"""What is measured, against whom. Results lie in `results/`."""
