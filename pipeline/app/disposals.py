"""Disposals by a command: numbered, and in the audit."""

from __future__ import annotations

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.requester import Requester
from pipeline.engine.disposal_report import DisposalReport


def disposal_report(stores: ConfiguredStores) -> DisposalReport:
    """Numbers what a command of this user disposes of, and puts it into the audit."""
    return DisposalReport(stores.data_dir, stores.audit_dir, stores.zone, Requester.of_process().user)
