"""Words of the messages in the code that details are made of; run as a program, adds the missing ones to the list."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.policy.detail_words import DETAIL_WORDS
from tests.project.places import ROOT

LIST: Final = ROOT / "pipeline" / "policy" / "detail_words.py"
_MODULES: Final = """
    decode/camera_hosts decode/capture_session decode/ffmpeg_errors decode/frame_memory decode/http_access
    decode/http_answers decode/reader_thread decode/rtsp_relay decode/source_monitor decode/supervised_source
    decode/video_container decode/video_tracks engine/camera_feed
    engine/camera_health engine/capacity engine/frame_analyzer engine/overload_watch engine/scene_watch
    engine/source_alerts record/recorder sink/spooled sink/ingest/refusal_alerts sink/ingest/stall_detector
    store/damaged_parts store/retention
""".split()
_OTHERS: Final = {"he", "room", "ahead"}
"""Formats and places that are spelled like words that the glossary replaces."""


def modules() -> list[Path]:
    """Modules whose messages become details of alerts and camera states."""
    return [ROOT / "pipeline" / f"{name}.py" for name in _MODULES]


def unknown_words(path: Path) -> set[str]:
    """Words of a module's messages that are not in the list, in lower case."""
    words = (word for text in _messages(path) for word in re.findall(r"[^\W_]+", text) if word.isascii())
    return {word.casefold() for word in words if not word.isdigit()} - DETAIL_WORDS - _OTHERS


def _messages(path: Path) -> Iterator[str]:
    """Texts with a blank in them that are no docstrings."""
    tree = ast.parse(path.read_text())
    stated = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in stated else None
        if isinstance(text, str) and " " in text.strip():
            yield text


if __name__ == "__main__":
    words = sorted(DETAIL_WORDS.union(*map(unknown_words, modules())))
    body = textwrap.fill(" ".join(words), 116, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    head = LIST.read_text().partition('"""\n    ')[0].partition('    """')[0].rstrip(" ")
    LIST.write_text(f'{head}    """\n{body}\n    """.split()\n)\n')
