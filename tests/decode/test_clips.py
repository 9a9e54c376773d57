"""Making clips leaves the process as it was."""

from __future__ import annotations

import os
from pathlib import Path

from tests.decode.clips import Recipe, encode


def test_a_clip_in_av1_leaves_no_process_of_real_time_priority(tmp_path: Path) -> None:
    encode(tmp_path / "clip.mp4", Recipe(codec="libsvtav1", frames=3, options={"svtav1-params": "lp=1"}))
    threads = [int(entry.name) for entry in Path("/proc/self/task").iterdir()]
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}
