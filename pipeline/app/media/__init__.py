"""Detection and plate reading on image and video files, without cameras and store."""
