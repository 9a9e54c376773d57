"""Object detection and tracking."""
