"""`viapublica alerts thresholds`: what the rules of each camera compare with at this hour, and feedback on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.alerts.options import IncidentOptions, opened_incidents
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.register_options import register_of
from pipeline.cli.common.store_options import loaded_config
from pipeline.domain.incident import CloseReason
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.alerts.thresholds import CameraThreshold, Feedback

_WHERE = "Leave --server out, and ask on the machine of the run"


@with_option_groups
def thresholds(
    camera: Annotated[
        list[str] | None, typer.Option("--camera", help="Only of this camera; may be repeated.", show_default=False)
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="The closings of incidents that have moved thresholds.")
    ] = False,
    undo: Annotated[
        str, typer.Option("--undo", metavar="INCIDENT", help="Let the closing of this incident count no more.")
    ] = "",
    *,
    options: IncidentOptions,
) -> None:
    """Show the thresholds of alert rules at this hour: stated, learned or by default, and moved by feedback.

    Closing an incident as false moves the threshold of its rule and camera away from reporting, closing one as true
    moves it back; stated thresholds stay as they are.

    Example: [bold]viapublica alerts thresholds --camera av-paulista-900[/]

    Example: [bold]viapublica alerts thresholds --undo 3f2a91c0[/]
    """
    from pipeline.app.alerts.thresholds import camera_thresholds, given_feedback
    from pipeline.app.logging_setup import configure_logging

    configure_logging("warning", "auto")
    wanted = camera or ()
    if undo or feedback:
        with opened_incidents(options) as incidents:
            if undo:
                say(err, f"incident {incidents.undo_feedback(undo)}: its closing counts for no threshold any more")
                return
            given = incidents.feedback()
        _show_feedback([one for one in given if not wanted or one.closing.camera_id in wanted], options)
        return
    if options.server is not None:
        raise ViapublicaError("thresholds", "of a server are not served, only --feedback and --undo", _WHERE)
    config = loaded_config(options.config)
    given = given_feedback(register_of(options.register, options.config, options.data))
    _show_thresholds(camera_thresholds(config, wanted, given=given), options)


def _show_thresholds(found: list[CameraThreshold], options: IncidentOptions) -> None:
    if options.as_json:
        for camera_id, one in found:
            print_json({"camera": camera_id, **one._asdict()})
        return
    if not found:
        say(out, "no camera with zones")
        return
    rows = [
        (
            camera_id,
            one.rule.value,
            one.zone or "-",
            one.name,
            round(one.value, 2),
            "stated" if one.stated else "learned" if one.usual is not None else "default",
            "-" if one.factor == 1 else f"× {one.factor:.2f}",
            "-" if one.usual is None else round(one.usual, 1),
            one.seen,
        )
        for camera_id, one in found
    ]
    columns = ["camera", "rule", "zone", "threshold", "value", "from", "feedback", "usual", "figures"]
    print_table("Thresholds at this hour", columns, rows)


def _show_feedback(found: list[Feedback], options: IncidentOptions) -> None:
    if options.as_json:
        for one in found:
            changed = {"before": one.before._asdict(), "after": one.after._asdict()}
            print_json({**one.closing._asdict(), **changed})
        return
    if not found:
        say(out, "no incident was closed in the last 90 days")
        return
    rows = [
        (
            options.time(one.closing.at_ms),
            one.closing.incident[:12],
            one.closing.camera_id,
            one.closing.rule,
            one.closing.reason.value,
            one.closing.by,
            _effect(one),
        )
        for one in found
    ]
    print_table("Feedback", ["time", "incident", "camera", "rule", "closed as", "person", "effect"], rows)


def _effect(one: Feedback) -> str:
    if one.closing.reason is CloseReason.DUPLICATE:
        return f"time of grouping × {one.before.grouping:.2f} → × {one.after.grouping:.2f}"
    if one.before == one.after:
        return "none"
    return f"threshold × {one.before.threshold:.2f} → × {one.after.threshold:.2f}"
