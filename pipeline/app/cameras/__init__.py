"""Use cases of registered cameras; start at `camera_administration.CameraAdministration`."""
