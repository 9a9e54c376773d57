"""Completion of camera ids by the shell, from the configuration that the command line names."""

from __future__ import annotations

import typer

from pipeline.cli.common.default_config import DEFAULT_CONFIG
from pipeline.errors import ViapublicaError


def complete_camera(ctx: typer.Context, incomplete: str) -> list[str]:
    """The camera ids that begin with what was typed; none where the configuration cannot be read."""
    from pipeline.app.camera_setup import camera_ids

    try:
        return [one for one in camera_ids(ctx.params.get("config") or DEFAULT_CONFIG) if one.startswith(incomplete)]
    except ViapublicaError:
        return []
