"""The recipients' verifier agrees with `viapublica verify`, and needs nothing of this program."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.signing_certificate import create_signing_identity, load_signing_identity
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.app.release.verify_clip import verify_clip
from pipeline.domain.video import Planes, VideoInfo
from pipeline.errors import ReleaseError
from tests.decode.clips import Recipe, encode

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "tools" / "verify_release.py"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, words)], capture_output=True, text=True, check=False)


def checked(*words: str | Path) -> dict[str, Any]:
    done = run(*words, "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["good"] else 1), done.stderr
    return found


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed clip, and the authority's certificate."""
    folder = tmp_path_factory.mktemp("signed")
    certificate, key, authority = create_signing_identity("SSP-MT", folder / "id")
    clip = folder / "a.mp4"
    with VideoEncoder(clip, VideoInfo(160, 120, Fraction(1, 1000), Fraction(25)), AnonymizeSettings()) as writer:
        for stamp in (0, 40, 80):
            writer.write(Planes(*(np.full(size, 128, np.uint8) for size in ((120, 160), (60, 80), (60, 80)))), stamp)
        writer.finish()
    statement = {
        "number": "2026/7",
        "institution": "SSP-MT",
        "exemptions": {"1": {"from_s": 0.0, "to_s": 20.0, "box": "0.7, 0.1, 0.8, 0.4", "why": "a statue"}},
        "unredacted": {"mean_share": 0.0051, "worst_share": 0.0102, "seconds": 10.04},
    }
    sign_in_place(clip, load_signing_identity(certificate, key), statement)
    return clip, authority


def test_a_signed_clip_is_genuine_for_those_who_trust_its_authority(signed: tuple[Path, Path]) -> None:
    clip, authority = signed
    found = checked(clip, "--trust", authority)
    assert (found["good"], found["verdict"], found["signer"], found["problems"]) == (True, "genuine", "SSP-MT", [])
    assert found["statement"]["number"] == "2026/7"
    assert checked(clip)["verdict"] == "unchanged"
    shown = run(clip, "--trust", authority)
    assert "genuine: unchanged, signed by SSP-MT" in shown.stdout
    assert "number  2026/7" in shown.stdout
    assert "exempted  share of the image: 0.0051 on average, 0.0102 at most, in 10.04 s: a statue\n" in shown.stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_reader_that_stops_early_is_no_error(words: tuple[str, ...], signed: tuple[Path, Path]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, str(SCRIPT), str(signed[0]), *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stranger_s_authority_is_not_trusted(signed: tuple[Path, Path], tmp_path: Path) -> None:
    _, _, stranger = create_signing_identity("Another", tmp_path / "other")
    found = checked(signed[0], "--trust", stranger)
    assert (found["good"], found["verdict"]) == (False, "unchanged")


@pytest.mark.parametrize("where", [b"mdat", b"moov", b"c2pa"])
def test_one_changed_byte_breaks_it(where: bytes, signed: tuple[Path, Path], tmp_path: Path) -> None:
    data = bytearray(signed[0].read_bytes())
    data[data.index(where) + 40] ^= 1
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    assert not checked(broken, "--trust", signed[1])["good"]


def test_anything_besides_the_video_is_reported(signed: tuple[Path, Path], tmp_path: Path) -> None:
    data = signed[0].read_bytes()
    longer = tmp_path / "longer.mp4"
    for extra in (b"\0\0\0\x10freeabcdefgh", b"\0\0\0\x0cskipabcd", b"loose"):
        longer.write_bytes(data + extra)
        assert not checked(longer, "--trust", signed[1])["good"], extra


def test_the_layout_of_an_unsigned_video_is_no_problem_and_its_tracks_are(tmp_path: Path) -> None:
    """Most programs write the index behind the video; a release has it in front."""
    silent, spoken = encode(tmp_path / "a.mp4", Recipe()), encode(tmp_path / "b.mp4", Recipe(audio="aac"))
    for clip, tracks in ((silent, []), (spoken, ["a track of type 'soun'"])):
        found = checked(clip)
        assert (found["verdict"], found["good"], found["problems"]) == ("unsigned", False, tracks)
    assert "only its tracks were checked" in run(silent).stdout
    assert (verify_clip(silent).extra_content, verify_clip(silent).good) == ([], False)
    assert verify_clip(spoken).extra_content[0] == "a stream of type audio"


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read (No such file"), (b"", "is not an MP4 video"), (b"hello\n" * 9, "is not an MP4 video")],
)
def test_a_file_that_is_no_video_is_named_with_a_fix(content: bytes | None, says: str, tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    if content is not None:
        clip.write_bytes(content)
    done = run(clip)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {clip}: {says}")
    assert "\nfix:   " in done.stderr
    assert run(tmp_path).stderr.startswith(f"error: {tmp_path}: cannot be read (Is a directory)\nfix:   ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read (No such file"),
        (b"\x30\x82\x01\xff", "is not a certificate in PEM"),
        (b"", "contains no certificate in PEM"),
        (b"-----BEGIN", "contains no certificate in PEM"),
    ],
)
def test_authorities_that_cannot_be_used_are_named_with_a_fix(
    content: bytes | None, says: str, signed: tuple[Path, Path], tmp_path: Path
) -> None:
    trust = tmp_path / "authority.pem"
    if content is not None:
        trust.write_bytes(content)
    done = run(signed[0], "--trust", trust)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {trust}: {says}")
    assert "\nfix:   Give" in done.stderr
    with pytest.raises(ReleaseError, match=rf"{trust}: {re.escape(says)}.* Give"):
        verify_clip(signed[0], trust)


def test_what_cannot_be_read_is_an_error(signed: tuple[Path, Path], tmp_path: Path) -> None:
    assert run(tmp_path / "none.mp4").returncode == 2
    damaged = tmp_path / "authority.pem"
    damaged.write_text(signed[1].read_text().replace("M", "N", 5))
    for trust in (damaged, tmp_path / "none.pem"):
        done = run(signed[0], "--trust", trust)
        assert (done.returncode, str(trust) in done.stderr, done.stdout) == (2, True, ""), "the clip is not blamed"


def test_it_imports_only_the_standard_library_and_c2pa() -> None:
    tree = ast.parse(SCRIPT.read_text())
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - {"c2pa"} <= set(sys.stdlib_module_names)
    assert len(SCRIPT.read_text().splitlines()) < 400
