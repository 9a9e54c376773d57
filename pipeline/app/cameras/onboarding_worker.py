"""A process that connects to one camera for a person of a server, and reports on its standard output.

What a camera sends is decoded here and not in the server, and the networks that mask people leave memory with it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.camera_setup import add_camera
from pipeline.app.cameras.drawing_session import open_drawing
from pipeline.app.cameras.onboarding_messages import OnboardingOrder, OnboardingReport
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import open_registry
from pipeline.config.camera_entry import NewCamera
from pipeline.config.load import load_config
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError, ViapublicaError

_TEST_S: Final = 2.0


def carry_out(order: OnboardingOrder) -> OnboardingReport:
    """Do what is ordered, in the name of its person.

    Raises:
        ViapublicaError: see `add_camera` and `open_drawing`.
    """
    config = Path(order.config)
    stores = replace(
        ConfiguredStores.of_config(load_config(config, for_queries=True)), register_database=order.register
    )
    with (
        open_registry(order.register, stores, Requester.of_process()) as registry,
        acting_as(registry.at_work(order.login, order.purpose)),
    ):
        if order.camera is not None:
            return _added(config, order.camera, stores)
        still = open_drawing(config, order.camera_id, None).still
        return OnboardingReport(
            done=True, still=still.content, width=still.width, height=still.height, at_ms=still.at_ms
        )


def _added(config: Path, camera: NewCamera, stores: ConfiguredStores) -> OnboardingReport:
    audit = audit_of_stores(stores)
    with audit.doing(Operation.CONFIGURATION, cameras=(camera.id,), details={"action": "add-camera"}):
        _, probed = add_camera(config, camera, test_s=_TEST_S)
    return OnboardingReport(done=True, warnings=() if probed is None else tuple(probed.warnings))


def main() -> None:
    """Read the order from the standard input, and carry it out."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no report
    try:
        report = carry_out(msgspec.json.decode(sys.stdin.buffer.read(), type=OnboardingOrder))
    except ViapublicaError as error:
        policy, portuguese = (error.policy, error.portuguese) if isinstance(error, PolicyError) else ("", "")
        report = OnboardingReport(
            subject=error.subject, text=error.problem, fix=error.fix, policy=policy, portuguese=portuguese
        )
    with output:
        output.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
