"""`opinions.jsonl`: what the teachers think of each image, a line per image, kept between runs."""

from __future__ import annotations

import json
from pathlib import Path

from models.training.sources import TrainingDataError
from models.training.traffic.fuse import Opinion


def read_opinions(path: Path) -> dict[str, list[Opinion]]:
    """Opinions by the key of the image. A last line that was never finished does not count.

    Raises:
        TrainingDataError: the file cannot be read, or a line of it is none of ours.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path}: cannot be read ({error}); `label` writes it") from error
    found = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            told = json.loads(line)
            found[told["key"]] = [Opinion(name, (x1, y1, x2, y2), s) for name, x1, y1, x2, y2, s in told["opinions"]]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise TrainingDataError(
                f"{path}, line {number}: is no line of opinions ({error}); delete the line and run `label` again"
            ) from error
    return found


def mend(path: Path) -> None:
    """Cut off a last line that was never finished, so that the next one begins on a line of its own."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        path.write_bytes(data[: data.rfind(b"\n") + 1])
