"""A real PostgreSQL server (Debian's) for tests: own folder, on a Unix socket only, without waiting for the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_BINARIES = Path("/usr/lib/postgresql")
_SETTINGS = "listen_addresses='' fsync=off synchronous_commit=off full_page_writes=off shared_buffers=32MB"
_USER = "nobody"
"""As whom it runs where the tests are root's: the server refuses root."""


class PostgreSqlServer:
    """Starts with the `with` statement, ends with it, and its data with it."""

    def __init__(self) -> None:
        found = sorted(_BINARIES.glob("*/bin/pg_ctl"))
        if not found:
            pytest.fail("PostgreSQL is not installed (Debian package postgresql; make system)")
        self._binaries = found[-1].parent
        # Beside the folders of pytest: the path of its socket has 107 characters at most, and another user reads it.
        self._folder = Path(tempfile.mkdtemp(prefix="viapublica-pg-"))
        self._databases = 0

    def database(self) -> str:
        """The address of a new, empty database."""
        self._databases += 1
        self._run("createdb", "-h", str(self._folder), "-U", "viapublica", f"city{self._databases}")
        return f"postgresql+psycopg://viapublica@/city{self._databases}?host={self._folder}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = f"-k {self._folder} " + " ".join(f"-c {setting}" for setting in _SETTINGS.split())
        self._control("-w", "-t", "60", "-l", f"{self._folder}/log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once; its data stay."""
        self._control("-m", "immediate", "stop")

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)
        create = ("-U", "viapublica", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run("initdb", "-D", f"{self._folder}/d", *create)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._control("-m", "immediate", "stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _control(self, *arguments: str, check: bool = True) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/d", *arguments, check=check)

    def _run(self, name: str, *arguments: str, check: bool = True) -> None:
        as_user = ["setpriv", f"--reuid={_USER}", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(self._binaries / name), *arguments],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
