"""Alert rules on plate reads of all live cameras, one module each."""
