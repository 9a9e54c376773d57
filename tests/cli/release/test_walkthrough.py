"""The page that takes a reader from a request to a verified file, typed as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from pipeline.anonymize.metadata_check import find_extra_content
from tests.cli.commands import app, viapublica
from tests.project.places import ROOT

_STEP = re.compile(r"<!-- walk(?P<elsewhere> elsewhere)? -->\n```console\n(?P<body>.*?)```", re.DOTALL)


@pytest.mark.timeout(900)
@pytest.mark.real
def test_the_walk_through_can_be_typed(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIAPUBLICA_REGISTER", raising=False)
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    source = data_dir / "clips" / "people-walking.mp4"
    how = ["-frames:v", "3", "-vf", "scale=640:360,fps=10", "-an", "-c:v", "libx264"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), *how, str(here / "street.mp4")], check=True)
    (here / "declaration.pdf").write_bytes(b"%PDF-1.4 signed\n")
    page = (ROOT / "docs" / "how-to" / "make-a-release.md").read_text(encoding="utf-8")
    page = page.replace("2026", f"{datetime.now():%Y}")
    page = page.replace(f"{datetime.now():%Y}-11", f"{datetime.now(ZoneInfo('America/Cuiaba')):%Y-%m}")
    steps = list(_STEP.finditer(page))
    assert len(steps) == 7
    typed = 0
    for step in steps:
        place = elsewhere if step["elsewhere"] else here
        if step["elsewhere"]:
            clip = next((here / "releases").glob("*.mp4"))
            shutil.copy(clip, elsewhere)
            shutil.copy(here / "certificate" / "authority.pem", elsewhere)
        for line in step["body"].splitlines():
            words = shlex.split(line.removeprefix("$ "))
            assert words[0] == "viapublica"
            monkeypatch.chdir(place)
            if words[1:3] == ["release", "build"]:
                done = viapublica(*words[1:])
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            else:  # in this process: most of a command's time is its start
                result = CliRunner().invoke(app, words[1:])
                assert result.exit_code == 0, f"{line}\n{result.output}{result.exception!r}"
            typed += 1
    assert typed == 12
    assert (here / "sheet.xlsx").stat().st_size > 3000
    made = sorted(path.name for path in (here / "releases").iterdir())
    assert [Path(name).suffix for name in made] == [".html", ".mp4"]
    assert find_extra_content(here / "releases" / made[1]) == []
