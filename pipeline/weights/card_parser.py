"""Parser of model cards: YAML to a validated `ModelCard`, with errors that name the line."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.errors import ModelCardError
from pipeline.policy.labels import check_labels
from pipeline.storage.yaml_document import BadDocument, line_of, parse_yaml, read_text
from pipeline.weights.model_card import CardInput, Companion, KnownAnswer, ModelCard, PlateText

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "input": CardInput,
    "plate": PlateText,
    "companions": Companion,
    "plate_config": Companion,
    "known_answers": KnownAnswer,
}


def read_card(path: Path) -> ModelCard:
    """Read a card from its YAML file.

    Raises:
        ModelCardError: the file is missing, not YAML, or not a card; with the line.
        PolicyError: a label is outside the allow-list.
    """
    text, document = _read_yaml(path)
    labels = document.get("labels")
    if isinstance(labels, Mapping):
        # Before the schema: a forbidden label is a policy error, not a spelling mistake.
        check_labels(path.stem, [str(word) for word in labels.values()])
    try:
        card = ModelCard.model_validate(document)
    except ValidationError as error:
        raise _explain(path, document, error) from error
    if card.name != path.stem:
        line = line_of(document, ("name",))
        raise ModelCardError(f"model card {path}:{line}", f"its name is {card.name!r}", f"Set name to {path.stem!r}")
    card._path = path.resolve()
    card._digest = hashlib.sha256(text.encode()).hexdigest()
    return card


def _read_yaml(path: Path) -> tuple[str, Mapping[str, Any]]:
    try:
        text = read_text(path)
        return text, parse_yaml(text)
    except BadDocument as error:
        where = f"model card {path}:{error.line}" if error.line else f"model card {path}"
        raise ModelCardError(where, error.problem, error.fix) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelCardError(f"model card {path}", f"cannot be read ({error})", "Check the path") from error


def _explain(path: Path, document: Mapping[str, Any], error: ValidationError) -> ModelCardError:
    problems = error.errors(include_url=False)
    # A misspelled key is reported as one missing and one unknown; the unknown one is what the author typed.
    first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
    location = tuple(first["loc"])
    key = ".".join(str(part) for part in location)
    subject = f"model card {path}:{line_of(document, location)}"
    if first["type"] == "extra_forbidden":
        known = _fields(location)
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        fix = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(known)}"
        return ModelCardError(subject, f"unknown key {key!r}", fix)
    message = str(first["msg"]).removeprefix("Value error, ")
    return ModelCardError(subject, f"{key}: {message}" if key else message, _description(location))


def _fields(location: Sequence[str | int]) -> list[str]:
    section = _SECTIONS.get(str(location[0]), ModelCard) if len(location) > 1 else ModelCard
    return list(section.model_fields)


def _description(location: Sequence[str | int]) -> str:
    if not location:
        return ""
    section = _SECTIONS.get(str(location[0]), ModelCard) if len(location) > 1 else ModelCard
    field = section.model_fields.get(str(location[-1] if section is not ModelCard else location[0]))
    return f"{field.description}" if field and field.description else ""
