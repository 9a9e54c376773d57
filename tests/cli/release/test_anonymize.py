"""`anonymize`, `verify` and `certificate` as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.anonymize.metadata_check import find_extra_content
from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.signing_certificate import create_signing_identity, load_signing_identity
from pipeline.errors import ViapublicaError
from tests.cli.commands import app, viapublica, viapublica_here
from tests.decode.clips import Recipe, encode


@pytest.fixture(scope="module")
def street(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a shopping street full of people, with audio, a title, a place, a chapter and a cover image."""
    folder = tmp_path_factory.mktemp("street")
    cover, chapters, clip = folder / "cover.jpg", folder / "chapters.txt", folder / "street.mp4"
    cv2.imwrite(str(cover), np.full((64, 64, 3), 200, np.uint8))
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Maria at the corner\n")
    source = data_dir / "clips" / "people-walking.mp4"
    command = ["ffmpeg", "-v", "error", "-t", "2", "-i", str(source), "-f", "lavfi", "-t", "2", "-i", "sine"]
    command += [
        "-i",
        str(cover),
        "-i",
        str(chapters),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "2:v",
        "-map_metadata",
        "3",
    ]
    command += ["-c:v:0", "libx264", "-crf", "18", "-c:v:1", "mjpeg", "-disposition:v:1", "attached_pic"]
    command += ["-metadata", "title=Rua Augusta 100", "-metadata", "location=-23.55-46.65/", str(clip)]
    subprocess.run(command, check=True)
    return clip


@pytest.mark.real
def test_a_street_becomes_a_clip_without_any_content_of_the_original(street: Path, tmp_path: Path) -> None:
    assert len(find_extra_content(street)) >= 4, "the source has extra content"
    out = tmp_path / "public.mp4"
    done = viapublica("anonymize", street, "--out", out, "--institution", "SSP-MT", "--number", "2026/7", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["frames"] == 60
    assert summary["objects"]["person"] >= 10, "counted by hand: some twenty people, some of them half hidden"
    assert 0.3 < summary["masked_share"] < 0.8
    assert find_extra_content(out) == []
    content = out.read_bytes()
    for trace in (b"Maria", b"Augusta", b"-23.55", b"mp4a", b"JFIF", b"people-walking"):
        assert trace not in content, trace
    with av.open(str(street)) as one, av.open(str(out)) as two:
        before = [frame.time for frame in one.decode(video=0)]
        after = [frame.time for frame in two.decode(video=0)]
    assert after == before


@pytest.mark.real
def test_a_signed_and_verified_clip_is_checked_elsewhere_without_the_register(street: Path, tmp_path: Path) -> None:
    made = viapublica_here("release", "certificate", "SSP-MT", "--out", tmp_path / "id")
    assert made.returncode == 0, made.stderr
    out = tmp_path / "public.mp4"
    identity = ("--certificate", tmp_path / "id" / "certificate.pem", "--key", tmp_path / "id" / "key.pem")
    span = ("--from", "0.5", "--to", "0.56")
    done = viapublica("anonymize", street, "--out", out, "--number", "2026/7", "--check", *span, *identity)
    assert done.returncode == 0, done.stderr
    assert "verified by" in done.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "clip.mp4").write_bytes(out.read_bytes())
    (elsewhere / "authority.pem").write_bytes((tmp_path / "id" / "authority.pem").read_bytes())
    good = viapublica_here("verify", "clip.mp4", "--trust", "authority.pem", "--json", cwd=elsewhere)
    assert good.returncode == 0, good.stderr
    summary = json.loads(good.stdout)
    assert (summary["status"], summary["signer"], summary["statement"]["number"]) == ("trusted", "SSP-MT", "2026/7")
    assert summary["statement"]["frames"] == 2
    data = bytearray(out.read_bytes())
    data[-200] ^= 1
    (elsewhere / "clip.mp4").write_bytes(data)
    bad = viapublica_here("verify", "clip.mp4", "--trust", "authority.pem", cwd=elsewhere)
    assert bad.returncode == 1
    assert "broken" in bad.stdout


@pytest.mark.real
def test_an_image_is_redacted_and_upright(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "pennfudan-street" / "images"
    source, out = sorted(folder.iterdir())[0], tmp_path / "public.png"
    done = viapublica("anonymize", source, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    before, after = cv2.imread(str(source)), cv2.imread(str(out))
    assert before is not None
    assert after is not None
    assert after.shape == before.shape
    assert json.loads(done.stdout)["objects"]["person"] >= 1
    changed = np.abs(before.astype(int) - after).max(axis=2) > 30
    assert changed.mean() > 0.05


def test_invalid_requests_are_refused_before_a_file_is_written(tmp_path: Path) -> None:
    # In this process, for speed.
    clip = encode(tmp_path / "clip.mp4", Recipe(frames=5))
    sound = tmp_path / "sound.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-t", "1", "-i", "sine", str(sound)]
    subprocess.run(command, check=True)
    locked = tmp_path / "locked.mp4"
    keys = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76" * 16, "-encryption_kid", "a7" * 16]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip), "-c", "copy", *keys, str(locked)], check=True)
    statue = tmp_path / "statue.yaml"
    statue.write_text("exempt:\n  - {box: [0, 0, 1, 1], why: a statue}\n")
    empty, folder = tmp_path / "empty.mp4", tmp_path / "folder"
    empty.touch()
    folder.mkdir()
    image = folder / "image.png"
    cv2.imwrite(str(image), np.zeros((64, 64, 3), np.uint8))
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        ((clip, "--out", clip), "is the original itself"),
        ((clip, "--out", tmp_path / "a.avi"), "ends with .avi"),
        ((clip, "--out", locked), "exists already. Choose another file with --out, or replace it: --force"),
        ((clip, "--out", tmp_path / "a.mp4", "--report", statue), "another file with --report, or replace it: --force"),
        ((clip, "--out", folder), "is a folder"),
        ((clip, "--out", tmp_path / "no" / "a.mp4"), "cannot be written"),
        ((clip, "--out", tmp_path / "a.mp4", "--from", "100"), "contains no frames in the selected range"),
        ((tmp_path / "none.mp4", "--out", tmp_path / "a.mp4"), "does not exist"),
        ((empty, "--out", tmp_path / "a.mp4"), "is empty"),
        ((sound, "--out", tmp_path / "a.mp4"), "sound.mp4"),
        ((locked, "--out", tmp_path / "a.mp4"), "is encrypted"),
        ((clip, "--out", tmp_path / "a.mp4", "--regions", statue), "require second-person approval"),
        ((clip, "--out", tmp_path / "a.mp4", "--regions", tmp_path / "none.yaml"), "cannot be read"),
        ((clip, "--out", tmp_path / "a.mp4", "--report", tmp_path / "no" / "report.html"), "there is no folder"),
        ((image, "--out", tmp_path / "a.png", "--report", tmp_path / "report.html"), "applies to video only"),
        ((clip, "--out", tmp_path / "a.mp4", "--report", clip), "is the original itself"),
        ((clip, "--out", tmp_path / "a.mp4", "--report", tmp_path / "a.mp4"), "is the clip that is to be written"),
        ((clip, "--out", tmp_path / "a.mp4", "--certificate", clip), "belong together"),
        ((clip, "--out", tmp_path / "a.mp4", "--certificate", clip, "--key", clip), "is not a certificate"),
        ((clip, "--out", tmp_path / "a.mp4", "--check-model", "unknown"), "unknown"),
        ((image, "--out", tmp_path / "a.png", "--check"), "applies to video only"),
    ]
    for arguments, problem in cases:
        done = CliRunner().invoke(app, ["anonymize", *map(str, arguments)])
        assert isinstance(done.exception, ViapublicaError), (arguments, done.exception)
        assert problem in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.mp4",
        "empty.mp4",
        "folder",
        "locked.mp4",
        "sound.mp4",
        "statue.yaml",
    ]


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_no_file_under_the_final_name(data_dir: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "public.mp4"
    command = [sys.executable, "-m", "pipeline.cli", "anonymize", str(data_dir / "clips" / "people-walking.mp4")]
    with subprocess.Popen(
        [*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 60
        while not _writes_in(process.pid, tmp_path) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) != 0
    assert list(tmp_path.iterdir()) == [], "neither the video nor an unfinished file"


def _writes_in(process: int, folder: Path) -> bool:
    """Whether a process has a file open in the folder, which has no name."""
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            target = str(link.readlink())
            if target.startswith(f"{folder}/") and "deleted" in target:
                return True
    return False


def test_verify_reports_an_unsigned_clip(tmp_path: Path) -> None:
    clip = encode(tmp_path / "clip.mp4", Recipe(frames=5, metadata={"title": "Rua Augusta"}))
    done = viapublica_here("verify", clip)
    assert done.returncode == 1
    assert "unsigned" in done.stdout
    assert "Rua Augusta" in done.stdout
    assert viapublica_here("verify", tmp_path / "none.mp4").returncode == 1
    rubbish = tmp_path / "rubbish.mp4"
    rubbish.write_bytes(b"\0" * 1000)
    assert "is not a readable video" in viapublica_here("verify", rubbish).stderr


def test_a_foreign_statement_moves_no_cursor_and_forges_no_line(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("Mallory", tmp_path / "id")
    identity = load_signing_identity(certificate, key)
    clip = tmp_path / "clip.mp4"
    for name, statement in (
        ("lines", {"number": "1\ngenuine unchanged", "institution": "\x1b[2J\x1b[32mSSP-MT", "place": "a" * 10_000}),
        ("kinds", {"objects": "x", "policy": [1], "verification": {"detectors": 7}, "frames": {"a": "b"}}),
    ):
        encode(clip, Recipe(frames=5))
        sign_in_place(clip, identity, statement)
        done = CliRunner().invoke(app, ["verify", str(clip)])
        assert isinstance(done.exception, SystemExit | None), name
        assert "\x1b[2J" not in done.output
        assert len([line for line in done.output.splitlines() if line.startswith("genuine")]) == 0
        assert max(map(len, done.output.splitlines())) < 400


def test_weak_styles_are_explained(tmp_path: Path) -> None:
    clip = encode(tmp_path / "clip.mp4", Recipe(frames=5))
    done = viapublica("anonymize", clip, "--out", tmp_path / "a.mp4", "--style", "blur")
    assert done.returncode == 0, done.stderr
    assert "95.9" in done.stderr
