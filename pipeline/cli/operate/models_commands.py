"""`viapublica models`: list, checksums, known-answer tests and comparison of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from pipeline.cli.common.console import print_json, print_table
from pipeline.domain.plural import counted
from pipeline.errors import ViapublicaError

app = typer.Typer(
    help="Networks and their cards: list, verify, pin, test, record-answers, compare.\n\n"
    "Example: [bold]viapublica models list[/]",
    no_args_is_help=True,
)

ModelsOption = Annotated[
    Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with weights and cards.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="A list of objects.")]
_FINDS: Final[Mapping[str, str]] = {"read-plates": "plate text", "locate-plate-corners": "plate corners"}


@app.command("list")
def list_all(models: ModelsOption = None, as_json: JsonOption = False) -> None:
    """List all models that have a card, ours first.

    Example: [bold]viapublica models list[/]
    """
    from pipeline.app.model_catalog import list_models  # here, so that help and completion load no network

    listed, broken = list_models(models)
    if as_json:
        print_json([one.card.model_dump(mode="json") | {"present": one.present} for one in listed])
    else:
        print_table(
            "Models",
            ["name", "task", "runtime", "input", "finds", "license", "weights"],
            [
                (
                    one.card.name,
                    one.card.task.value,
                    one.card.format.value,
                    f"{one.card.input.width}×{one.card.input.height}",
                    ", ".join(one.card.labels.values()) or _FINDS.get(one.card.task.value, ""),
                    one.card.license,
                    "present" if one.present else "missing",
                )
                for one in listed
            ],
        )
    _end_on(broken)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Models; by default all that are present.")] = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare weights with the checksums of their cards. Status 1 if one differs or a named one is missing.

    Without names the default networks are checked too: status 1 if a release would refuse one.

    Example: [bold]viapublica models verify viapublica_plates[/]
    """
    from pipeline.app.default_networks import check_default_networks
    from pipeline.app.model_catalog import WeightsState, verify_models

    verified, broken = verify_models(names or (), models)
    columns = ("model", "state", "file", "sha256")
    rows = [(one.model, one.state.value, one.file, one.sha256) for one in verified]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Weights", columns, rows)
    _end_on(broken)
    if not names:
        check_default_networks()
    if any(one.state is not WeightsState.AS_DESCRIBED for one in verified):
        raise typer.Exit(1)


@app.command()
def pin(
    names: Annotated[list[str], typer.Argument(help="Model cards: names or files.", show_default=False)],
    models: ModelsOption = None,
) -> None:
    """Print the section `networks` for the file that allows them in releases: SHA-256 of card and weights.

    An administrator copies it to /etc/viapublica/release-networks.yaml; see docs/how-to/pin-networks.md.

    Example: [bold]viapublica models pin city_traffic city_check --models /srv/viapublica/models[/]
    """
    from pipeline.app.model_catalog import pin_networks

    typer.echo(pin_networks(names, models))


@app.command("test")
def run_tests(
    names: Annotated[list[str] | None, typer.Argument(help="Models; by default all that are present.")] = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put networks to their known-answer tests on this machine, with each backend. Status 1 if one does not pass.

    The images and answers stand in the models' cards. A network is also tested before its first use on a machine.

    Example: [bold]viapublica models test viapublica_traffic[/]
    """
    from pipeline.app.logging_setup import configure_logging
    from pipeline.app.network_check import NetworkState, check_networks

    configure_logging("error", "auto")
    checks = list(check_networks(names or (), models))
    columns = ("model", "backend", "state", "detail")
    rows = [(one.model, one.backend, one.state.value, one.detail) for one in checks]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Known-answer tests", columns, rows)
    if any(one.state is not NetworkState.PASSED for one in checks):
        raise typer.Exit(1)


@app.command("record-answers")
def record_answers(
    model: Annotated[str, typer.Argument(help="Model card: name or file.", show_default=False)],
    image: Annotated[Path, typer.Argument(help="An image that shows what the network finds.", show_default=False)],
    models: ModelsOption = None,
) -> None:
    """Print the known answers of an image for a model's card, to be checked by a person.

    Copy the image to known-answers/ beside the card, compare the answers with it, and append them to the card.

    Example: [bold]viapublica models record-answers my_detector street.jpg[/]
    """
    from pipeline.app.known_answers import recorded_answers
    from pipeline.app.logging_setup import configure_logging

    configure_logging("error", "auto")
    typer.echo(recorded_answers(model, image, models), nl=False)


@app.command()
def compare(
    paths: Annotated[list[Path], typer.Argument(help="Images or folders of them.", show_default=False)],
    model: Annotated[list[str], typer.Option("--model", "-m", help="A detector's card; give two or more.")],
    models: ModelsOption = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="Least confidence of an object.")] = 0.25,
    as_json: JsonOption = False,
) -> None:
    """Run detectors over the same images: objects found, agreement with the first one, milliseconds per image.

    Example: [bold]viapublica models compare images/ -m yolo11n_int8_320 -m yolov8n_dequantised_float[/]
    """
    from pipeline.app.logging_setup import configure_logging
    from pipeline.app.model_catalog import compare_detectors

    configure_logging("warning", "auto")
    results = compare_detectors(paths, model, models, confidence)
    if as_json:
        print_json([msgspec.to_builtins(result) for result in results])
        return
    print_table(
        counted(results[0].images, "image"),
        ["model", "ms per image", "agreement", "found"],
        [
            (r.model, r.milliseconds, r.agreement, ", ".join(f"{count} {word}" for word, count in r.found.items()))
            for r in results
        ],
    )


def _end_on(broken: Sequence[ViapublicaError]) -> None:
    """Print the errors of cards; with any, end with status 1."""
    for error in broken:
        typer.echo(str(error), err=True)
    if broken:
        raise typer.Exit(1)
