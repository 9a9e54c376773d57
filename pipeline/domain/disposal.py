"""Disposals: what retention deleted, as reports and the log of disposals state it (decree 18.743/2014 art. 8 §3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec


class Disposed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was deleted of one table and day, or of the video of one camera.

    Attributes:
        kind: ``events``, ``video`` or ``previews``.
        name: of the table or camera.
        first_ms, last_ms: begin and end of its time, milliseconds since 1970 UTC.
        number: of rows or files; size: bytes, 0 where it is not known.
        held: rows or files that were due and that holds preserve.
    """

    kind: str
    name: str
    first_ms: int
    last_ms: int
    number: int
    size: int = 0
    held: int = 0


class Disposal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One round of retention that deleted something.

    Attributes:
        number: such as ``D2026/000001``.
        at_ms: when it ended.
        place: event store or folder.
        by: ``run`` for one that a run made by itself; else the user.
        parts: what was deleted.
        holds: ids of the holds that stood against it.
    """

    number: str
    at_ms: int
    place: str
    by: str
    parts: tuple[Disposed, ...]
    holds: tuple[str, ...] = ()


DISPOSAL_EXAMPLE = "D2026/000001"
Disposing = Callable[[str, Sequence[Disposed], Sequence[str]], AbstractContextManager[object]]
"""Receives place, parts, and ids of the holds that stand against it, before a round deletes them within the `with`."""


def no_report(_place: str, _parts: Sequence[Disposed], _holds: Sequence[str]) -> AbstractContextManager[None]:
    """For disposals that no one reports, as in tests."""
    return nullcontext()
