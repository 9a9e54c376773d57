"""Alert rules, one module each: what it sees, what it misses."""
