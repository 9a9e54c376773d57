"""Reads of plates: of one, of a list, by pattern, with one wrong character."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import msgspec

from pipeline.domain.events import PlateReadEvent
from pipeline.domain.plate import check_characters, check_plate, keys_near, normalize, plate_key
from pipeline.errors import StoreError
from pipeline.store.answers.sql_fragments import (
    Page,
    Rows,
    in_range,
    in_statements,
    is_one_of,
    select,
    select_newest,
    sure,
)
from pipeline.store.backends.database import bind
from pipeline.store.questions import Plates
from pipeline.store.schema.tables import PLATE_READS

_FEW_PLATES: Final = 10
"""Of more plates, a page is a small part of the reads, and it pays to find its oldest time first."""
_MOST_KEYS: Final = 100_000
_MOST_PATTERNS: Final = 100
_LONGEST_PATTERN: Final = 200
_LONGEST_NEAR: Final = 10
"""Letters and digits of a plate of which one may be wrong: the number of keys grows with the square of its length."""

_WILDCARDS: Final = str.maketrans({"*": "%", "?": "_"})
_PATTERN_PART = re.compile(r"[*?]|[^*?]+")


def plates(rows: Rows, question: Plates) -> list[PlateReadEvent]:
    """The answer to `Plates`.

    Raises:
        StoreError: no plate, or none in a text; too many; a senseless page; or the database failed.
    """
    page = Page.checked(question.limit, question.offset)
    scope = [
        *in_range(question.start_ms, question.end_ms, question.camera_ids),
        *sure(question.min_confidence),
    ]
    if not question.plates:
        raise StoreError("plates", "none is given", "Give at least one.")
    if question.like:
        found = select_newest(rows, PLATE_READS, [*matching(question), *scope], page)
    else:
        ask = select if len(question.plates) <= _FEW_PLATES else select_newest
        found = _of_keys(partial(ask, rows, PLATE_READS), _keys(question), scope, page)
    return msgspec.convert(found, list[PlateReadEvent])


def matching(question: Plates) -> list[str]:
    """SQL conditions of which each finds a part of the reads of a question's plates, and no read is in two parts.

    Raises:
        StoreError: no plate in a text; too many.
    """
    if question.like:
        return [_matches(question)]
    return [is_one_of("plate_key", group) for group in in_statements(sorted(_keys(question)))]


def matches_pattern(plate: str) -> str:
    """The SQL condition that a read matches a pattern of ``*`` and ``?``.

    Raises:
        StoreError: there is neither letter, digit nor wildcard in it; or it is too long.
    """
    pattern = like_pattern(check_characters(plate))
    if not pattern:
        raise StoreError("plate", f"{plate!r} has no letter or digit in it, and no wildcard", "Write ABC* or A?C1.")
    if len(pattern) > _LONGEST_PATTERN:
        raise StoreError("plate", f"{plate[:20]!r}… has more than {_LONGEST_PATTERN} characters")
    return bind("plate LIKE {pattern} OR plate_key LIKE {pattern}", {"pattern": pattern})


def like_pattern(text: str) -> str:
    """An SQL LIKE pattern from a plate with ``*`` and ``?``: letters and digits mean themselves, the rest falls out."""
    parts = _PATTERN_PART.findall(text)
    return "".join(part.translate(_WILDCARDS) if part in "*?" else normalize(part) for part in parts)


def _of_keys(
    ask: Callable[[list[str], Page], list[dict[str, Any]]], keys: Iterable[str], scope: list[str], page: Page
) -> list[dict[str, Any]]:
    """Point reads. Where one statement cannot hold all keys, each could fill the page, so is asked up to its end."""
    groups = list(in_statements(sorted(keys)))
    if len(groups) == 1:
        return ask([is_one_of("plate_key", groups[0]), *scope], page)
    found = [row for group in groups for row in ask([is_one_of("plate_key", group), *scope], page.up_to())]
    found.sort(key=lambda row: -int(row["ts_ms"]))  # Stable: reads of one moment stay as the database has them.
    return page.of(found)


def _keys(question: Plates) -> set[str]:
    for plate in question.plates:
        check_plate(plate)
    if question.errors == 0:
        keys = {plate_key(plate) for plate in question.plates}
    elif question.errors == 1:
        long = next((plate for plate in question.plates if len(normalize(plate)) > _LONGEST_NEAR), None)
        if long is not None:
            raise StoreError(
                "plate", f"{long!r} is too long for errors: more than {_LONGEST_NEAR} characters", "Ask with `like`."
            )
        keys = set()
        for plate in question.plates:
            keys |= keys_near(plate)
            if len(keys) > _MOST_KEYS:
                break
    else:
        raise StoreError("errors", f"{question.errors} is neither 0 nor 1", "Ask with `like` and ? for more.")
    if len(keys) > _MOST_KEYS:
        raise StoreError(
            "plates", f"{len(question.plates)} are too many: more than {_MOST_KEYS} keys", "Ask for fewer at once."
        )
    return keys


def _matches(question: Plates) -> str:
    if question.errors:
        raise StoreError("errors", "cannot be combined with a pattern", "Put ? for the character that may be wrong.")
    if len(question.plates) > _MOST_PATTERNS:
        raise StoreError("plates", f"{len(question.plates)} patterns are too many", "Ask for 100 at once.")
    return f"({' OR '.join(map(matches_pattern, question.plates))})"
