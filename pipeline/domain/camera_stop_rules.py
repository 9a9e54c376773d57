"""Rules by which no stream of a registered camera may run, in the words of alerts and camera states."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class StopRule(StrEnum):
    """Rules by which no stream of a registered camera may run."""

    RESCINDED = "camera-rescinded"
    SUSPENDED = "camera-suspended"
    AGREEMENT = "camera-agreement-not-in-force"
    PROJECT = "camera-project-not-approved"


WHY_STOPPED: Final = {
    StopRule.RESCINDED: "its cooperation was rescinded",
    StopRule.SUSPENDED: "it is suspended",
    StopRule.AGREEMENT: "its cooperation agreement is not in force",
    StopRule.PROJECT: "its installation project is not approved",
}
