"""A run that was killed while it wrote leaves a file that the next one can go on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.training.sources import TrainingDataError
from models.training.traffic.opinions import read_opinions, remove_torn_line

WHOLE = '{"key": "a", "width": 9, "height": 9, "opinions": [["car", 1, 2, 3, 4, 0.5]]}\n'


def test_a_torn_last_line_does_not_count_and_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "opinions.jsonl"
    path.write_text(WHOLE + WHOLE.replace('"a"', '"b"')[:40])
    assert list(read_opinions(path)) == ["a"]
    remove_torn_line(path)
    assert path.read_text() == WHOLE
    (opinion,) = read_opinions(path)["a"]
    assert (opinion.label, opinion.xyxy, opinion.score) == ("car", (1, 2, 3, 4), 0.5)


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "a"}', '{"key": "a", "opinions": [["car", 1]]}'])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "opinions.jsonl"
    path.write_text(f"{WHOLE}{line}\n{WHOLE}")
    with pytest.raises(TrainingDataError, match="line 2"):
        read_opinions(path)


def test_a_missing_file_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="label"):
        read_opinions(tmp_path / "opinions.jsonl")
