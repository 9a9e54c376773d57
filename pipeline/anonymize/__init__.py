"""Redaction masks, overlay, encoding, residual detections, attacks, provenance and report of an anonymized video."""
