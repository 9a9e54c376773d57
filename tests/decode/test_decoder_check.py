"""Each codec's decoder gives the pixels that are known, and one that does not is found out."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest

from pipeline.decode import decoder_check
from pipeline.decode.decoder_check import KNOWN, check_decoders


def test_every_decoder_gives_the_known_pixels() -> None:
    verdicts = list(check_decoders())
    assert [verdict.codec for verdict in verdicts] == ["H.264", "H.265", "AV1", "VP9", "MPEG-4 Visual", "Motion JPEG"]
    assert [verdict.problem for verdict in verdicts] == [""] * len(KNOWN)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda frame: frame // 2, "levels too bright or too dark"),
        (lambda frame: frame[:, ::-1], "gives other pixels"),
    ],
)
def test_wrong_pixels_are_found_out(change: Any, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = decoder_check._decoded
    monkeypatch.setattr(
        decoder_check, "_decoded", lambda path: [np.ascontiguousarray(change(frame)) for frame in decoded(path)]
    )
    problems = [verdict.problem for verdict in check_decoders()]
    assert any(says in problem for problem in problems)
    assert all(problem for problem in problems[:4]), "standards that leave no freedom"


def test_a_missing_decoder_and_missing_frames_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = decoder_check._decoded
    monkeypatch.setattr(decoder_check, "_decoded", lambda path: decoded(path)[:-1])
    assert {verdict.problem for verdict in check_decoders()} == {"gives 5 frames instead of 6"}

    def absent(path: object) -> Any:
        raise av.error.DecoderNotFoundError(0, "no decoder")

    monkeypatch.setattr(decoder_check, "_decoded", absent)
    assert all("cannot decode" in verdict.problem for verdict in check_decoders())
