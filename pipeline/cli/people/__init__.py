"""`viapublica init`, `people` and `institutions`."""
