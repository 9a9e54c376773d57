"""Catalog of model cards and weights: finding, listing and verified reading.

::

    card = load_card("yolo11n_int8_320", models_dir)   # YAML, labels checked against the policy
    data = read_weights(card, models_dir)              # sha256 checked; a runtime opens these bytes only
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pipeline
from pipeline.errors import ModelCardError, ModelIntegrityError
from pipeline.policy.labels import check_labels
from pipeline.weights.card_parser import read_card
from pipeline.weights.model_card import Companion, Format, KnownAnswer, Layout, ModelCard, Task

__all__ = [
    "Companion",
    "Format",
    "KnownAnswer",
    "Layout",
    "ModelCard",
    "Task",
    "check_embedded_names",
    "check_task",
    "find_models_dir",
    "has_files",
    "list_cards",
    "load_card",
    "packaged_models_dir",
    "read_companions",
    "read_known_answer",
    "read_packaged",
    "read_plate_config",
    "read_weights",
    "verify_plate_config",
    "verify_weights",
]

ENVIRONMENT = "VIAPUBLICA_MODELS"
"""Environment variable that names a folder of weights, with further cards in its subfolder `cards`."""

_PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle"})
_ONNX_EXTERNAL = re.compile(rb"(?:\x0a|\x8a\x80*\x00)(?:\x08|\x88\x80*\x00)location")
"""The key under which an ONNX tensor names another file, in protobuf encoding (non-canonical varints included)."""
_SYNONYMS: Mapping[str, frozenset[str]] = {
    "license_plate": frozenset({"plate"}),
    "licence_plate": frozenset({"plate"}),
    "license-plate": frozenset({"plate"}),
    "number_plate": frozenset({"plate"}),
    "placa": frozenset({"plate"}),
    "face_detection": frozenset({"face"}),
    "human_face": frozenset({"face"}),
    "van": frozenset({"car", "truck"}),
    "vehicle": frozenset({"car", "bus", "truck"}),
}
"""Labels that a card may give a channel which the weights call by the key's name."""


def find_models_dir(configured: Path | None = None) -> list[Path]:
    """Existing folders that are searched for cards (`cards/NAME.yaml`) and weights, in order.

    Args:
        configured: the configuration's folder, searched first.
    """
    candidates = [configured, os.environ.get(ENVIRONMENT), *_own_folders()]
    folders = [Path(candidate).expanduser().resolve() for candidate in candidates if candidate]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def list_cards(models_dir: Path | None = None) -> dict[str, Path]:
    """All cards by name, with their files; the first folder of `find_models_dir` takes precedence."""
    found: dict[str, Path] = {}
    for folder in find_models_dir(models_dir):
        for path in sorted((folder / "cards").glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def load_card(name_or_path: str | Path, models_dir: Path | None = None) -> ModelCard:
    """Load a card by name, or by the path of its YAML file.

    Raises:
        ModelCardError: no card has that name (with a suggestion), or it is malformed (with the line).
        PolicyError: a label is outside the allow-list.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")):
        path = Path(name_or_path).expanduser()
    else:
        path = _path_of(text, models_dir)
    return read_card(path)


def check_task(card: ModelCard, task: Task, fix: str = "") -> None:
    """Check that a card is one of that task.

    Raises:
        ModelCardError: its task is another one.
    """
    if card.task is not task:
        raise ModelCardError(f"model {card.name}", f"has task {card.task.value} instead of {task.value}", fix)


def has_files(card: ModelCard, models_dir: Path | None = None) -> bool:
    """Whether the weights and their companions exist; their content is not checked."""
    try:
        beside = _locate(card, card.file, models_dir).parent
        for companion in card.companions:
            _companion(card, companion, beside, models_dir)
    except ModelCardError:
        return False
    return True


def verify_weights(card: ModelCard, models_dir: Path | None = None, *, allow_pickle: bool = False) -> Path:
    """The path of the weights, after they and their companions were verified against the card.

    Args:
        card: the model card.
        models_dir: the configuration's folder of models.
        allow_pickle: True where the Ultralytics backend was requested by name.

    Raises:
        ModelCardError: the file is missing, or it is a pickle and `allow_pickle` is False.
        ModelIntegrityError: a checksum does not match.
    """
    path = _locate(card, card.file, models_dir)
    _refuse_pickle(card, path, allow_pickle=allow_pickle)
    for companion in card.companions:
        _verify(card, _companion(card, companion, path.parent, models_dir), companion.sha256)
    return _verify(card, path, card.sha256)


def read_weights(card: ModelCard, models_dir: Path | None = None) -> bytes:
    """The verified bytes of the weights, so that the file cannot be replaced between check and use.

    Raises:
        ModelCardError: as `verify_weights`; or the ONNX file refers to external data, which no card vouches for.
        ModelIntegrityError: as `verify_weights`.
    """
    path = _locate(card, card.file, models_dir)
    _refuse_pickle(card, path, allow_pickle=False)
    data = _read(card, path, card.sha256)
    if card.format is Format.ONNX and _ONNX_EXTERNAL.search(data):
        raise ModelCardError(_where(card), f"{path.name} refers to external data", "Export it as a single file")
    return data


def read_companions(card: ModelCard, models_dir: Path | None = None) -> dict[str, bytes]:
    """The verified bytes of the card's companion files, by file name without folder.

    Raises:
        ModelCardError: a file is missing.
        ModelIntegrityError: a checksum does not match.
    """
    beside = _locate(card, card.file, models_dir).parent
    return {
        Path(companion.file).name: _read(card, _companion(card, companion, beside, models_dir), companion.sha256)
        for companion in card.companions
    }


def read_known_answer(card: ModelCard, answer: KnownAnswer, models_dir: Path | None = None) -> bytes:
    """The verified bytes of an image with a known answer.

    Raises:
        ModelCardError: the file is missing.
        ModelIntegrityError: the checksum does not match.
    """
    return _read(card, _locate(card, answer.file, models_dir), answer.sha256)


def read_packaged(file: str) -> bytes:
    """A file from the models folder of this installation; no other folder is searched.

    Raises:
        ModelIntegrityError: the file is missing from the installation.
    """
    for folder in _own_folders():
        if (folder / file).is_file():
            return (folder / file).read_bytes()
    raise ModelIntegrityError(f"installation, file models/{file}", "is missing", "Reinstall viapublica")


def read_plate_config(card: ModelCard, models_dir: Path | None = None) -> bytes:
    """The verified bytes of the plate reader's configuration file (fast-plate-ocr's YAML).

    Raises:
        ModelCardError, ModelIntegrityError: as `verify_plate_config`.
    """
    config = _plate_config(card)
    return _read(card, _locate(card, config.file, models_dir), config.sha256)


def verify_plate_config(card: ModelCard, models_dir: Path | None = None) -> Path:
    """The path of the plate reader's configuration file, verified.

    Raises:
        ModelCardError: the card names none, or the file is missing.
        ModelIntegrityError: the checksum does not match.
    """
    config = _plate_config(card)
    return _verify(card, _locate(card, config.file, models_dir), config.sha256)


def check_embedded_names(card: ModelCard, names: Mapping[int, str]) -> None:
    """Check the class names embedded in the weights against the policy and against the card.

    Args:
        card: the card.
        names: channel to name, from the weights' metadata. A name that is only its own number is ignored.

    Raises:
        PolicyError: the weights name a class outside the allow-list.
        ModelCardError: names or number of classes differ from the card.
    """
    meaningful = {channel: name for channel, name in names.items() if name != str(channel)}
    check_labels(card.name, meaningful.values())
    if card.classes is not None and names and len(names) != card.classes:
        raise ModelCardError(
            _where(card),
            f"states {card.classes} classes, the weights name {len(names)}",
            "Correct 'classes' in the card",
        )
    for channel, word in card.labels.items():
        name = meaningful.get(channel, word).strip().lower().replace(" ", "_")
        if word != name and word not in _SYNONYMS.get(name, frozenset()):
            raise ModelCardError(
                _where(card),
                f"names channel {channel} {word!r}, the weights name it {name!r}",
                "Correct 'labels' in the card, or use the weights it was written for",
            )


def packaged_models_dir() -> Path:
    """The models folder of this installation; as `models_dir` it takes precedence over `VIAPUBLICA_MODELS`.

    Raises:
        ModelIntegrityError: it is missing.
    """
    found = next((folder for folder in _own_folders() if folder.is_dir()), None)
    if found is None:
        raise ModelIntegrityError("installation, folder models", "is missing", "Reinstall viapublica")
    return found


def _own_folders() -> list[Path]:
    """Model folders of the program: of a checkout, and of an installed package."""
    package = Path(pipeline.__file__).parent
    # Only a checkout has models/ beside the package; next to an installed one are other packages.
    checkout = [package.parent / "models"] if (package.parent / "pyproject.toml").is_file() else []
    return [*checkout, package / "resources" / "models"]


def _path_of(name: str, models_dir: Path | None) -> Path:
    cards = list_cards(models_dir)
    if name in cards:
        return cards[name]
    close = difflib.get_close_matches(name, cards, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    known = ", ".join(sorted(cards)) or "none"
    raise ModelCardError(f"model {name}", "no card has this name", f"{guess}Known: {known}. Cards are cards/NAME.yaml")


def _locate(card: ModelCard, file: str, models_dir: Path | None) -> Path:
    folders = _folders_of(card)
    folders += find_models_dir(models_dir)
    for folder in folders:
        path = folder / file
        if path.is_file():
            return path
    searched = ", ".join(str(folder) for folder in folders)
    raise ModelCardError(
        _where(card),
        f"its file {file} was not found in {searched}",
        f"Get it from: {card.source}; then set its folder in the configuration or in {ENVIRONMENT}",
    )


def _folders_of(card: ModelCard) -> list[Path]:
    """The card's own folder, and the models folder if that is its subfolder `cards`."""
    if card.path is None:
        return []
    folder = card.path.parent
    return [folder, folder.parent] if folder.name == "cards" else [folder]


def _companion(card: ModelCard, companion: Companion, folder: Path, models_dir: Path | None) -> Path:
    """The path of a companion: beside the weights (`folder`), else in a models folder."""
    beside = folder / Path(companion.file).name
    return beside if beside.is_file() else _locate(card, companion.file, models_dir)


def _plate_config(card: ModelCard) -> Companion:
    if card.plate_config is None:
        raise ModelCardError(
            f"model {card.name}", "has no 'plate_config'", "Name the reader's configuration file in the card"
        )
    return card.plate_config


def _refuse_pickle(card: ModelCard, path: Path, *, allow_pickle: bool) -> None:
    if path.suffix.lower() in _PICKLES and not allow_pickle:
        raise ModelCardError(
            _where(card),
            f"{path.name} is a pickle, and loading one can run arbitrary code",
            "Use an ONNX export, or set backend: ultralytics if you trust the file",
        )


def _verify(card: ModelCard, path: Path, expected: str) -> Path:
    with path.open("rb") as stream:
        _compare(card, path, hashlib.file_digest(stream, "sha256").hexdigest(), expected)
    return path


def _read(card: ModelCard, path: Path, expected: str) -> bytes:
    data = path.read_bytes()
    _compare(card, path, hashlib.sha256(data).hexdigest(), expected)
    return data


def _compare(card: ModelCard, path: Path, actual: str, expected: str) -> None:
    if actual != expected:
        raise ModelIntegrityError(
            _where(card),
            f"{path} has sha256 {actual}, the card states {expected}",
            f"Get the file again from: {card.source}; or write a new card if the change is intended",
        )


def _where(card: ModelCard) -> str:
    return f"model card {card.path}" if card.path else f"model {card.name}"
