"""A process that builds one release for a person, and reports on its standard output: `ReleaseBuilds` starts it.

It runs isolated, as the command does: nothing that an environment injects is loaded into it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from pipeline.app.anonymize.progress import Stage
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import open_registry
from pipeline.app.release.build_messages import BuildOrder, BuildReport
from pipeline.app.release.build_release import BuildRequest, build_release
from pipeline.app.release.permitted_releases import permitted_register
from pipeline.config import load_config
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError, ViapublicaError

_NICE: Final = 10
"""The server answers before it."""
_ROUND_S: Final = 0.5
"""Seconds between two reports of one stage."""


class _Lines:
    """Implements `pipeline.app.anonymize.progress.Progress`."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._total = self._first = 0
        self._stages: Sequence[Stage] = ()
        self._said = ("", 0.0)

    def start(self, stages: Sequence[Stage], frames: int | None) -> None:
        self._stages, self._total = stages, frames or 0

    def begin_round(self, number: int, most: int) -> None:
        self.write(BuildReport(round=number, rounds=most))

    def advance(self, stage: Stage, frames: int) -> None:
        if stage is self._stages[0]:
            self._first = frames
        elif self._first:
            self._total = self._first  # the true number is known by now
        now_s = time.monotonic()
        if self._said[0] != stage or now_s - self._said[1] >= _ROUND_S:
            self._said = stage.value, now_s
            self.write(BuildReport(stage=stage.value, frames=frames, total=self._total))

    def warn(self, subject: str, message: str) -> None:
        self.write(BuildReport(warning=f"{subject}: {message}"))

    def write(self, report: BuildReport) -> None:
        self._output.write(msgspec.json.encode(report) + b"\n")
        self._output.flush()


def build(order: BuildOrder, lines: _Lines) -> None:
    """Build what is ordered.

    Raises:
        ViapublicaError: see `build_release`.
    """
    stores = replace(
        ConfiguredStores.of_config(load_config(Path(order.config), for_queries=True)), register_database=order.register
    )
    password = order.password
    with open_registry(order.register, stores, Requester.of_process()) as registry:
        opened = registry.at_work(order.login, order.purpose, order.case)
        request = BuildRequest(
            number=order.number,
            by=opened.actor.person().name,
            config=Path(order.config),
            folder=Path(order.folder),
            certificate=Path(order.certificate),
            key=Path(order.key),
            key_password=None if password is None else lambda: password,
            regions=Path(order.regions) if order.regions else None,
            windscreens=order.windscreens,
            institution=stores.institution,
            locale=order.locale,
            rebuild=order.rebuild,
        )
        with permitted_register(opened, order.register, stores) as (register, _):
            build_release(request, register, lines)


def main() -> None:
    """Read the order from the standard input, and build it."""
    os.nice(_NICE)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no report
    lines = _Lines(output)
    try:
        build(msgspec.json.decode(sys.stdin.buffer.read(), type=BuildOrder), lines)
    except ViapublicaError as error:
        policy, portuguese = (error.policy, error.portuguese) if isinstance(error, PolicyError) else ("", "")
        lines.write(
            BuildReport(subject=error.subject, text=error.problem, fix=error.fix, policy=policy, portuguese=portuguese)
        )
        raise SystemExit(1) from None
    lines.write(BuildReport(done=True))


if __name__ == "__main__":
    main()
