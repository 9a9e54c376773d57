"""Anonymized videos: redaction, verification, signing, release."""
