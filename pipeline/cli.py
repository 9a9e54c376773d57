"""The command line."""


def main() -> None:
    """Placeholder until the engine is wired."""
    raise SystemExit("not wired yet")
