"""Redaction of images and videos: detection, masks, rendering, verification, signing, report."""
