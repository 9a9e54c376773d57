"""Answers from a database: a module per subject, a function per question."""
