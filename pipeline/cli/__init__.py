"""The command line: `viapublica`."""

from __future__ import annotations

import sys

from pipeline.cli.common.isolated_process import isolate_process

__all__ = ["main"]

_INTERRUPTED = 130
"""Exit status after SIGINT, by the convention of shells: 128 plus the signal's number."""


def main() -> None:
    """Entry point; see `pipeline.cli.app`. Ctrl-C ends it with one line and status 130, also while it loads."""
    try:
        isolate_process(sys.argv[1:])
        from pipeline.cli.app import main as start  # here: Ctrl-C may come while it loads

        start()
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != _INTERRUPTED:
            raise
        sys.stderr.write("stopped\n")
        sys.exit(_INTERRUPTED)
