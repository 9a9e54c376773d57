"""Commands of anonymized videos and the register of disclosures."""
