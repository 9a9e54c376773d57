"""Values read from an SQLite database, read again when anything in it has changed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

V = TypeVar("V")
_MOST: Final = 4096


class UnchangedValues:
    """Never older than the database: each call compares its counter of changes, of whatever process.

    A server reads people, cameras and agreements for every decision, many times in a request. Safe from any thread.

    Args:
        path: of the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._values: dict[Hashable, Any] = {}

    def get(self, key: Hashable, read: Callable[[], V]) -> V:
        """The value of a key; `read` gives it where it is not known, or something has changed.

        Args:
            key: names the value; read: must not depend on the time.
        """
        with self._lock:
            try:
                version = self._changes()
            except sqlite3.Error:
                return read()  # which says what is wrong
            if version != self._version or len(self._values) >= _MOST:
                self._values, self._version = {}, version
            elif key in self._values:
                found: V = self._values[key]
                return found
        value = read()  # what changes meanwhile changes the counter, too
        with self._lock:
            if self._version == version:
                self._values[key] = value
        return value

    def close(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values = {}
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _changes(self) -> int:
        """See SQLite's ``PRAGMA data_version``: it differs after every commit of another connection."""
        if self._connection is None:
            self._values = {}
            address = f"file:{quote(str(self._path))}?mode=rw"
            self._connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
