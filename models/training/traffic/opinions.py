"""Storage of the teachers' opinions: `opinions.jsonl`, one line per image, preserved between runs."""

from __future__ import annotations

import json
from pathlib import Path

from models.training.sources import TrainingDataError
from models.training.traffic.fuse import Opinion


def read_opinions(path: Path) -> dict[str, list[Opinion]]:
    """Opinions by the key of the image. An incomplete last line is ignored.

    Raises:
        TrainingDataError: the file cannot be read, or a line is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path}: cannot be read ({error}); `label` writes it") from error
    found = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            fields = json.loads(line)
            found[fields["key"]] = [
                Opinion(name, (x1, y1, x2, y2), s) for name, x1, y1, x2, y2, s in fields["opinions"]
            ]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise TrainingDataError(
                f"{path}, line {number}: is invalid ({error}); delete the line and run `label` again"
            ) from error
    return found


def remove_torn_line(path: Path) -> None:
    """Cut off a last line that was never finished, so that the next one begins on a line of its own."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        path.write_bytes(data[: data.rfind(b"\n") + 1])
