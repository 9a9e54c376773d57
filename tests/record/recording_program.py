"""Records an RTSP camera until it is killed. Run by test_recorder."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.record.recorder import Recorder
from pipeline.record.settings import RecordSettings
from tests.record.packets import declared

url, folder = sys.argv[1], Path(sys.argv[2])
with Recorder(RecordSettings(dir=folder, segment_s=2, fragment_s=0.5)) as recorder:
    source = open_source("cam", url, settings=DecodeSettings(), tap=recorder.tap(declared("cam")))
    for _frame in source.frames():
        pass
