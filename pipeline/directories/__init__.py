"""Log-in by the directory of an institution (OpenID Connect): settings, and the directory's answers."""
