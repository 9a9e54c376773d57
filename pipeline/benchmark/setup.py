"""Setup of a benchmark: videos, their format, how frames are analyzed, how often and how long is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pipeline.benchmark.clips import ClipFormat, encode_clip
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.repeats import Progress


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark is given.

    Attributes:
        sources: videos; none for the drawn plate scene.
        form: that they are encoded in before anything is measured.
        work: how frames are analyzed.
        repeats: counted measurements of each case.
        seconds: of each measurement whose length is free.
        command: how to reproduce it, for the report.
    """

    sources: tuple[Path, ...]
    form: ClipFormat
    work: Workload
    repeats: int
    seconds: float
    command: str

    @property
    def shown(self) -> str:
        """The videos in words, for a report: names without folders."""
        return ", ".join(source.name for source in self.sources) or "the drawn plate scene"


@contextmanager
def prepared_clips(setup: Setup, progress: Progress) -> Iterator[list[Path]]:
    """The videos in the setup's format, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="viapublica-clips-") as folder:
        clips = []
        for number, source in enumerate(setup.sources or [None]):
            progress(f"encoding {source.name if source else 'the plate scene'} as {setup.form.text()}")
            stem = f"{number}-{source.stem}" if source else "plate-scene"
            clips.append(encode_clip(source, Path(folder) / f"{stem}.mp4", setup.form))
        yield clips
