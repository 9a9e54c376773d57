"""Access decisions: who may do what, for which purpose, where.

The policies are in `access.cedar`, each with its article; `decide` asks them, `explain` says what a refused request
lacks. Decision 0044 has the reasons.
"""
