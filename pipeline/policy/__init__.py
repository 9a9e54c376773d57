"""What is allowed: pure decisions, no I/O. No configuration key reaches in here to switch anything off."""
