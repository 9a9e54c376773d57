"""The command line: `viapublica`."""

from __future__ import annotations

import sys

__all__ = ["main"]

_INTERRUPTED = 130
"""Exit status of a command that SIGINT ended, by the shells' custom: 128 and the signal's number."""


def main() -> None:
    """Entry point; see `pipeline.cli.app`. Ctrl-C ends it with one line and exit status 130, while it loads too."""
    try:
        # Seconds pass in there: nothing above may import it.
        from pipeline.cli.app import main as start

        start()
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != _INTERRUPTED:
            raise
        sys.stderr.write("stopped\n")
        sys.exit(_INTERRUPTED)
