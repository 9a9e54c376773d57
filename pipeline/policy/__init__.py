"""Legal rules as pure functions without I/O; no configuration key can disable them."""
