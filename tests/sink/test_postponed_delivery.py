"""A writer that wants its events later, as within a rate limit or in quiet hours."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.event_writer import EventRecord, Postponed
from pipeline.sink.spooled import SpooledSink
from tests.event_samples import admit_all, plate_read, wait_until
from tests.sink.test_spooled import FAST, Other


class Later(Other):
    """Takes nothing before a time, seconds of the monotonic clock."""

    until_s = 0.0

    def write(self, records: Sequence[EventRecord]) -> None:
        if (left_s := self.until_s - time.monotonic()) > 0:
            raise Postponed(left_s)
        super().write(records)


def test_a_writer_that_postpones_is_asked_again_without_an_error(tmp_path: Path) -> None:
    later = Later()
    later.until_s = time.monotonic() + 0.1
    sink = SpooledSink(later, FAST, tmp_path, admit_all)
    sink.add([plate_read(1)])
    wait_until(lambda: len(later.taken) == 1)
    assert (sink.status().retries, sink.status().error, later.opened) == (0, "", 1)
    later.until_s = time.monotonic() + 3600
    sink.add([plate_read(2)])
    sink.close(3600)
    assert sink.status().pending == 1, "it waits on disk for the next start"
