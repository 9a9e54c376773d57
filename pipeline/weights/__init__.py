"""Model cards, and the weights they describe; no file is opened before its checksum matches its card."""
