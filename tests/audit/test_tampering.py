"""Every change of a log is found and located, by the package and by the verifier for outsiders."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from pipeline.audit.anchors import add_anchor
from pipeline.audit.checkpoints import sign_checkpoint
from pipeline.audit.seal import KEY_NAME, read_auditor_key
from pipeline.audit.verification import verify
from tests.audit.logs import DAY_MS, NOON_MS, SetClock, entry, filled
from tests.audit.tampering import Change, Tamperer
from tests.project.places import ROOT

_TOOL: Final = ROOT / "docs" / "tools" / "verify_audit.py"
_OUTSIDE: Final = runpy.run_path(str(_TOOL))
_ANCHORED_DAYS: Final = 2


class _Audit(NamedTuple):
    folder: Path
    anchor: Path
    key: bytes

    def found_inside(self) -> list[tuple[int | None, str]]:
        return [(one.sequence, one.place) for one in verify(self.folder, self.key, self.anchor).findings]

    def found_outside(self) -> list[tuple[int | None, str]]:
        log: Any = _OUTSIDE["Log"](self.folder, self.key, self.anchor)
        log.run()
        return [(record or None, place) for record, place, _ in log.problems]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> _Audit:
    folder, anchor = (
        tmp_path_factory.mktemp("tampering") / "audit",
        tmp_path_factory.mktemp("auditor") / "anchors.jsonl",
    )
    log = filled(folder, days=_ANCHORED_DAYS, each=7)
    add_anchor(anchor, folder, sign_checkpoint(folder, NOON_MS), NOON_MS)
    clock = SetClock()
    log._clock = clock
    for number in range(18):
        clock.now_ms = NOON_MS + (_ANCHORED_DAYS + number // 6) * DAY_MS + number
        log.append(entry(number))
    return _Audit(folder, anchor, read_auditor_key(folder / KEY_NAME))


def _is_located(change: Change, found: list[tuple[int | None, str]]) -> bool:
    if not found:
        return False
    return any(change.place in one for _, one in found) if change.place else found[0][0] == change.record


def _check(audit: _Audit, number: int, seed: int) -> None:
    assert not audit.found_inside()
    assert not audit.found_outside()
    tamperer = Tamperer(audit.folder, 7 * _ANCHORED_DAYS, seed)
    missed = []
    for at in range(number):
        change = tamperer.change()
        inside, outside = audit.found_inside(), audit.found_outside()
        if not (_is_located(change, inside) and _is_located(change, outside)):
            missed.append((at, change, inside[:2], outside[:2]))
        tamperer.restore()
    assert not missed
    assert not audit.found_inside()


def test_random_changes_are_found_and_located(audit: _Audit) -> None:
    _check(audit, 120, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(0)  # two minutes of an idle processor, longer on a busy one
def test_ten_thousand_random_changes_are_found_and_located(audit: _Audit) -> None:
    _check(audit, 10_000, seed=2)


def test_without_the_auditors_key_what_is_after_the_last_anchor_can_be_written_anew(audit: _Audit) -> None:
    tamperer = Tamperer(audit.folder, 7 * _ANCHORED_DAYS, seed=3)
    change = tamperer.byte()
    assert verify(audit.folder, None, audit.anchor).findings[0].sequence == change.record
    tamperer.restore()
    notes = verify(audit.folder, None, audit.anchor).notes
    assert notes == ("seals were not checked: that needs the auditor's key (--key)",)
    assert verify(audit.folder, bytes(32)).findings[0].problem.endswith("its seal is not the log's")


def test_the_verifier_for_outsiders_is_short() -> None:
    assert len(_TOOL.read_text(encoding="utf-8").splitlines()) < 200


def test_the_verifier_for_outsiders_runs_without_the_package(audit: _Audit, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    site = next((environment / "lib").glob("python3*/site-packages"))
    for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
        for path in _installed(name):
            (site / path.name).symlink_to(path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        command = [str(python), "-I", str(_TOOL), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=clean, check=False)

    assert subprocess.run([python, "-I", "-c", "import pipeline"], capture_output=True, check=False).returncode == 1
    options = ["--key", str(audit.folder / KEY_NAME), "--anchor", str(audit.anchor)]
    done = run(str(audit.folder), *options)
    assert (done.returncode, done.stdout) == (0, "32 records, none changed\n"), done.stderr
    tamperer = Tamperer(audit.folder, 0, seed=4)
    change = tamperer.swapped_records()
    done = run(str(audit.folder), *options)
    tamperer.restore()
    assert done.returncode == 1
    assert f"(record {change.record})" in done.stdout
    assert run(str(tmp_path / "none")).returncode == 2
    assert "none changed (seals were not checked: give --key)" in run(str(audit.folder)).stdout


def _installed(name: str) -> list[Path]:
    site = next(Path(place) for place in sys.path if place.endswith("site-packages"))
    return [path for path in site.iterdir() if path.name == name or path.name.startswith(f"{name}.")]
