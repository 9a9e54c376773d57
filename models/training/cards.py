"""A card keeps naming the file that lies beside it: its checksum is written when the file is."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from models.training.sources import TrainingDataError


def vouch_for(card: Path, weights: Path) -> str:
    """Write the checksum of `weights` into `card`, after the line that names the file; returns the checksum.

    Raises:
        TrainingDataError: the card does not name that file.
    """
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = card.read_text(encoding="utf-8")
    pattern = rf"(^\s*-?\s*\{{?file: [^\n]*{re.escape(weights.name)},?\s+sha256: )[0-9a-f]{{64}}"
    changed, count = re.subn(pattern, rf"\g<1>{digest}", text, count=1, flags=re.MULTILINE)
    if not count:
        raise TrainingDataError(f"{card}: names no file {weights.name} with a sha256 behind it; write that first")
    card.write_text(changed, encoding="utf-8")
    return digest
