"""`make venv` links its environment as `.venv`, and leaves an environment made by other means as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.places import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    environment = tmp_path / "environment"
    environment.mkdir()
    (environment / "ready").touch()  # so that nothing is installed
    return folder


def make_venv(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "venv", f"VENV={checkout.parent / 'environment'}"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=60, check=False)


def test_the_environment_is_linked_in_place_of_an_older_link(checkout: Path) -> None:
    (checkout / ".venv").symlink_to(checkout.parent / "removed")
    for _ in range(2):
        done = make_venv(checkout)
        assert done.returncode == 0, done.stderr
        assert (checkout / ".venv").readlink() == checkout.parent / "environment"


def test_an_environment_made_by_other_means_is_refused_and_unchanged(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    done = make_venv(checkout)
    assert done.returncode != 0
    assert ".venv is an environment made by other means; remove it (rm -r .venv)" in done.stderr
    assert list((checkout / ".venv").iterdir()) == []


def test_the_demo_runs_beside_an_environment_made_by_other_means(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    program = checkout.parent / "environment" / "bin" / "viapublica"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "ran $1"\n')
    program.chmod(0o755)
    command = ["make", "--no-print-directory", "demo", f"VENV={checkout.parent / 'environment'}"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ran demo"), done.stderr
    assert list((checkout / ".venv").iterdir()) == []
