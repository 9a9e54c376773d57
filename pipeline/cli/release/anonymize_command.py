"""`viapublica anonymize`: a clip or image that can be given away, without camera, database or network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.anonymize.settings import AnonymizeSettings, CoverSettings, Look, MarkText
from pipeline.cli.common.signals import clean_exit_on_signals
from pipeline.cli.media.commands import ModelOption, ModelsOption


def anonymize(
    file: Annotated[Path, typer.Argument(help="A clip, or an image.", show_default=False)],
    target: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="What to write: an MP4, for images a JPEG or PNG.", show_default=False),
    ] = None,
    look: Annotated[Look, typer.Option(help="What stands where a person, face or plate was.")] = Look.FILL,
    windscreens: Annotated[bool, typer.Option("--windscreens", help="Cover the windscreens of vehicles too.")] = False,
    fine: Annotated[
        bool,
        typer.Option(
            "--fine",
            help="Look closely too: small plates and far people in large images; two to three times as slow.",
        ),
    ] = False,
    start: Annotated[float, typer.Option("--from", min=0, help="Seconds into the clip at which to begin.")] = 0.0,
    end: Annotated[float | None, typer.Option("--to", min=0, help="Seconds into the clip at which to end.")] = None,
    institution: Annotated[str, typer.Option(help="Burnt in: who gives it away.")] = "",
    place: Annotated[str, typer.Option(help="Burnt in: the camera, as it may be called outside.")] = "",
    moment: Annotated[str, typer.Option("--date", help="Burnt in: the date, as precise as it may be told.")] = "",
    number: Annotated[str, typer.Option(help="Burnt in: the number of the disclosure.")] = "",
    regions: Annotated[
        Path | None,
        typer.Option(
            help="File of places that are covered besides, by time; see docs/how-to/anonymize.md.", show_default=False
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page (HTML) with masks, timeline and checks.", show_default=False),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Sign with this certificate (PEM, with its chain).", show_default=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Private key of the certificate (PEM).", show_default=False)] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Have other detectors look at the finished clip; cover what they see; write nothing when they still "
            "see somebody.",
        ),
    ] = False,
    eyes: Annotated[
        list[str] | None, typer.Option("--eyes", help="Model card of a detector that checks; may be repeated.")
    ] = None,
    model: ModelOption = None,
    models: ModelsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Hide persons, faces and plates for good, and drop sound and metadata.

    Every image is looked at, persons are followed forwards and backwards in time, and the video is encoded anew from
    the covered images: nothing of what lies under a cover is in the file.

    Example: [bold]viapublica anonymize street.mp4 --out street-public.mp4 --institution "SSP-MT"[/]
    """
    from pipeline.app.release.anonymize_files import Request, carry_out

    with clean_exit_on_signals():
        carry_out(
            Request(
                file=file,
                target=target,
                settings=AnonymizeSettings(look=look, cover=CoverSettings(windscreens=windscreens), fine=fine),
                text=MarkText(institution, place, moment, number),
                span_s=(start, end),
                regions=regions,
                report=report,
                certificate=certificate,
                key=key,
                check=check,
                eyes=tuple(eyes or ()),
                model=model,
                models=models,
                as_json=as_json,
            )
        )
