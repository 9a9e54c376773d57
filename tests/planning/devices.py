"""A device whose rows follow a known law: 1 ms for a frame of video, and 10, 12 or 20 ms for an analyzed one."""

from __future__ import annotations

from pipeline.planning.measured import CameraCost, Device, EventSize, IngestRate, Traffic

DECODE_S = 0.001
ANALYSIS_S = {Traffic.EMPTY: 0.010, Traffic.ORDINARY: 0.012, Traffic.DENSE: 0.020}
FPS = 25.0


def seconds(rate: float, traffic: Traffic) -> float:
    """Of the machine for one second of a camera's video."""
    return FPS * DECODE_S + rate * ANALYSIS_S[traffic]


def row(rate: float, traffic: Traffic, **changed: object) -> CameraCost:
    cost = seconds(rate, traffic)
    fields = {"size": "1280x720", "fps": FPS, "rate": rate, "traffic": traffic, "source": "by hand"}
    return CameraCost.model_validate({**fields, "machine_seconds": (0.9 * cost, cost, 1.1 * cost), **changed})


def device(*rows: CameraCost) -> Device:
    measured = rows or (*(row(5, traffic) for traffic in Traffic), row(1, Traffic.ORDINARY))
    return Device(name="by-hand", gpus=2, costs=measured)


EVENT_SIZE = EventSize(stored=(50, 60, 90), sent=(80, 100, 400), source="by hand")
INGEST = IngestRate(per_second=(1000, 1000, 1000), source="by hand")
