"""`viapublica release build`: only for approved disclosures, only from the requested source, complete or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import structlog
from typer.testing import CliRunner

from pipeline.anonymize.metadata_check import find_extra_content
from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.app.anonymize.redaction_job import run_job
from pipeline.config.load import load_config
from pipeline.errors import ConfigError, PolicyError, RecordError, ReleaseError, SourceError, ViapublicaError
from pipeline.record.holds import Holds
from pipeline.weights.catalog import packaged_models_dir
from tests.cli.commands import app
from tests.record.packets import BEGIN_MS, record_declared

pytestmark = pytest.mark.real
WHO = ("--recipient=UFMT", "--basis=research", "--purpose=fluxos", "--declaration=signed.pdf", "--by=Ana")


@pytest.fixture(scope="module")
def street(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a shopping street at ten small frames a second, a key frame in each second."""
    return _cut(data_dir, tmp_path_factory.mktemp("street") / "street.mp4", seconds=4)


_FEW_PEOPLE = "crop=iw/3:ih/3:iw/2:ih/2,"


@pytest.fixture(scope="module")
def blink(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames of a part with few people, for tests that do not depend on the content.

    A release searches each frame in many views, and once more around each small object.
    """
    return _cut(data_dir, tmp_path_factory.mktemp("blink") / "blink.mp4", seconds=0.2, part=_FEW_PEOPLE)


@pytest.fixture(scope="module")
def one_frame(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One frame of the same part, for tests that build twice."""
    return _cut(data_dir, tmp_path_factory.mktemp("frame") / "frame.mp4", seconds=0.1, part=_FEW_PEOPLE)


def _cut(data_dir: Path, clip: Path, seconds: float, part: str = "") -> Path:
    source = str(data_dir / "clips" / "people-walking.mp4")
    how = ["-vf", f"{part}scale=640:360,fps=10", "-an", "-c:v", "libx264", "-g", "10", "-bf", "0"]
    subprocess.run(["ffmpeg", "-v", "error", "-t", str(seconds), "-i", source, *how, str(clip)], check=True)
    return clip


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a declaration and a certificate."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIAPUBLICA_REGISTER", raising=False)
    (tmp_path / "signed.pdf").write_text("declaro")
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    monkeypatch.setenv("VIAPUBLICA_CERTIFICATE", str(certificate))
    monkeypatch.setenv("VIAPUBLICA_KEY", str(key))


def release(*words: str | Path) -> Any:
    """`viapublica release …` in this process: its JSON output, or the error it raised."""
    with structlog.testing.capture_logs():
        done = CliRunner().invoke(app, ["release", *map(str, words), "--json"], prog_name="viapublica")
    if isinstance(done.exception, ViapublicaError):
        raise done.exception
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    return json.loads(done.stdout)


def approved(*what: str | Path) -> str:
    number: str = release("request", *WHO, *what)["number"]
    release("approve", number, "--by=Bia", *(word for word in what if str(word).startswith("--config")))
    return number


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_of(number: str) -> Path:
    return Path("releases") / f"{number.replace('/', '-')}.mp4"


UPPER_LEFT = "[[0, 0], [0.5, 0], [0.5, 0.3], [0, 0.3]]"
TWO_PEOPLE = "[[0.82, 0.35], [1, 0.35], [1, 0.62], [0.82, 0.62]]"
"""Of the street: so small, and so near the border, that a caption could stay readable there."""


def config_of(
    folder: Path, *, name: str = "city.yaml", camera: str = "cam", masks: str = UPPER_LEFT, ignore: str = ""
) -> Path:
    path = folder / name
    path.write_text(
        "version: 1\ninstitution: SSP-MT\ncameras:\n"
        f"  - {{id: {camera}, source: 'rtsp://192.0.2.1/a', scope: public-road, masks: [{masks}],"
        f" ignore: [{ignore}]}}\n"
        "record: {dir: video, days: 3650}\n"
    )
    return path


def moment(after_ms: int) -> str:
    return datetime.fromtimestamp((BEGIN_MS + after_ms) / 1000, UTC).isoformat()


def test_a_camera_and_a_span_become_a_clip_cut_to_the_frame(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its privacy mask is in it, and people in an ignored area are masked as everywhere."""
    monkeypatch.setattr("pipeline.anonymize.captions.MIN_FRAMES", 2)
    monkeypatch.setattr("pipeline.anonymize.captions.MIN_S", 0.1)
    config = config_of(tmp_path, ignore=TWO_PEOPLE)
    (camera,) = load_config(config).cameras
    record_declared(tmp_path / "video", street, declaration=camera.declaration())
    number = approved("--camera=cam", f"--from={moment(450)}", f"--to={moment(750)}", f"--config={config}")
    assert [hold.reason for hold in Holds(tmp_path / "video").all()] == [f"disclosure {number}"], (
        "held since the request"
    )
    built = release("build", number, f"--config={config}", "--by=Ana")
    assert built["statement"]["frames"] == 3, "images 5 to 7 of ten a second"
    assert built["statement"]["privacy_masks"]["count"] == 1
    assert [hold.reason for hold in Holds(tmp_path / "video").all()] == [f"disclosure {number}"]
    with av.open(built["clip"]) as container:
        images = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    masked = [image[4:100, 4:310] for image in images]
    assert all(part.max() < 75 and np.median(part) < 25 for part in masked), "black, but for masks that reach into it"
    assert all(image[135:215, 535:595].max() < 75 for image in images), "two people in the ignored area"
    assert find_extra_content(Path(built["clip"])) == []
    report = Path(built["report"]).read_text(encoding="utf-8")
    for words in ("cam", moment(500)[:19].replace("T", " "), "UFMT", "research", "Bia", built["sha256"]):
        assert words in report, words
    assert release("verify", built["clip"])["disclosures"] == [number]


def test_a_gap_in_the_recording_is_in_the_report(street: Path, tmp_path: Path) -> None:
    record_declared(tmp_path / "video", street)
    record_declared(tmp_path / "video", street, begin_ms=BEGIN_MS + 10_000)
    config = config_of(tmp_path)
    number = approved("--camera=cam", f"--from={moment(3900)}", f"--to={moment(10_100)}", f"--config={config}")
    built = release("build", number, f"--config={config}", "--by=Ana")
    assert built["statement"]["frames"] == 2
    assert "the cable was pulled" in Path(built["report"]).read_text(encoding="utf-8")


def test_only_an_approved_disclosure_is_built_and_only_from_the_requested_file(street: Path, tmp_path: Path) -> None:
    number = release("request", *WHO, f"--file={street}")["number"]
    with pytest.raises(PolicyError, match="approve"):
        release("build", number, f"--source={street}")
    release("approve", number, "--by=Bia")
    other = tmp_path / "other.mp4"
    other.write_bytes(street.read_bytes() + b"\0")
    for words, problem in (
        ((), r"requests the file street\.mp4"),
        ((f"--source={other}",), "is not the file of disclosure"),
        ((f"--source={tmp_path / 'none.mp4'}",), "cannot be read"),
        ((f"--source={street}", "--certificate=none.pem"), "none.pem"),
        ((f"--source={street}", "--regions=none.yaml"), "none.yaml"),
        ((f"--source={street}", "--out=signed.pdf"), "cannot be created"),
        ((f"--source={street}", "--check-model=unknown"), "unknown"),
    ):
        with pytest.raises(ViapublicaError, match=problem):
            release("build", number, *words)
    assert not list(Path().glob("releases/*"))
    file_of(number).write_bytes(street.read_bytes())
    with pytest.raises(ReleaseError, match="is the original itself"):
        release("build", number, f"--source={file_of(number)}")
    assert file_of(number).read_bytes() == street.read_bytes()
    assert release("show", number)["files"] == []
    recorded = release("request", *WHO, "--camera=cam", f"--from={moment(0)}", f"--to={moment(1000)}")["number"]
    with pytest.raises(ReleaseError, match="whose masks, scope and source are part of the approval"):
        release("approve", recorded, "--by=Bia")
    config = config_of(tmp_path)
    with pytest.raises(RecordError, match="has no recorded video"):
        release("approve", recorded, "--by=Bia", f"--config={config}")
    record_declared(tmp_path / "video", street)
    release("approve", recorded, "--by=Bia", f"--config={config}")
    with pytest.raises(ReleaseError, match="requests camera cam"):
        release("build", recorded)
    config.write_text(config.read_text().replace("record: {dir: video, days: 3650}\n", ""))
    with pytest.raises(ConfigError, match="records nothing"):
        release("build", recorded, f"--config={config}")


def blind_models(folder: Path, known: str, changes: str) -> Path:
    """A models folder with a card of the name of ours, for its genuine weights, that finds no one."""
    card = packaged_models_dir() / "cards" / f"{known}.yaml"
    (folder / "cards").mkdir(parents=True)
    lines = [line for line in card.read_text().splitlines() if not line.startswith(changes.split(":", maxsplit=1)[0])]
    (folder / "cards" / card.name).write_text("\n".join([*lines, changes]) + "\n")
    return folder


def test_the_builder_does_not_choose_the_networks(blink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for option in ("--model=viapublica_traffic", "--models=models"):
        assert CliRunner().invoke(app, ["release", "build", "2026/1", option]).exit_code == 2, option
    blind = blind_models(tmp_path / "blind", "viapublica_traffic", "box_scale: [0.7, 0.7]")
    monkeypatch.setenv("VIAPUBLICA_MODELS", str(blind))
    number = approved(f"--file={blink}")
    built = release("build", number, f"--source={blink}", "--by=Ana")
    assert built["statement"]["network_pins"]["source"] == "package"
    cards = {path.stem: path for path in (packaged_models_dir() / "cards").glob("*.yaml")}
    assert built["statement"]["cards"]["viapublica_traffic"] == sha256(cards["viapublica_traffic"].read_bytes())
    assert release("show", number)["files"][0]["policy"]["cards"] == built["statement"]["cards"]
    assert release("verify", built["clip"])["networks"] == {"pinned": True, "stated": "package", "unpinned": []}


def test_a_network_that_was_changed_in_the_package_makes_no_release(
    blink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = blind_models(tmp_path / "blind", "viapublica_check_int8", "confidence: 0.99")
    monkeypatch.setattr("pipeline.app.release.release_networks.packaged_models_dir", lambda: blind)
    number = approved(f"--file={blink}")
    with pytest.raises(ReleaseError, match=r"model viapublica_check_int8: is not pinned \(card SHA-256"):
        release("build", number, f"--source={blink}", "--by=Ana")
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_clip_with_networks_of_its_makers_choice_says_so(
    blink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = blind_models(tmp_path / "blind", "viapublica_traffic", "confidence: 1.0")
    made = ["anonymize", str(blink), "--out=made.mp4", "--number=2026/000001", f"--models={blind}"]
    keys = ["--certificate=id/certificate.pem", "--key=id/key.pem"]
    assert CliRunner().invoke(app, [*made, *keys]).exit_code == 0
    shown = CliRunner().invoke(app, ["verify", "made.mp4"])
    assert "not pinned: viapublica_traffic; its maker chose what is masked" in " ".join(shown.output.split())


def test_a_refused_disclosure_is_not_built(street: Path) -> None:
    number = release("request", *WHO, f"--file={street}")["number"]
    release("refuse", number, "--by=Bia", "--reason=too long")
    with pytest.raises(PolicyError, match="refused"):
        release("build", number, f"--source={street}")


def test_a_file_that_cannot_be_registered_does_not_appear(
    blink: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number = approved(f"--file={blink}")

    def full(*_: object) -> None:
        raise ReleaseError("register", "cannot be written (No space left on device)", "Make room")

    monkeypatch.setattr("pipeline.governance.register.Register.built", full)
    with pytest.raises(ReleaseError, match="No space left"):
        release("build", number, f"--source={blink}", "--by=Ana")
    assert list((tmp_path / "releases").iterdir()) == []


def test_an_exemption_is_part_of_the_approval_and_of_the_signed_statement(blink: Path, tmp_path: Path) -> None:
    number = approved(f"--file={blink}")
    place = tmp_path / "place.yaml"
    place.write_text("exempt:\n  - {box: [0, 0, 1, 1], to: 60, why: actors who agreed}\n")
    with pytest.raises(ReleaseError, match="require second-person approval"):
        release("build", number, f"--source={blink}", f"--regions={place}")
    with pytest.raises(PolicyError, match=r"would exempt 100% of the image from redaction, and at most 10% may be"):
        release("exempt", number, f"--regions={place}", "--by=Ana")
    place.write_text("exempt:\n  - {box: [0.9, 0, 1, 0.1], to: 60, why: a shop sign}\n")
    requested = release("exempt", number, f"--regions={place}", "--by=Ana")[0]["exemption_id"]
    with pytest.raises(PolicyError):
        release("confirm-exemption", number, str(requested), "--by=ana")
    with pytest.raises(PolicyError, match=r"was shown in no image.*release show-exemption"):
        release("confirm-exemption", number, str(requested), "--by=Bia")
    image = Path(release("show-exemption", number, str(requested), f"--source={blink}", "--by=Bia")["image"])
    assert (image.stat().st_mode & 0o777, image.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert release("show", number)["exemption_images"] == {str(requested): str(image)}
    release("confirm-exemption", number, str(requested), "--by=Bia")
    with pytest.raises(PolicyError, match="is not approved"):
        release("build", number, f"--source={blink}", "--by=Ana")
    release("approve", number, "--by=Bia")
    built = release("build", number, f"--source={blink}", "--by=Ana")
    assert built["statement"]["objects"]["person"] > 0, "no one stands in the region all the time"
    assert built["statement"]["manual_regions"] == {"redacted": 0, "exempted": 1, "exempted_share": 0.01}
    unredacted = {"mean_share": 0.0, "worst_share": 0.0, "seconds": 0.0}
    assert built["statement"]["unredacted"] == unredacted
    assert release("show", number)["files"][-1]["policy"]["unredacted"] == unredacted
    report = Path(built["report"]).read_text(encoding="utf-8")
    assert "a shop sign" in report
    assert "outside 1 region (1.0% of the image) that two persons agreed on" in " ".join(report.split())
    assert "<th>Unredacted by exemption</th><td>nothing</td>" in report
    shown = " ".join(CliRunner().invoke(app, ["verify", built["clip"]]).output.split())
    assert (
        "exempted at most 1.0% of the image, where a thing stands still (nothing stayed unredacted): "
        "a shop sign (box 0.9, 0, 1, 0.1, 0 to 60 s)" in shown
    )
    journal = [entry["action"] for entry in release("show", number)["journal"]]
    assert journal[-5:] == ["request-exemption", "show-exemption", "confirm-exemption", "approve", "build"]
    release("deliver", number, "--by=Ana")
    assert not image.exists(), "it shows what no recipient may see"


def test_what_was_approved_with_masks_is_not_built_without(blink: Path, tmp_path: Path) -> None:
    record_declared(tmp_path / "video", blink)
    masked = config_of(tmp_path)
    number = approved("--camera=cam", f"--from={moment(0)}", f"--to={moment(500)}", f"--config={masked}")
    unmasked = config_of(tmp_path, name="other.yaml", masks="")
    with pytest.raises(PolicyError, match=r"changed since: the camera's privacy masks \(1 approved, 0 now\)"):
        release("build", number, f"--config={unmasked}", "--by=Ana")
    assert list((tmp_path / "releases").iterdir()) == []


def test_another_content_than_the_approved_one_is_not_built(blink: Path, tmp_path: Path) -> None:
    record_declared(tmp_path / "video", blink)
    config = config_of(tmp_path)
    number = approved("--camera=cam", f"--from={moment(0)}", f"--to={moment(500)}", f"--config={config}")
    file = min((tmp_path / "video" / "cam").rglob("*.mp4"))
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(data)
    with pytest.raises(PolicyError, match=r"the recording of .* to .* is not the one that was approved"):
        release("build", number, f"--config={config}", "--by=Ana")
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_recording_that_is_exchanged_while_it_is_read_is_not_released(
    blink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_declared(tmp_path / "video", blink)
    config = config_of(tmp_path, masks="")
    number = approved("--camera=cam", f"--from={moment(0)}", f"--to={moment(500)}", f"--config={config}")
    file = min((tmp_path / "video" / "cam").rglob("*.mp4"))

    def exchange(*values: object, **options: object) -> object:
        data = bytearray(file.read_bytes())
        data[-20] ^= 1
        file.write_bytes(data)
        return run_job(*values, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline.app.release.build_release.run_job", exchange)
    with pytest.raises((PolicyError, SourceError), match="is not the one that was approved"):
        release("build", number, f"--config={config}", "--by=Ana")
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_camera_whose_folder_is_a_link_or_holds_another_cameras_video_is_not_released(
    blink: Path, tmp_path: Path
) -> None:
    record_declared(tmp_path / "video", blink, camera="praca")
    config = config_of(tmp_path, camera="av-brasil")
    span = ("--camera=av-brasil", f"--from={moment(0)}", f"--to={moment(500)}")
    number = release("request", *WHO, *span)["number"]
    link = tmp_path / "video" / "av-brasil"
    link.symlink_to(tmp_path / "video" / "praca")
    with pytest.raises(ReleaseError, match="av-brasil: is a link"):
        release("approve", number, "--by=Bia", f"--config={config}")
    link.unlink()
    shutil.copytree(tmp_path / "video" / "praca", link)
    with pytest.raises(ReleaseError, match="has the recording of camera praca in its folder"):
        release("approve", number, "--by=Bia", f"--config={config}")


def test_a_changed_file_and_a_later_refusal_show_when_the_clip_is_verified(one_frame: Path) -> None:
    number = approved(f"--file={one_frame}")
    clip = release("build", number, f"--source={one_frame}", "--by=Ana")["clip"]
    data = bytearray(Path(clip).read_bytes())
    data[-200] ^= 1
    Path("changed.mp4").write_bytes(data)
    done = CliRunner().invoke(app, ["release", "verify", "changed.mp4"])
    assert done.exit_code == 1
    assert "not registered" in done.output
    assert "broken" in done.output
    with pytest.raises(PolicyError, match=f"already has {Path(clip).name}, built by Ana"):
        release("build", number, f"--source={one_frame}", "--by=Ana")
    again = release("build", number, f"--source={one_frame}", "--by=Ana", "--rebuild=the first was cut")
    assert Path(again["clip"]).name == f"{number.replace('/', '-')}-build2.mp4"
    assert Path(clip).is_file()
    assert release("verify", clip)["registered"][0]["standing"] == "superseded"
    assert release("verify", again["clip"])["registered"][0]["standing"] == "current"
    release("refuse", number, "--by=Bia", "--reason=the recipient withdrew")
    for file in (clip, again["clip"]):
        done = CliRunner().invoke(app, ["release", "verify", file])
        assert done.exit_code == 1
        assert "the recipient withdrew" in " ".join(done.output.split())
