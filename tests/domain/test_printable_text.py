"""Untrusted text acts on no terminal."""

from __future__ import annotations

import unicodedata

from pipeline.domain.printable_text import escape_controls, escape_controls_in_lines, shorten


def test_no_control_character_remains() -> None:
    everything = "".join(map(chr, range(0x3000))) + "\ud800"
    escaped = escape_controls(everything)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in escaped)
    assert not any(unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for char in escaped)
    escaped.encode()


def test_an_escape_is_written_out_and_words_are_left() -> None:
    assert escape_controls("câmera \x1b[31m praça") == "câmera \\u001b[31m praça"


def test_lines_of_a_traceback_stay_lines() -> None:
    assert escape_controls_in_lines("a\n\tb\x1b") == "a\n\tb\\u001b"


def test_a_cut_text_shows_that_it_is_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
