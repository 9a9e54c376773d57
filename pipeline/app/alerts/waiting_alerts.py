"""Alerts that wait in the spool of a channel, for the health check of an installation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from pipeline.domain.channel_names import QUIET_SUFFIX
from pipeline.domain.plural import counted
from pipeline.errors import SinkError
from pipeline.sink.spool.inspect_spool import spools, summary

LATE_S: Final = 300
"""Alerts that wait for longer are late."""
TRY_IT: Final = "See what the destination answers: viapublica alerts test"


def waiting_alerts(data_dir: Path, name: str) -> str:
    """How many alerts of a channel wait, and for how long.

    Args:
        data_dir: the data folder; name: of the channel's spool.

    Raises:
        SinkError: they are late, and do not wait for the end of quiet hours; or the spool cannot be read.
    """
    folder = next((one for one in spools(data_dir) if one.name == name), None)
    found = None if folder is None else summary(folder)[0]
    if found is None or found.pending_ms is None:
        return "no alert waits"
    waited_s = round(time.time() - found.pending_ms / 1000)
    said = f"{counted(found.pending, 'alert')} waiting, the oldest for {waited_s} s"
    if waited_s > LATE_S and not name.endswith(QUIET_SUFFIX):
        raise SinkError(name, said, TRY_IT)
    return said
