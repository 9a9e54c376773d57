"""The audit as use cases: records of operations, and what auditors do with them."""
