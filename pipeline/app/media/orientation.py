"""Orientation of files whose camera hangs upside down or sideways and does not say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, cast

from pipeline.app.media.analyze_file import FileDecoding, PlateRow, ignore_parts
from pipeline.decode.media_files import MediaFile
from pipeline.domain.plate import Layout
from pipeline.domain.video import Rotation

_PER_SECOND: Final = 1.0
_MOST_READS: Final = 40
_MOST_FRAMES: Final = 20
_SURE: Final = 0.8
"""Confidence from which a Brazilian plate in a turned image is no accident."""

ReadsOf = Callable[[MediaFile, FileDecoding], Iterable[PlateRow]]
"""Reads the plates of a file; of single frames where the decoding has `most_frames`."""


def upright_rows(
    media: MediaFile, *, decoding: FileDecoding, reads_of: ReadsOf, note: Callable[[Path, str], None]
) -> Iterator[PlateRow]:
    """The plates of a file; of one that shows none, those of the orientation in which it does.

    Args:
        media: the file.
        decoding: a rotation in its options is taken as it is.
        reads_of: reads plates.
        note: receives a remark on a file that was turned.

    Raises:
        SourceError: the file cannot be decoded.
    """
    found = False
    for row in reads_of(media, decoding):
        found = True
        yield row
    if found or decoding.options.rotate:
        return
    quiet = replace(decoding, on_not_read=ignore_parts)  # what was not read has been named
    rotate = find_rotation(media, quiet, reads_of)
    if rotate is not None:
        note(media.path, f"shows plates only when turned by {rotate}°, and was read so")
        yield from reads_of(media, replace(quiet, options=replace(decoding.options, rotate=rotate)))


def find_rotation(media: MediaFile, decoding: FileDecoding, reads_of: ReadsOf) -> Rotation | None:
    """The rotation in which a file shows Brazilian plates; None when it shows none in any.

    Reads up to twenty frames, one per second, in each of the three other orientations.

    Args:
        media: a file that shows none as it is.
        decoding: with which that was found.
        reads_of: reads plates.

    Raises:
        SourceError: the file cannot be decoded.
    """
    best: tuple[float, Rotation] | None = None
    for more in (180, 90, 270):
        rotate = cast("Rotation", (decoding.options.rotate + more) % 360)
        options = replace(decoding.options, rotate=rotate)
        sampled = replace(decoding, options=options, analyze_fps=_PER_SECOND, most_frames=_MOST_FRAMES)
        reads = islice(reads_of(media, sampled), _MOST_READS)
        sure = sum(row.confidence for row in reads if _is_sure(row))
        if sure > (best[0] if best else 0.0):
            best = sure, rotate
    return None if best is None else best[1]


def _is_sure(row: PlateRow) -> bool:
    """Whether a reading is a Brazilian plate that lies level: the reader also reads plates that stand on end."""
    level = row.x2 - row.x1 > row.y2 - row.y1
    return level and row.layout != Layout.OTHER.value and row.confidence >= _SURE
