"""ONVIF cameras of the local network, found by WS-Discovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pipeline.domain.extras import require
from pipeline.domain.network_address import BadAddress, split_address

__all__ = ["DiscoveredCamera", "discover_cameras"]


@dataclass(frozen=True, slots=True, order=True)
class DiscoveredCamera:
    """One answer to a probe; nothing in it is authenticated, any device may claim it.

    Attributes:
        host: host, or host and port, of its ONVIF service.
        name, hardware, location: as the camera states them; "" when it does not.
        service: address of its device service, without credentials.
    """

    host: str
    name: str
    hardware: str
    location: str
    service: str


def discover_cameras(
    *, timeout_s: float, host: str | None = None, interface: str | None = None
) -> Sequence[DiscoveredCamera]:
    """Probe the local network, or one host, and collect answers.

    Args:
        timeout_s: to listen, per network interface.
        host: ask this host only, or host:port; for other subnets, where multicast does not arrive.
        interface: address of the network interface to send from; every one by default.

    Raises:
        BadAddress: `host` is no host.
        MissingComponent: the extra `onvif` is not installed.
        OSError: the probe cannot be sent.
    """
    require("onveef")
    from onveef import wsdiscovery

    if host is not None:
        asked = split_address(f"udp://{host}")
        port = asked.port or wsdiscovery.WS_DISCOVERY_PORT
        found = wsdiscovery.probe_device(asked.host, timeout_s=timeout_s, port=port)
    else:
        found = wsdiscovery.discover(timeout_s=timeout_s, interface_ip=interface)
    cameras = {camera for device in found if (camera := _camera(device)) is not None}
    return sorted(cameras)


def _camera(device: Any) -> DiscoveredCamera | None:
    """None for an answer without a usable service address: it cannot be asked for streams."""
    for service in (*device.xaddrs, device.address):
        try:
            parts = split_address(service)
        except BadAddress:
            continue
        if parts.scheme in {"http", "https"}:
            name, hardware, location = (unquote(text) for text in (device.name, device.hardware, device.location))
            return DiscoveredCamera(parts.endpoint, name, hardware, location, parts.shown)
    return None
