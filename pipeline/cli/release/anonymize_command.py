"""`viapublica anonymize`: an anonymized copy of a clip or image, without camera, register or network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from pipeline.cli.common.console import out, print_json, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.signals import clean_exit_on_signals
from pipeline.cli.media.commands import ModelOption, ModelsOption, RecordingsOption, RotateOption, TrackOption
from pipeline.cli.release.app import ReportLocaleOption
from pipeline.cli.release.redaction_progress import terminal_progress
from pipeline.domain.plural import counted, counted_list
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.domain.video import Rotation

if TYPE_CHECKING:
    from pipeline.app.anonymize.anonymize_file import AnonymizedFile, AnonymizeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymizeOptions:
    """The options of an anonymization."""

    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: MP4, for images JPEG or PNG.  [default: FILE-anonymized.mp4 or .jpg, beside FILE]",
            show_default=False,
        ),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False
    style: Annotated[RedactionStyle, typer.Option(help="What is drawn in the place of persons, faces and plates.")] = (
        RedactionStyle.FILL
    )
    windscreens: Annotated[bool, typer.Option("--windscreens", help="Mask the windscreens of vehicles too.")] = False
    fine: Annotated[
        bool,
        typer.Option(
            "--fine",
            help="Search every frame in several views: at 1280 px, magnified, turned to all sides and without "
            "rain; about twelve times as slow, at 4K fifty.",
        ),
    ] = False
    start: Annotated[float, typer.Option("--from", min=0, help="Start, in seconds of the clip.")] = 0.0
    end: Annotated[float | None, typer.Option("--to", min=0, help="End, in seconds of the clip.")] = None
    institution: Annotated[str, typer.Option(help="Overlay: releasing institution.")] = ""
    place: Annotated[str, typer.Option(help="Overlay: public name of the location.")] = ""
    date: Annotated[str, typer.Option("--date", help="Overlay: date, at the precision that may be disclosed.")] = ""
    number: Annotated[str, typer.Option(help="Overlay: number of the disclosure.")] = ""
    regions: Annotated[
        Path | None,
        typer.Option(help="Additional regions to redact (YAML); see docs/how-to/anonymize.md.", show_default=False),
    ] = None
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report (HTML) with masks, timeline and verification.", show_default=False),
    ] = None
    locale: ReportLocaleOption = None
    certificate: Annotated[
        Path | None, typer.Option(help="Sign with this certificate (PEM, with its chain).", show_default=False)
    ] = None
    key: Annotated[Path | None, typer.Option(help="Private key of the certificate (PEM).", show_default=False)] = None
    key_password_file: KeyPasswordFileOption = None
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Verify the result with other detectors, redact what they find, and write nothing while they still "
            "find a person, face or plate.",
        ),
    ] = False
    check_models: Annotated[
        list[str] | None,
        typer.Option("--check-model", help="Model card of a verification detector; implies --check; repeatable."),
    ] = None
    rotate: RotateOption = 0
    track: TrackOption = None
    model: ModelOption = None
    models: ModelsOption = None
    config: RecordingsOption = None

    def request(self, file: Path) -> AnonymizeRequest:
        """A file to anonymize."""
        from pipeline.app.anonymize.anonymize_file import AnonymizeRequest
        from pipeline.app.anonymize.redaction_networks import NetworkChoice
        from pipeline.app.recordings import known_recordings

        checked_by = tuple(self.check_models or ())
        return AnonymizeRequest(
            file=file,
            target=self.target,
            text=OverlayText(self.institution, self.place, self.date, self.number),
            style=self.style,
            windscreens=self.windscreens,
            multi_view=self.fine,
            span_s=(self.start, self.end),
            regions=self.regions,
            report=self.report,
            locale=self.locale,
            certificate=self.certificate,
            key=self.key,
            key_password=key_password(self.key_password_file),
            rotate=cast("Rotation", self.rotate),
            track=self.track,
            known=known_recordings(self.config),
            replace=self.force,
            networks=NetworkChoice(self.model, self.models, self.check or bool(checked_by), checked_by),
        )


@with_option_groups
def anonymize(
    file: Annotated[Path, typer.Argument(help="A clip or an image.", show_default=False)],
    *,
    options: AnonymizeOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Summary as JSON.")] = False,
) -> None:
    """Redact persons, faces and plates irreversibly, and drop audio and metadata.

    Every frame is analyzed, objects are tracked forward and backward in time, and the video is re-encoded from the
    redacted frames, with an overlay: no pixel under a mask is in the file.

    Example: [bold]viapublica anonymize street.mp4 --out street-public.mp4 --institution "SSP-MT"[/]
    """
    from pipeline.app.anonymize.anonymize_file import anonymize_file

    request = options.request(file)
    with clean_exit_on_signals(), terminal_progress() as progress:
        written = anonymize_file(request, progress)
    if as_json:
        print_json(written.as_json())
    else:
        _show(written)


def _show(written: AnonymizedFile) -> None:
    summary, verification = written.summary, written.verification
    say(out, ("written ", "bold"), str(written.path))
    objects = counted_list(summary.objects, "no objects were detected")
    spent_s = sum(summary.stages_s.values())
    say(out, f"{counted(summary.frames, 'frame')} in {spent_s:.1f} s; masked: {objects}")
    worst = f"{100 * summary.worst_share:.0f}% in frame {summary.worst_frame}"
    say(out, f"{100 * summary.masked_share:.1f}% of the image is masked on average, at most {worst}")
    if written.unplated:
        vehicles = counted(len(written.unplated), "near vehicle")
        say(out, f"no plate was masked on {vehicles}; --report and --json list them, check whether one is visible")
    if verification is None:
        return
    same = "" if verification.independent else " (includes the detector that chose the masks: not independent)"
    added = counted(verification.added_masks, "object")
    more = f"; {added} masked in further rounds" if verification.added_masks else ""
    say(out, f"verified by {', '.join(verification.detectors)}{same}{more}")
    say(out, "no unredacted person, face or plate was detected; detectors miss objects, so play the clip once")
