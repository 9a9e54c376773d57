"""The installation for a service user: units, `make install`, and the way back."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.project.places import ROOT

SETUP = ROOT / "requirements" / "setup.sh"
UNITS = ["viapublica.service", "viapublica-ingest.service", "viapublica-api.service"]


def setup(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SETUP), *map(str, words)], capture_output=True, text=True, timeout=900, check=False)


def unit(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(path, encoding="utf-8")
    return parser


@pytest.fixture
def units(tmp_path: Path) -> Path:
    done = setup("units", "/srv/vp", "cctv", tmp_path / "units")
    assert done.returncode == 0, done.stderr
    return tmp_path / "units"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_written_for_prefix_and_user(units: Path, name: str) -> None:
    service = unit(units / name)["Service"]
    assert (service["User"], service["Group"]) == ("cctv", "cctv")
    assert service["ExecStart"].startswith("/srv/vp/bin/viapublica ")
    assert service.get("ExecReload", "") == ("" if name == "viapublica-api.service" else "/bin/kill -HUP $MAINPID")
    hardening = {"NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "RestrictAddressFamilies"}
    assert hardening <= set(service)
    assert "/opt/viapublica" not in (units / name).read_text()
    assert "LoadCredential=" in (units / name).read_text()


def test_the_two_services_share_no_folder(units: Path) -> None:
    engine, ingest = (unit(units / name)["Service"] for name in ("viapublica.service", "viapublica-ingest.service"))
    for key in ("StateDirectory", "CacheDirectory", "WorkingDirectory"):
        assert engine[key] != ingest[key], key


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(units: Path, tmp_path: Path, name: str) -> None:
    # The program need not be installed here.
    text = (units / name).read_text().replace("/srv/vp/bin/viapublica", "/bin/true").replace("=cctv", "=root")
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert name not in done.stderr


def test_make_hands_over_prefix_and_user() -> None:
    def planned(*words: str) -> str:
        command = ["make", "--no-print-directory", "-n", "install", *words]
        outer = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
        environ = {**outer, "USER": "someone"}
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environ, timeout=60, check=True)
        return done.stdout.strip().splitlines()[-1]

    assert planned("PREFIX=/srv/vp", "USER=cctv").endswith(" /srv/vp cctv")
    assert planned().endswith(" /opt/viapublica viapublica"), "the USER of the environment is another"


def test_a_relative_prefix_and_a_way_back_that_is_none_are_refused(tmp_path: Path) -> None:
    done = setup("install", sys.executable, "opt/vp", "viapublica")
    assert done.returncode == 1
    assert "not an absolute path" in done.stderr
    done = setup("rollback", tmp_path, "viapublica")
    assert done.returncode == 1
    assert "no version before" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs for another user")
def test_an_interpreter_or_a_folder_closed_to_the_service_user_is_refused_first(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    interpreter = tmp_path / "python3"
    shutil.copy2(Path("/usr/bin/python3").resolve(), interpreter)
    for python, prefix, named, fix in (
        (interpreter, Path("/tmp"), str(interpreter), "PYTHON=/usr/bin/python3"),
        (Path("/usr/bin/python3"), tmp_path, "", "PREFIX outside home folders"),
    ):
        with tempfile.TemporaryDirectory(dir=prefix) as folder:
            if prefix != tmp_path:
                Path(folder).chmod(0o755)
            done = setup("install", python, Path(folder) / "vp", "nobody")
            assert done.returncode == 1
            assert f"nobody cannot run {named}" in done.stderr
            assert fix in done.stderr
            assert not list((Path(folder) / "vp" / "versions").iterdir()), "nothing was installed"


@pytest.mark.soak
def test_an_installation_runs_without_the_checkout_and_goes_back(tmp_path: Path) -> None:
    """Twice the locked environment: needs some minutes and 4 GB."""
    tmp_path.chmod(0o755)
    prefix = tmp_path / "vp"
    user = os.environ.get("LOGNAME", "root")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        refused = setup("install", "/usr/bin/python3", closed / "vp", "nobody")
        assert refused.returncode == 1
        assert "nobody cannot run" in refused.stderr
        assert not list((closed / "vp" / "versions").iterdir())
    for _ in range(2):
        done = setup("install", "/usr/bin/python3", prefix, user)
        assert done.returncode == 0, done.stderr
    newer = (prefix / "current").resolve()
    listed = subprocess.run(
        [str(newer / "bin" / "python"), "-c", "import pipeline; print(pipeline.__file__)"],
        capture_output=True, text=True, cwd="/", timeout=60, check=True,
    )  # fmt: skip
    assert Path(listed.stdout.strip()).is_relative_to(newer), "not editable"
    assert setup("rollback", prefix, user).returncode == 0
    assert (prefix / "current").resolve() != newer
    version = subprocess.run(
        [str(prefix / "bin" / "viapublica"), "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert version.stdout.startswith("viapublica ")
