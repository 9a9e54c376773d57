"""Every command that needs a network refuses a broken one, and says which one and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.demo.plate_scene import render
from pipeline.detect.network_detector import NetworkDetector
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.errors import KnownAnswerFailed, NotVerified
from tests.cli.commands import app, viapublica_here
from tests.inference.broken_weights import WEIGHTS, break_weights

DETECTOR, CHECK, READER = "viapublica_traffic", "viapublica_check_int8", "viapublica_plates"
CORNERS = "viapublica_plate_corners"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "scene.mp4"
    return render(path, plates=["ABC1D23"], seconds=1, fps=4, size=(640, 360))


@pytest.fixture
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of weights in which the networks of the parameter are broken."""
    how, *names = request.param
    for name in names:
        break_weights(name, how, tmp_path / "models")
    return tmp_path / "models"


def _command(name: str, scene: Path, models: Path, folder: Path) -> list[str]:
    if name in {"run", "doctor"}:
        config = folder / "city.yaml"
        config.write_text(
            f"models_dir: {models}\ncameras: [{{id: road, source: {scene}, scope: public-road}}]\n"
            "sinks: [{type: jsonl, path: events.jsonl}]\n"
        )
        return ["run", str(config), "--quiet"] if name == "run" else ["doctor", "--json", "--config", str(config)]
    options = ["--models", str(models)]
    if name == "anonymize --check":
        return ["anonymize", str(scene), "--out", str(folder / "public.mp4"), "--check", *options]
    return [name, str(scene), "--csv", str(folder / "rows.csv"), *options]


FIRST = next(iter(WEIGHTS))
NETWORKS = {
    "detect": (DETECTOR,),
    "read": (DETECTOR, READER, CORNERS),
    "run": (DETECTOR, READER, CORNERS),
    "anonymize --check": (DETECTOR, CHECK, READER, CORNERS),
    "doctor": (DETECTOR, CHECK, READER, CORNERS),
}


def _mark(how: str) -> tuple[pytest.MarkDecorator, ...]:
    """One way of breaking is enough for a command: `tests/inference/test_known_answer.py` has them all."""
    return () if how == FIRST else (pytest.mark.soak,)


@pytest.mark.parametrize(
    ("command", "name", "broken"),
    [
        pytest.param(command, name, (how, name), marks=() if command == "read" else _mark(how))
        for command, names in NETWORKS.items()
        for name in names
        for how in WEIGHTS
    ],
    indirect=["broken"],
)
def test_the_command_refuses_the_network_and_writes_nothing(
    command: str, name: str, broken: Path, scene: Path, tmp_path: Path
) -> None:
    done = viapublica_here(*_command(command, scene, broken, tmp_path), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    said = done.stderr + done.stdout
    assert "gives wrong answers on this machine" in said
    assert name in said
    assert not (tmp_path / "public.mp4").exists()
    assert not (tmp_path / "rows.csv").exists()
    assert not (tmp_path / "data" / "events.jsonl").exists()


def _release(*words: str | Path) -> Any:
    done = CliRunner().invoke(app, ["release", *map(str, words)], prog_name="viapublica")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


@pytest.fixture
def approved(scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Number of an approved disclosure of the scene."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIAPUBLICA_REGISTER", raising=False)
    (tmp_path / "signed.pdf").write_text("declaro")
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    monkeypatch.setenv("VIAPUBLICA_CERTIFICATE", str(certificate))
    monkeypatch.setenv("VIAPUBLICA_KEY", str(key))
    who = ("--recipient=UFMT", "--basis=research", "--purpose=fluxos", "--declaration=signed.pdf", "--by=Ana")
    _release("request", *who, f"--file={scene}")
    _release("approve", "2026/000001", "--by=Bia")
    return "2026/000001"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((how, name), marks=_mark(how), id=f"{name}-{how}")
        for how in WEIGHTS
        for name in (DETECTOR, CHECK, READER)
    ],
    indirect=True,
)
def test_a_release_is_not_built_with_a_broken_network(
    broken: Path, approved: str, scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.app.release.release_networks.packaged_models_dir", lambda: broken)
    with pytest.raises(KnownAnswerFailed, match="wrong answers"):
        _release("build", approved, f"--source={scene}", "--by=Ana")
    assert not list((tmp_path / "releases").glob("*.mp4"))


def test_a_release_whose_verification_cannot_see_is_refused_as_not_verified(
    approved: str, scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = NetworkDetector.detect

    def blind(self: NetworkDetector, images: Sequence[Image]) -> list[Detections]:
        """The second network goes blind after its known-answer test."""
        return [Detections.empty() for _ in images] if self.name == CHECK else detect(self, images)

    monkeypatch.setattr(NetworkDetector, "detect", blind)
    monkeypatch.setattr("pipeline.detect.build.wrong_answers", lambda *_: [])
    with pytest.raises(NotVerified, match="counts as not verified"):
        _release("build", approved, f"--source={scene}", "--by=Ana")
    assert not list((tmp_path / "releases").glob("*.mp4"))
