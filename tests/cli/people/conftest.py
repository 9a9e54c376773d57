"""A folder with an installation that this process administers as ana, and whose second administrator is bia."""

from __future__ import annotations

import os
import time
from contextlib import chdir
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner, Result

from pipeline.domain.requester import system_user
from pipeline.governance import login_register, login_secrets
from tests.cli.commands import app
from tests.governance.people import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ME = system_user(os.geteuid())


def run(folder: Path, *words: str, typed: str = "") -> Result:
    with chdir(folder):
        return CliRunner().invoke(app, list(words), input=typed, env={"COLUMNS": "220"})


def init(folder: Path, *more: str) -> Result:
    """`viapublica init` for ana, who works as this process's user, and bia."""
    return run(
        folder,
        "init",
        *("--institution", "Prefeitura de Vila Nova", "--sector", "Guarda Municipal"),
        *("--administrator", f"ana.souza, Ana Souza, 529.982.247-25, {ME}"),
        *("--administrator", "bia.lima, Bia Lima, 111.444.777-35, bia", "--yes", *more),
    )


def invitation_of(done: Result, login: str) -> str:
    line = next(line for line in done.stdout.splitlines() if line.startswith("invitation") and login in line)
    return line.split()[-1]


def activate(folder: Path, login: str, invitation: str) -> Result:

    code = login_secrets.totp_code(SECRET, time.time_ns() // 1_000_000)
    typed = f"{invitation}\n{PASSWORD}\n{PASSWORD}\n{code}\n"
    return run(folder, "people", "activate", login, typed=typed)


@pytest.fixture
def quick_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap hashes and a known secret of one-time codes."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login_secrets, "_hasher", lambda: quick)
    monkeypatch.setattr(login_register, "new_totp_secret", lambda: SECRET)
    for name in ("VIAPUBLICA_CONFIG", "VIAPUBLICA_DATA_DIR", "VIAPUBLICA_REGISTER", "VIAPUBLICA_CODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def city(tmp_path: Path, quick_secrets: None) -> Path:
    """An installation whose administrator ana is active and gave a code."""

    done = init(tmp_path)
    assert done.exit_code == 0, done.output
    activated = activate(tmp_path, "ana.souza", invitation_of(done, "ana.souza"))
    assert activated.exit_code == 0, activated.output
    later = login_secrets.totp_code(SECRET, time.time_ns() // 1_000_000 + 30_000)
    assert run(tmp_path, "people", "list", "--code", later).exit_code == 0
    return tmp_path
