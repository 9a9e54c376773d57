"""Seeded mutations of video files and streams, for decoders that must survive whatever a camera sends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.decode.clips import Recipe, encode
from tests.servers.rtsp import encode_loop
from tests.servers.scripted_rtsp import Packet, kind, nal_units, played

_SIZE: Final = (128, 96)
_AV1: Final = {"preset": "12", "svtav1-params": "lp=1"}
RECIPES: Final = {
    "h264.h264": Recipe(size=_SIZE, frames=12, options={"g": "6", "bf": "2"}),
    "h264.mp4": Recipe(size=_SIZE, frames=12, options={"g": "6", "bf": "2"}),
    "h264.ts": Recipe(size=_SIZE, frames=12, options={"g": "6", "bf": "0"}),
    "hevc.hevc": Recipe(codec="libx265", size=_SIZE, frames=12, options={"g": "6"}),
    "hevc.mp4": Recipe(codec="libx265", size=_SIZE, frames=12, options={"g": "6"}),
    "hevc.ts": Recipe(codec="libx265", size=_SIZE, frames=12, options={"g": "6"}),
    "av1.mp4": Recipe(codec="libsvtav1", size=_SIZE, frames=12, options=_AV1),
    "av1.mkv": Recipe(codec="libsvtav1", size=_SIZE, frames=12, options=_AV1),
}
"""Whole videos, by name: codec and container."""
_NUMBERS: Final = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_EXTREMES: Final = [number.to_bytes(4, "big") for number in _NUMBERS]
_Mutation = Callable[[bytearray, random.Random], None]


def whole_videos(folder: Path) -> dict[str, bytes]:
    """The videos that are mutated, by name."""
    return {name: encode(folder / name, recipe).read_bytes() for name, recipe in RECIPES.items()}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data after one to five mutations of random kinds and places."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        chance.choice(_MUTATIONS)(changed, chance)
    return bytes(changed)


def mutated_files(videos: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names of whole videos with a mutation of each, in turns.

    Args:
        videos: see `whole_videos`.
        count: how many.
        seed: of the mutations; the number of a file is added to it.
    """
    names = sorted(videos)
    for number in range(count):
        name = names[number % len(names)]
        yield name, mutated(videos[name], random.Random(f"{seed}/{number}"))


def rtsp_units(folder: Path) -> list[bytes]:
    """H.264 NAL units of a second of video, for `ScriptedRtsp`."""
    loop = encode_loop(folder / "loop.h264", seconds=1, fps=12, size=_SIZE)
    return nal_units(loop.read_bytes())


def mutated_stream(units: list[bytes], number: int, seed: int) -> Iterator[Packet]:
    """One second of RTP packets of which some are mutated, lost, doubled or out of order; then the stream ends."""
    chance = random.Random(f"{seed}/rtsp/{number}")
    whole = [packet for _, packet in zip(units, played(units), strict=False)]
    if chance.random() < 0.3:
        first = chance.randrange(len(whole))
        whole[first : first + 4] = reversed(whole[first : first + 4])
    for stamp, nal in whole:
        if chance.random() < 0.05:
            continue
        yield stamp, mutated(nal, chance) if chance.random() < 0.4 or (kind(nal) > 5 and chance.random() < 0.1) else nal
        if chance.random() < 0.05:
            yield stamp, nal


def _span(data: bytearray, chance: random.Random, longest: int = 64) -> slice:
    begin = chance.randrange(len(data)) if data else 0
    return slice(begin, begin + chance.randint(1, longest))


def _flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 16)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    span = _span(data, chance)
    data[span] = chance.randbytes(len(data[span]))


def _put_extreme(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data)) if data else 0
    data[begin : begin + 4] = chance.choice(_EXTREMES)


def _put_extreme_in_header(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(min(len(data), 1024)) if data else 0
    data[begin : begin + 4] = chance.choice(_EXTREMES)


def _delete(data: bytearray, chance: random.Random) -> None:
    del data[_span(data, chance, 256)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    span = _span(data, chance, 256)
    data[span] = data[span] * chance.randint(2, 8)


def _swap(data: bytearray, chance: random.Random) -> None:
    one, other = _span(data, chance), _span(data, chance)
    data[one], data[other] = data[other], data[one]


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(len(data) // 8, max(len(data), 1)) :]


_MUTATIONS: Final[list[_Mutation]] = [
    _flip_bits,
    _overwrite,
    _put_extreme,
    _put_extreme_in_header,
    _delete,
    _repeat,
    _swap,
    _cut_off,
]
