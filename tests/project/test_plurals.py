"""Counts in messages have the right plural: "1 file", "2 files"."""

from __future__ import annotations

import re

from tests.project.places import ROOT

_NOUNS = (
    "alerts|bytes|cameras|days|events|faces|files|frames|images|keys|masks|messages|parts|persons|plates|privacy masks"
    "|reads|rows|spools"
)
_FIXED_PLURAL = re.compile(r"\{(?!counted\()[^{}]*\} (" + _NOUNS + r")\b")


def test_commands_never_write_a_fixed_plural_behind_a_count() -> None:
    """Use `pipeline.domain.plural.counted`. Counts of at least two, as of a limit, are written out otherwise."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for part in ("app", "cli", "governance")
        for path in sorted((ROOT / "pipeline" / part).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _FIXED_PLURAL.search(line) and "<= 5" not in line
    ]
    assert not found, "\n".join(found)
