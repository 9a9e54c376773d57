"""Places of an erasure: numbers before, and what is left or held afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErasedPlace:
    """What is to be erased in one table, spool or file, or of the video or previews of a camera.

    Attributes:
        kind: ``table``, ``damaged`` (a part that a database has set aside), ``spool``, ``file``, ``video`` or
            ``preview``.
        where: the store or folder; name: of the table, spool, file or camera.
        events: number of copies of events to erase; of video and previews, of files.
        left: number that is left afterwards, counted again; None before.
        held: number of files beside these that holds preserve.
        spans: times of the video files to erase, which are deleted whole: milliseconds since 1970 UTC, from and to.
    """

    kind: str
    where: str
    name: str
    events: int
    left: int | None = None
    held: int = 0
    spans: tuple[tuple[int, int], ...] = ()
