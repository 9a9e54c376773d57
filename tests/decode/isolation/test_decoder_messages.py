"""Messages of decoders: whole, checked, and never trusted."""

from __future__ import annotations

import itertools
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decode.isolation import decoder_messages as m

SENT: list[m.FromDecoder] = [
    m.Opened("1", None),
    m.Decoded(0.5, 4, 2, damaged=False),
    m.RecordedPacket(b"x" * 999, None, 1, 0, (1, 25), True, 7),
]
WIRE = b"".join(m.LENGTH.pack(len(body)) + body for body in [m.encode(message) for message in SENT])


@given(st.lists(st.integers(0, len(WIRE)), max_size=6))
def test_messages_arrive_whole_however_the_stream_is_cut(cuts: list[int]) -> None:
    buffer = m.MessageBuffer()
    found: list[m.FromDecoder] = []
    edges = [0, *sorted(cuts), len(WIRE)]
    for begin, end in itertools.pairwise(edges):
        buffer.add(WIRE[begin:end])
        found += buffer.messages()
    assert found == SENT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        m.encode(m.Cancelled()),
        pickle.dumps(SENT),
        m.encode(m.Decoded("soon", 4, 2, damaged=False)),  # type: ignore[arg-type]
    ],
    ids=["empty", "no MessagePack", "of the engine", "a pickle", "a wrong type"],
)
def test_what_no_decoder_sends_is_an_error(body: bytes) -> None:
    buffer = m.MessageBuffer()
    buffer.add(m.LENGTH.pack(len(body)) + body)
    with pytest.raises(ValueError):  # noqa: PT011 - its words are msgspec's
        list(buffer.messages())


def test_a_message_of_endless_length_is_an_error() -> None:
    buffer = m.MessageBuffer()
    buffer.add(m.LENGTH.pack(0xFFFFFFFF))
    with pytest.raises(ValueError, match="4294967295 bytes"):
        list(buffer.messages())
