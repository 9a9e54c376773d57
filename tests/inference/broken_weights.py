"""Deliberately broken copies of shipped ONNX weights: files that still load and detect nothing."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.weights.catalog import list_cards

_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
LARGE_BYTES: Final = 256
"""Smaller tensors are scales, offsets and shapes."""


def _fields(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of each length-delimited field of a protobuf message."""
    at = begin
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 2:
            length, at = _varint(data, at)
            yield key >> 3, at, at + length
            at += length
        else:
            at = _varint(data, at)[1] if kind == 0 else at + (8 if kind == 1 else 4)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def _changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    out = bytearray(data)
    for number, begin, end in _fields(data, 0, len(data)):
        for inner, first, last in _fields(data, begin, end) if number == _GRAPH else ():
            for field, start, stop in _fields(data, first, last) if inner == _INITIALIZER else ():
                if field == _RAW_DATA and stop - start >= LARGE_BYTES:
                    out[start:stop] = change(data[start:stop])
    return bytes(out)


def _rolled(raw: bytes) -> bytes:
    half = len(raw) // 8 * 4
    return raw[half:] + raw[:half]


WEIGHTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zeroed weights": lambda raw: bytes(len(raw)),
    "shuffled channels": _rolled,
}
CARDS: Final[Mapping[str, tuple[str, str]]] = {
    "wrong scale": ("classes: 8", "classes: 8\nbox_scale: [0.7, 0.7]"),
    "colors exchanged": ("height: 640}", "height: 640, channels: bgr}"),
    "wrong range": ("height: 640}", "height: 640, range: 0-255}"),
}
"""Replacements in a detector's card."""


def break_weights(name: str, how: str, folder: Path) -> None:
    """Put a broken copy of a shipped network, and a card that vouches for it, into `folder`."""
    models = Path(__file__).parents[2] / "models"
    text = (models / "cards" / f"{name}.yaml").read_text(encoding="utf-8")
    (folder / "cards").mkdir(parents=True, exist_ok=True)
    if how in CARDS:
        old, new = CARDS[how]
        assert old in text
        text = text.replace(old, new)
    else:
        match = re.search(r"^file: (.*)$", text, re.MULTILINE)
        assert match is not None
        broken = _changed((models / match[1]).read_bytes(), WEIGHTS[how])
        (folder / match[1]).parent.mkdir(parents=True, exist_ok=True)
        (folder / match[1]).write_bytes(broken)
        digest = re.search(r"^sha256: (.*)$", text, re.MULTILINE)
        assert digest is not None
        text = text.replace(digest[1], hashlib.sha256(broken).hexdigest())
    shutil.copytree(models / "cards" / "plate-readers", folder / "cards" / "plate-readers", dirs_exist_ok=True)
    (folder / "cards" / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert list_cards(folder)[name].is_relative_to(folder)
