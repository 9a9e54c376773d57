"""Commands of `viapublica alerts`."""
