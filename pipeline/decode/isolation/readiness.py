"""Waiting until a descriptor can be read, whatever its number: `select.select` refuses those from 1,024 on."""

from __future__ import annotations

import select
import socket


def readable(descriptor: int | socket.socket, timeout_s: float) -> bool:
    """Whether bytes, or the end, can be read within a time in seconds; 0 does not wait."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_s) * 1000))
