"""`viapublica alerts replay`: what the rules of a camera would have reported about a clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from pipeline.cli.common.console import err, out, print_json, print_table, progress, say
from pipeline.cli.common.store_options import ConfigOption, loaded_config
from pipeline.cli.query.options import LocaleOption
from pipeline.cli.query.portuguese_texts import messages_language
from pipeline.cli.query.table_portuguese import heading, rows_in_portuguese
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.locale import Locale

if TYPE_CHECKING:
    from pipeline.app.alerts.replay import ReplayedAlert

_SETTING = re.compile(r"([a-z_]+)=([0-9]+(?:\.[0-9]+)?)")


def replay(
    clip: Annotated[Path, typer.Argument(help="A video file.", show_default=False)],
    camera: Annotated[str, typer.Option("--camera", help="Camera whose zones and rules are tried.")],
    config: ConfigOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="NAME=VALUE", help="In place of the configured one; may be repeated."),
    ] = None,
    locale: LocaleOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line on standard output.")] = False,
) -> None:
    """Try the alert rules of a camera on a clip: what they would have reported. Nothing is stored or sent.

    Example: [bold]viapublica alerts replay junction.mp4 --camera av-paulista-900[/]

    Example: [bold]viapublica alerts replay junction.mp4 --camera av-paulista-900 --threshold stopped_s=10 --json[/]
    """
    from pipeline.app.alerts.replay import Replay, has_zones, replayed_alerts
    from pipeline.app.logging_setup import configure_logging

    configure_logging("error", "auto")
    loaded, language = loaded_config(config), messages_language(locale)
    if not has_zones(loaded, camera):
        note = "{camera} has no zones (areas.zones): only rules about the whole view can see anything"
        say(err, language.text(note, camera=camera))
    found: list[ReplayedAlert] = []
    with progress() as bar:
        task = bar.add_task("frames", total=1.0, note=clip.name)
        asked = Replay(clip, camera, _thresholds(threshold or []), lambda share: bar.update(task, completed=share))
        for one in replayed_alerts(loaded, asked):
            found.append(one)
            if as_json:
                print_json(_as_json(one, locale))
    if as_json:
        return
    if not found:
        say(out, language.text("no alert"))
        return
    columns = ["position", "since", "rule", "severity", "phase", "text"]
    rows: Sequence[Sequence[Any]] = [
        (
            _position(one.at_s),
            _position(one.began_s),
            one.alert.rule,
            one.alert.severity.value,
            one.alert.phase.value,
            alert_sentence(one.alert, locale),
        )
        for one in found
    ]
    if locale is Locale.PT_BR:
        columns, rows = [heading(name) for name in columns], rows_in_portuguese(columns, rows)
    print_table(language.text("Alerts of {clip}", clip=clip.name), columns, rows)


def _thresholds(settings: list[str]) -> dict[str, float]:
    found = {}
    for text in settings:
        match = _SETTING.fullmatch(text)
        if match is None:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE, such as stopped_s=10", param_hint="--threshold")
        found[match[1]] = float(match[2])
    return found


def _as_json(one: ReplayedAlert, locale: Locale | None) -> dict[str, Any]:
    return {
        "at_s": round(one.at_s, 2),
        "began_s": round(one.began_s, 2),
        "text": alert_sentence(one.alert, locale),
        **msgspec.to_builtins(one.alert),
    }


def _position(seconds: float) -> str:
    """A position in a clip, ``1:02.5``; before its beginning it is 0."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"{int(minutes)}:{rest:04.1f}"
