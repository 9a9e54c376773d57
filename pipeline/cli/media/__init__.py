"""Commands on image and video files."""
