"""Making clips leaves the process as it was."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tests.decode.clips import Recipe, encode


def test_a_clip_in_av1_leaves_no_process_of_real_time_priority(tmp_path: Path) -> None:
    encode(tmp_path / "clip.mp4", Recipe(codec="libsvtav1", frames=3, options={"svtav1-params": "lp=1"}))
    policies = set()
    for entry in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that has just ended
            policies.add(os.sched_getscheduler(int(entry.name)))
    assert policies == {os.SCHED_OTHER}
