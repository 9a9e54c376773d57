"""Words of the messages in the code that details are made of; run as a program, adds the missing ones to the list."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

from pipeline.policy.detail_words import DETAIL_WORDS
from tests.project.places import ROOT

LIST: Final = ROOT / "pipeline" / "policy" / "detail_words.py"
_MODULES: Final = """
    analytics/traffic_observer analytics/unused_areas
    decode/arrival_timestamps decode/camera_hosts decode/capture_session decode/ffmpeg_errors decode/frame_memory
    decode/http_access
    decode/http_answers decode/isolation/decoder_channel decode/isolation/decoder_processes
    decode/isolation/memory_limit decode/isolation/remote_session
    decode/isolation/shared_frames decode/reader_thread decode/rtsp_relay decode/source_monitor decode/supervised_source
    decode/video_container decode/video_tracks engine/camera_events engine/camera_feed
    engine/camera_health engine/capacity engine/frame_analyzer engine/image_quality engine/image_watch
    engine/clock_drift engine/low_rate_watch engine/overload_watch
    engine/recorded_extent engine/host_conflicts engine/camera_permissions
    alerting/incidents alerting/plates/vehicle_finding engine/incident_watch
    app/alerts/sample_alert engine/hot_lists hotlists/list_watch policy/camera_permission
    domain/camera_stop_rules
    engine/scene_watch engine/source_alerts engine/view_judgement engine/view_watch record/camera_tap sink/spooled
    sink/ingest/refusal_alerts
    sink/ingest/stall_detector store/damaged_parts store/retention
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


def sentences(path: Path, number: str) -> list[str]:
    """The messages of a module that are sentences of known words, with a number for every value."""
    tree = ast.parse(path.read_text())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    whole = [text for text in _messages(path, inner) if "%" not in text]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else number for part in node.values]
            whole.append("".join(parts))
    # A value that touches a letter is a word's ending and no number.
    return [
        text
        for text in whole
        if re.fullmatch(r"[A-Za-z0-9 ,.;:/×()'-]+", text)
        and text.count(" ") > 1
        and not re.search(rf"[A-Za-z]{re.escape(number)}|{re.escape(number * 2)}", text)
    ]


def _messages(path: Path, without: Container[int] = ()) -> Iterator[str]:
    """Texts with a blank in them that are no docstrings."""
    tree = ast.parse(path.read_text())
    stated = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        left_out = id(node) in stated or id(node) in without
        text = node.value if isinstance(node, ast.Constant) and not left_out else None
        if isinstance(text, str) and " " in text.strip():
            yield text


if __name__ == "__main__":
    words = sorted(DETAIL_WORDS.union(*map(unknown_words, modules())))
    body = textwrap.fill(" ".join(words), 116, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    head = LIST.read_text().partition('"""\n    ')[0].partition('    """')[0].rstrip(" ")
    LIST.write_text(f'{head}    """\n{body}\n    """.split()\n)\n')
