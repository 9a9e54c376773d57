"""The audit: an append-only, sealed and hash-chained log of operations; start at `audit_log.AuditLog`.

`record_line` is the form of a record, `seal` the keys that change with each record, `verification` finds what was
changed and where. `checkpoints` signs a Merkle root per day, `anchors` writes it to a file of the auditor,
`time_stamps` has it time-stamped, `inclusion_proof` proves one record to outsiders. `search` and `monthly_report` are
for auditors.
"""
