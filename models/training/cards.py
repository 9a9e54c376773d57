"""Publication of exported weights: files and the checksums in their cards are replaced together."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from models.training.sources import TrainingDataError


def publish(exports: Sequence[tuple[Path, Path, Path]]) -> None:
    """Move exported files to their final place, and write their checksums into their cards.

    All cards are checked before anything is moved.

    Args:
        exports: (exported file, final file, its card).

    Raises:
        TrainingDataError: a card is missing, or does not name its file.
    """
    cards = [(card, _vouched(card, made, final.name)) for made, final, card in exports]
    for made, final, _ in exports:
        final.parent.mkdir(parents=True, exist_ok=True)
        beside = final.with_name(f"unfinished-{final.name}")
        shutil.move(made, beside)
        beside.replace(final)
    for card, text in cards:
        beside = card.with_name(f"unfinished-{card.name}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(card)


def _vouched(card: Path, weights: Path, name: str) -> str:
    """The card's text with the checksum of `weights` after the line that names the file."""
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{card}: cannot be read ({error}); every shipped file has a card") from error
    pattern = rf"(^\s*-?\s*\{{?file: [^\n]*{re.escape(name)},?\s+sha256: )[0-9a-f]{{64}}"
    changed, count = re.subn(pattern, rf"\g<1>{digest}", text, count=1, flags=re.MULTILINE)
    if not count:
        raise TrainingDataError(f"{card}: names no file {name} with a sha256 behind it; write that first")
    return changed
