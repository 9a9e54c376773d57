"""Summary of a run: cameras, sinks, events and stage times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import STOPPED, SinkStatus, SourceStatus


class CameraReport(msgspec.Struct, frozen=True, kw_only=True):
    """One camera's part.

    Attributes:
        error: why it failed; detail: other facts about its end, such as a video that was cut off.
        damaged: decoded frames with concealed parts, see `pipeline.domain.frame.Frame`.
        analyzed: frames that the detector got; skipped: those in which adaptive analysis expected nothing new.
        decisions: both, by reason, see `pipeline.domain.frame_decision`.
        drops: frames that were neither, by reason.
        not_analyzed: video that the source holds besides, such as other tracks of a file.
    """

    camera: str
    state: str
    error: str = ""
    detail: str = ""
    decoded: int
    damaged: int = 0
    analyzed: int
    skipped: int = 0
    decisions: dict[str, int] = {}
    drops: dict[str, int]
    reconnects: int
    width: int
    height: int
    not_analyzed: list[str] = []


class NetworkReport(msgspec.Struct, frozen=True, kw_only=True):
    """A network that worked in the run.

    Attributes:
        model: name of its card; backend, device: what ran it and where; it passed the known-answer test there.
        rejected: faster backends that failed the test on this machine, with the reason.
        fallback: why it did not run on the configured device at the end, and what helps; "" where it did.
    """

    model: str
    backend: str
    device: str
    rejected: dict[str, str]
    fallback: str = ""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of `viapublica run`.

    Attributes:
        seconds: wall-clock length of the run; frames: analyzed or skipped; fps: frames / seconds.
        events: sent, by kind; refused: by reason of the policy gate; lost: by sink.
        cameras: those that ran at the end; removed: those that a new configuration removed before, oldest first.
        networks: detector and plate reader, and what was rejected for them.
        stages: seconds, calls and items by stage.
    """

    seconds: float
    frames: int
    fps: float
    events: dict[str, int]
    refused: dict[str, int]
    lost: dict[str, int]
    batch_mean: float
    cameras: list[CameraReport]
    removed: list[CameraReport] = []
    networks: list[NetworkReport] = []
    sinks: list[dict[str, Any]]
    stages: dict[str, dict[str, float]]

    @property
    def ok(self) -> bool:
        """Whether every camera delivered what it had and every event was delivered; removed cameras are not judged."""
        undelivered = any(sink["pending"] or sink["refused"] or sink["lost"] for sink in self.sinks)
        failed = any(camera.error or camera.detail or not camera.decoded for camera in self.cameras)
        return not (self.lost or undelivered or failed)


def merge_drops(*parts: Mapping[str, int]) -> dict[str, int]:
    """Drops of source and queue, reason by reason."""
    merged: dict[str, int] = {}
    for part in parts:
        for reason, count in part.items():
            if count:
                merged[reason] = merged.get(reason, 0) + count
    return merged


def camera_report(
    camera_id: str,
    status: SourceStatus,
    *,
    state: str,
    error: str,
    decisions: Mapping[str, int],
    queue_drops: Mapping[str, int],
) -> CameraReport:
    """One camera's part of the report."""
    analyzed = sum(count for reason, count in decisions.items() if FrameDecision(reason).analyzes)
    return CameraReport(
        camera=camera_id,
        state=state,
        error=error,
        detail="" if error or status.detail == STOPPED else status.detail,
        decoded=status.decoded,
        damaged=status.damaged,
        analyzed=analyzed,
        skipped=sum(decisions.values()) - analyzed,
        decisions=dict(decisions),
        drops=merge_drops(status.drops, queue_drops),
        reconnects=status.reconnects,
        width=status.width,
        height=status.height,
        not_analyzed=list(status.not_read),
    )


def denied_report(camera_id: str, status: SourceStatus) -> CameraReport:
    """The part of a camera that may not run at the end."""
    return CameraReport(
        camera=camera_id,
        state=status.state.value,
        error=status.detail,
        decoded=0,
        analyzed=0,
        drops={},
        reconnects=0,
        width=0,
        height=0,
    )


def network_report(network: NetworkIdentity) -> NetworkReport:
    """One network's part of the report."""
    return NetworkReport(
        model=network.name,
        backend=network.backend,
        device=network.device,
        rejected={one.backend: one.reason for one in network.rejected},
        fallback=network.fallback,
    )


def sink_report(status: SinkStatus) -> dict[str, Any]:
    """One sink's part of the report."""
    return {
        "sink": status.name,
        "accepted": status.accepted,
        "delivered": status.delivered,
        "pending": status.pending,
        "refused": status.refused,
        "lost": status.lost,
        "retries": status.retries,
        "error": status.error,
    }
