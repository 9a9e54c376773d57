"""Conflicts of cameras that an earlier run found, and their storage: no plate passes until they are found again."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from pipeline.config.settings import Config
from pipeline.engine.host_conflicts import host_key
from pipeline.engine.source_conflicts import undeclared_pairs
from pipeline.policy.gate import Gate
from pipeline.policy.scope import may_read_plates
from pipeline.storage.scene_conflicts import SceneConflicts

_log = structlog.get_logger(__name__)


def remember_conflicts(gate: Gate, config: Config) -> None:
    """Let a gate forbid what the last run of this data folder forbade, and store what it forbids from now on.

    A conflict has ended where one of the cameras was removed, or both are declared alike by now.

    Args:
        gate: of the run.
        config: of its cameras.

    Raises:
        ConfigError: the stored conflicts cannot be read.
    """
    stored = SceneConflicts(config.data_dir)

    def keep(conflicts: Mapping[tuple[str, str], str]) -> None:
        try:
            stored.write(conflicts)
        except OSError as error:  # the gate forbids them all the same
            _log.error(
                "scene_conflicts_not_stored", error=error.strerror, fix="Check rights and disk of the data folder"
            )

    found = stored.read()
    possible = _possible(config) if found else set()
    last = {pair: why for pair, why in found.items() if pair in possible}
    gate.remember_conflicts(last, keep)
    if last != found:
        keep(last)


def _possible(config: Config) -> set[tuple[str, str]]:
    reads = {camera.id: may_read_plates(camera.camera()) for camera in config.cameras}
    scenes = {(one, other) for one, reading in reads.items() for other in reads if reads[other] is not reading}
    return scenes | {(reader, host_key(other)) for reader, other in undeclared_pairs(config)}
