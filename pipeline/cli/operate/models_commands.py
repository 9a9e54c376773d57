"""`viapublica models`: which weights there are, whether they are what their cards say, and how they compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.app.media.compare_models import compare
from pipeline.cli.common.console import print_json, print_table
from pipeline.decode.media_files import find_media
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.errors import ModelCardError, ModelIntegrityError, ViapublicaError
from pipeline.observe import logs
from pipeline.weights.catalog import ModelCard, has_files, list_cards, load_card, verify_plate_config, verify_weights

app = typer.Typer(help="Weights and their cards: list, verify, compare.", no_args_is_help=True)

ModelsOption = Annotated[
    Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with weights and cards.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="A list of objects.")]


@app.command("list")
def list_models(models: ModelsOption = None, as_json: JsonOption = False) -> None:
    """All models that have a card, ours first.

    Example: [bold]viapublica models list[/]
    """
    cards, broken = _cards(models)
    rows = [(card, has_files(card, models)) for card in cards]
    if as_json:
        print_json([card.model_dump(mode="json") | {"present": present} for card, present in rows])
        _tell(broken)
        return
    print_table(
        "Models",
        ["name", "task", "runtime", "input", "finds", "license", "weights"],
        [
            (
                card.name,
                card.task.value,
                card.format.value,
                f"{card.input.width}×{card.input.height}",
                ", ".join(card.labels.values()) or "plate text",
                card.license,
                "there" if present else "missing",
            )
            for card, present in rows
        ],
    )
    _tell(broken)


@app.command("verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Models; all that are there by default.")] = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the weights with the checksums of their cards. Status 1 if one differs or a named one is missing.

    Example: [bold]viapublica models verify viapublica_plates[/]
    """
    results = []
    broken: list[ViapublicaError] = []
    if names:
        cards = [load_card(name, _folder(models)) for name in names]
    else:
        cards, broken = _cards(models)
    for card in cards:
        state = _state(card, models)
        if names or state != "missing":
            results.append({"model": card.name, "state": state, "file": card.file, "sha256": card.sha256})
    if as_json:
        print_json(results)
    else:
        print_table("Weights", ["model", "state", "file", "sha256"], [tuple(result.values()) for result in results])
    _tell(broken)
    if any(result["state"] != "as described" for result in results):
        raise typer.Exit(1)


@app.command("compare")
def compare_models(
    paths: Annotated[list[Path], typer.Argument(help="Images or folders of them.", show_default=False)],
    model: Annotated[list[str], typer.Option("--model", "-m", help="A detector's card; give two or more.")],
    models: ModelsOption = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="Least confidence of an object.")] = 0.25,
    as_json: JsonOption = False,
) -> None:
    """Run detectors over the same images: objects found, agreement with the first one, milliseconds per image.

    Example: [bold]viapublica models compare images/ -m yolo11n_int8_320 -m yolov8n_dequantised_float[/]
    """
    logs.configure("warning", "auto")
    media = find_media(paths)
    detectors = []
    for name in model:
        settings = DetectSettings(model=name, plate_model=None, confidence=confidence)
        detectors.append((name, build_detector(settings, models)))
    results = compare(media, detectors)
    if not results or not results[0].images:
        raise ViapublicaError(", ".join(map(str, paths)), "holds no image", "Name images; clips are not compared")
    if as_json:
        print_json([msgspec.to_builtins(result) for result in results])
        return
    print_table(
        f"{results[0].images} images",
        ["model", "ms per image", "agreement", "found"],
        [
            (r.model, r.milliseconds, r.agreement, ", ".join(f"{count} {word}" for word, count in r.found.items()))
            for r in results
        ],
    )


def _folder(models: Path | None) -> Path | None:
    if models is not None and not models.is_dir():
        raise ModelCardError(
            f"models folder {models}",
            "is not a folder",
            "Name the folder that holds the weights: --models FOLDER, or the environment variable VIAPUBLICA_MODELS",
        )
    return models


def _cards(models: Path | None) -> tuple[list[ModelCard], list[ViapublicaError]]:
    """The cards that can be read, ours first, and what is wrong with the others."""
    cards: list[ModelCard] = []
    broken: list[ViapublicaError] = []
    for path in list_cards(_folder(models)).values():
        try:
            cards.append(load_card(path, models))
        except ViapublicaError as error:
            broken.append(error)
    return sorted(cards, key=lambda c: (not c.name.startswith("viapublica"), c.task.value, c.name)), broken


def _tell(broken: Sequence[ViapublicaError]) -> None:
    """Say what is wrong with cards, and end with status 1 if there is anything."""
    for error in broken:
        typer.echo(str(error), err=True)
    if broken:
        raise typer.Exit(1)


def _state(card: ModelCard, models: Path | None) -> str:
    try:
        verify_weights(card, models, allow_pickle=True)
        if card.plate_config is not None:
            verify_plate_config(card, models)
    except ModelIntegrityError:
        return "altered"
    except ModelCardError:
        return "missing"
    return "as described"
