"""Archives of backups: a manifest, and the SHA-256 of every file."""
