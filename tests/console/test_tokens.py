"""The colours of the design tokens: pairs that lie on each other have the contrast of WCAG 2.2 AA in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pipeline.console

STYLE = (Path(pipeline.console.__file__).parent / "static" / "tokens.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--color-([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", STYLE)
}
TINTS = ("danger", "warning", "success", "info")
TEXTS = [
    *((text, ground) for text in ("text", "muted", "link") for ground in ("page", "surface", "raised")),
    *((name, f"{name}-tint") for name in TINTS),
    *((name, ground) for name in TINTS for ground in ("page", "surface")),
    ("on-action", "action"),
    ("on-header", "header"),
]
"""A text and what is behind it: 4.5 to 1."""
EDGES = [
    *((edge, ground) for edge in ("border", "action", "focus") for ground in ("page", "surface", "raised")),
    ("on-header-focus", "header"),
]
"""The edge of something to use, and what is beside it: 3 to 1."""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (EDGES, 3.0)], ids=["texts", "edges"])
def test_what_lies_on_each_other_can_be_told_apart(theme: int, pairs: list[tuple[str, str]], least: float) -> None:
    found = {pair: round(contrast(COLOURS[pair[0]][theme], COLOURS[pair[1]][theme]), 2) for pair in pairs}
    assert not {pair: value for pair, value in found.items() if value < least}


def test_black_on_white_has_the_contrast_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
