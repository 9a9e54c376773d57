"""What all commands share: consoles, output files, signals, times."""
