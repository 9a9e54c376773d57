"""No byte of a released file carries data that its signature omits, and damaged files are answered in words."""

from __future__ import annotations

import random
import runpy
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.manifest_layout import decode_cbor
from pipeline.anonymize.provenance import INTACT, SignatureStatus, read_provenance, sign_in_place
from pipeline.anonymize.signing_certificate import create_signing_identity, load_signing_identity
from pipeline.app.release.verify_clip import verify_clip
from pipeline.cli.release.verify_command import show_checked
from pipeline.errors import ReleaseError
from tests.anonymize.test_released_files import facts, write

HIDDEN = b"the original"
STATEMENT = {"number": "2026/7", "objects": {"person": 2}, "frames": 3, "seconds": 0.08, "privacy_masks": {"count": 1}}
SUPERBOXES = (b"jumb",)
VERIFIER = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs" / "tools" / "verify_release.py"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A signed clip."""
    folder = tmp_path_factory.mktemp("signed")
    certificate, key, _ = create_signing_identity("SSP-MT", folder / "id")
    path = write(folder / "a.mp4", facts(), [0, 40, 80])
    sign_in_place(path, load_signing_identity(certificate, key), STATEMENT)
    assert verify_clip(path).good
    return path.read_bytes()


def is_good(path: Path, content: bytes) -> bool:
    """Whether `viapublica verify` or the recipients' verifier in one file accepts it."""
    path.write_bytes(content)
    try:
        alone: bool = VERIFIER["check"](path, None)["good"]
    except VERIFIER["Unusable"]:
        alone = False
    try:
        checked = verify_clip(path)
    except ReleaseError:
        return alone
    show_checked(checked, None)
    return checked.good or alone


def span(content: bytes, kind: bytes) -> tuple[int, int]:
    """Offsets of a box."""
    at = content.index(kind) - 4
    return at, at + int.from_bytes(content[at : at + 4])


def superboxes(content: bytes, begin: int, end: int, parents: tuple[int, ...]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Ends of all boxes of a manifest, with the offsets of the boxes around them."""
    while begin < end:
        length = int.from_bytes(content[begin : begin + 4])
        yield begin + length, parents
        if content[begin + 4 : begin + 8] in SUPERBOXES:
            yield from superboxes(content, begin + 8, begin + length, (*parents, begin))
        elif content[begin + 4 : begin + 8] == b"jumd":
            yield begin + length, (*parents, begin)
        begin += length


def inserted(content: bytes, at: int, parents: tuple[int, ...], more: bytes) -> bytes:
    """With more bytes in the innermost of the boxes, all lengths and the chunk offset adjusted."""
    data = bytearray(content)
    for parent in parents:
        data[parent : parent + 4] = (int.from_bytes(data[parent : parent + 4]) + len(more)).to_bytes(4)
    offset = data.index(b"stco") + 12
    data[offset : offset + 4] = (int.from_bytes(data[offset : offset + 4]) + len(more)).to_bytes(4)
    data[at:at] = more
    return bytes(data)


def test_no_box_of_the_manifest_has_room_for_more(clip: bytes, tmp_path: Path) -> None:
    begin, end = span(clip, b"uuid")
    places = list(superboxes(clip, begin + 8 + 16 + 4 + 9 + 8, end, (begin,)))
    assert len(places) > 20
    box = (8 + len(HIDDEN)).to_bytes(4) + b"free" + HIDDEN
    for at, parents in places:
        for more in (box, HIDDEN):
            assert not is_good(tmp_path / "b.mp4", inserted(clip, at, parents, more)), (at, parents, more)


def test_no_bit_outside_the_coded_video_can_be_chosen_freely(clip: bytes, tmp_path: Path) -> None:
    """Each byte in front of the index; the index and the video are hashed as a whole."""
    end = span(clip, b"uuid")[1]
    rng = random.Random(13)
    signature_bits = range(end - 64, end)
    for at in [*range(120), *sorted(rng.sample(range(120, end), 400)), *signature_bits]:
        data = bytearray(clip)
        data[at] ^= 1 << rng.randrange(8)
        assert not is_good(tmp_path / "b.mp4", bytes(data)), at


def test_text_in_the_padding_of_the_signature_is_reported(clip: bytes, tmp_path: Path) -> None:
    at = clip.index(b"cpad") + 8 if b"cpad" in clip else clip.index(b"pad") + 6
    stuffed = clip[:at] + HIDDEN + clip[at + len(HIDDEN) :]
    path = tmp_path / "b.mp4"
    path.write_bytes(stuffed)
    assert read_provenance(path).status in INTACT, "the signature does not include it"
    checked = verify_clip(path)
    assert not checked.good
    assert "padding of the signature" in " ".join(checked.extra_content)


@pytest.mark.parametrize(
    "changed",
    [
        lambda clip: clip[:12] + HIDDEN[:4] + clip[16:],
        lambda clip: inserted(clip, 0, (), (24).to_bytes(4) + b"ftypisom\0\0\x02\0isomiso2"),
        lambda clip: inserted(clip, 32, (), (24).to_bytes(4) + b"ftypisom\0\0\x02\0isomiso2"),
        lambda clip: inserted(clip, 32, (0,), b"mp41" * 3),
        lambda clip: inserted(clip, 32, (), (8).to_bytes(4) + b"free"),
        lambda clip: clip + (8).to_bytes(4) + b"free",
        lambda clip: clip + (8).to_bytes(4) + b"mdat",
        lambda clip: clip[:-1] if clip[-1:] else clip,
    ],
    ids=[
        "minor version",
        "a second ftyp",
        "a ftyp behind",
        "brands",
        "an empty free",
        "free at the end",
        "mdat",
        "cut",
    ],
)
def test_the_sequence_of_boxes_is_fixed(changed: object, clip: bytes, tmp_path: Path) -> None:
    assert callable(changed)
    assert not is_good(tmp_path / "b.mp4", changed(clip))


def test_damaged_clips_are_answered_in_words(clip: bytes, tmp_path: Path) -> None:
    """Several hundred mutants, most of them of the front part, end in an answer or a `ReleaseError`."""
    front = span(clip, b"moov")[1]
    for number in range(400):
        rng = random.Random(number)
        data = bytearray(clip)
        for _ in range(rng.choice([1, 1, 2, 4, 12])):
            at = rng.randrange(front if number % 3 else len(data))
            length = min(rng.choice([1, 1, 4, 16, 300]), len(data) - at)
            kind = rng.randrange(6)
            if kind < 2:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                data[at : at + length] = rng.randbytes(length)
            elif kind == 3:
                del data[at : at + length]
            elif kind == 4:
                data[at:at] = data[at : at + length]
            else:
                data[at : at + 4] = rng.choice([0, 1, 7, 8, 2**31, 2**32 - 1]).to_bytes(4)
        assert bytes(data) == clip or not is_good(tmp_path / "b.mp4", bytes(data)), number


def test_a_file_that_was_never_signed_is_not_called_changed(tmp_path: Path) -> None:
    assert read_provenance(write(tmp_path / "a.mp4", facts(), [0, 40])).status is SignatureStatus.UNSIGNED
    image = tmp_path / "a.jpg"
    cv2.imwrite(str(image), np.zeros((64, 64, 3), np.uint8))
    assert read_provenance(image).status is SignatureStatus.UNSIGNED


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("d28443a10126a0f640", None),
        ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("3903e7", -1000),
        ("62c3bc", "ü"),
        ("f5", True),
    ],
)
def test_cbor_is_decoded_as_its_standard_says(content: str, value: object) -> None:
    """Examples of RFC 8949, appendix A."""
    decoded = decode_cbor(bytes.fromhex(content))
    assert value is None or decoded == value


@pytest.mark.parametrize(
    "content", ["", "00ff", "5f", "42ff", "a201020103", "fb3ff199999999999a", "9affffffff", "61ff"]
)
def test_other_cbor_is_an_error(content: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        decode_cbor(bytes.fromhex(content))
