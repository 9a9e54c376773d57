"""The register of disclosures, and the files that are built, signed and verified for it."""
