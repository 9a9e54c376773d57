"""Detection and plate reading on files: no camera, no store."""
