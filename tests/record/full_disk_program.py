"""Records onto a small disk until it is full, makes room, and records on. Run by test_recorder."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.settings import RecordSettings
from tests.record.packets import BEGIN_MS, clip, connect, until

small, other = Path(sys.argv[1]), Path(sys.argv[2])
path = clip(other)
settings = RecordSettings(dir=small / "video", segment_s=1, fragment_s=0.5, retry_s=0.1, days=3650)
with Recorder(settings) as recorder:
    connect(recorder, path)
    until(lambda: recorder.counts()["cam"].segments == 4, "four files")
    ballast = small / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)) == 4096:
            pass
    connect(recorder, path, begin_ms=BEGIN_MS + 10_000)
    until(lambda: recorder.counts()["cam"].failures > 0, "a failure")
    assert "space" in recorder.counts()["cam"].error, recorder.counts()
    until(lambda: recorder.counts()["cam"].packets + recorder.counts()["cam"].dropped >= 80, "all is seen")
    ballast.unlink()
    time.sleep(2 * settings.retry_s)
    connect(recorder, path, begin_ms=BEGIN_MS + 20_000)
    until(lambda: recorder.counts()["cam"].segments >= 8, "records again")
archive = RecordingArchive(small / "video")
assert recorder.counts()["cam"].error == ""
print([(gap.end_ms - gap.begin_ms, gap.reason) for gap in archive.gaps("cam")])
print("survived")
