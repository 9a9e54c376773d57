"""Rejected events of a sink: what its destination will never take, each with the reason, in a file for people."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from pipeline.domain.events import Event, encode, kind_of
from pipeline.errors import SinkError
from pipeline.sink.payload_digest import digest
from pipeline.storage.json_lines import append_line


class _RejectedRecord(msgspec.Struct, frozen=True):
    at_ms: int
    reason: str
    event: msgspec.Raw


_json = msgspec.json.Encoder()


class RejectedEventsFile:
    """A file of JSON lines; one process writes it.

    Args:
        path: the file; absent while nothing was rejected.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; absent while nothing was rejected."""
        return self._path

    def append(self, event: Event, reason: str) -> None:
        """Store an event that policy admits, on the disk when this returns.

        Raises:
            SinkError: it could not be written.
        """
        self._append(encode(event), reason)

    def append_withheld(self, event: Event, reason: str) -> None:
        """Note an event that policy refuses: its id, kind and time, nothing that it says.

        Raises:
            SinkError: it could not be written.
        """
        known = {"event_id": str(event.event_id), "kind": kind_of(event).value, "ts_ms": event.ts_ms}
        self._append(_json.encode(known), reason)

    def append_digest(self, data: bytes, reason: str) -> None:
        """Note bytes that are no event: their size and SHA-256, since anything could be in them.

        Raises:
            SinkError: they could not be written.
        """
        self._append(digest(data), reason)

    def _append(self, raw: bytes, reason: str) -> None:
        record = _RejectedRecord(time.time_ns() // 1_000_000, reason, msgspec.Raw(raw))
        try:
            append_line(self._path, _json.encode(record))
        except OSError as error:
            raise SinkError(str(self._path), f"a rejected event could not be written: {error.strerror}") from error
