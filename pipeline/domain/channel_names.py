"""Names of the spools and sinks of alert channels, which differ from those of all other sinks."""

from __future__ import annotations

from typing import Final

CHANNEL_PREFIX: Final = "channel-"
"""Before the name of a channel where sinks and channels are named together: spools, metrics, states."""
QUIET_SUFFIX: Final = "-quiet"
"""After the name of the spool of quiet hours."""


def is_channel(name: str) -> bool:
    """Whether the sink of this name is a channel: its spool leads to no event store."""
    return name.startswith(CHANNEL_PREFIX)


def channel_sinks_of(name: str, *, quiet: bool) -> list[str]:
    """Names of the sinks of a channel.

    Args:
        name: of the channel; quiet: whether it has quiet hours, and with them a second spool.
    """
    direct = CHANNEL_PREFIX + name
    return [direct, direct + QUIET_SUFFIX] if quiet else [direct]
