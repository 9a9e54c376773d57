"""Stream addresses that a camera names by ONVIF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline.domain.extras import require
from pipeline.domain.network_address import BadAddress, NetworkAddress, split_address
from pipeline.errors import SourceError, StreamInterrupted

__all__ = ["CameraStreams", "OnvifStream", "streams_of_camera"]

_SCHEMES: Final = frozenset({"rtsp", "rtsps", "http", "https"})
_DEFAULT_SERVICE: Final = "/onvif/device_service"
_FIX_LOGIN: Final = (
    "Check user and password; some cameras have users of their own for ONVIF, and some refuse a login when their clock "
    "is wrong"
)


@dataclass(frozen=True, slots=True)
class OnvifStream:
    """One media profile of a camera.

    Attributes:
        profile: token of the profile.
        name: of the profile, as the camera states it.
        encoding: such as ``H264``; "" when not stated.
        width, height: pixels; 0 when not stated.
        fps: limit of the rate; 0 when not stated.
        address: of the stream, without credentials.
    """

    profile: str
    name: str
    encoding: str
    width: int
    height: int
    fps: int
    address: str


@dataclass(frozen=True, slots=True)
class CameraStreams:
    """A camera and its streams, the largest image first."""

    manufacturer: str
    model: str
    firmware: str
    streams: Sequence[OnvifStream]


def streams_of_camera(host: str, *, user: str, password: str, timeout_s: float) -> CameraStreams:
    """Ask a camera for the addresses of its streams.

    Every address is pointed at the host that was asked: cameras name addresses that lead nowhere, and a hostile one
    must not choose another host. A login in an address is dropped.

    Args:
        host: host, host and port, or the address of its device service.
        user, password: of the camera; both may be empty.
        timeout_s: for each answer.

    Raises:
        SourceError: it does not answer, refuses the login, or names no stream.
        MissingComponent: the extra `onvif` is not installed.
    """
    require("onveef")
    import onveef

    service = _service_of(host)
    https = service.scheme == "https"
    client = onveef.OnvifClient(
        service.host,
        service.port or (443 if https else 80),
        user,
        password,
        use_https=https,
        device_path=service.rest if len(service.rest) > 1 else _DEFAULT_SERVICE,
        http_auth="digest",  # Basic would send the password readable, to whatever answers there
        timeout_s=timeout_s,
    )
    try:
        with client:
            return _asked(client, host, service.host)
    except onveef.OnvifTimeoutError:
        fix = "Check its power, address and network"
        raise StreamInterrupted(host, f"does not answer within {timeout_s:g} s", fix) from None
    except onveef.OnvifTransportError:
        fix = "Check address and port, and that ONVIF is switched on"
        raise SourceError(host, "does not answer as an ONVIF device", fix) from None
    except onveef.OnvifError as error:
        if isinstance(error, onveef.OnvifAuthError) or "not authorized" in str(error).lower():
            raise SourceError(host, "refuses the ONVIF login", _FIX_LOGIN) from None
        fix = "Give the address of its stream instead"
        raise SourceError(host, f"does not answer the question for its streams ({type(error).__name__})", fix) from None


def _service_of(host: str) -> NetworkAddress:
    try:
        parts = split_address(host if "://" in host else f"http://{host}")
    except BadAddress as error:
        raise SourceError("--onvif", error.problem, "Give a host, or host:port") from None
    if parts.login is not None or parts.scheme not in {"http", "https"}:
        raise SourceError("--onvif", "is no host", "Give a host or host:port, and the login by --user")
    return parts


def _asked(client: Any, host: str, name: str) -> CameraStreams:
    about = client.get_device_information()
    streams = []
    for profile in client.get_profiles():
        token = str(profile.get("token") or "")
        address = _pointed_at(name, client.get_stream_uri(profile_token=token))
        if address is not None:
            streams.append(_stream(profile, token, address))
    if not streams:
        raise SourceError(host, "names no stream that can be used", "Give the address of its stream instead")
    streams.sort(key=lambda one: -one.width * one.height)
    manufacturer, model, firmware = (str(about.get(key) or "") for key in ("Manufacturer", "Model", "FirmwareVersion"))
    return CameraStreams(manufacturer, model, firmware, streams)


def _pointed_at(name: str, uri: str) -> str | None:
    try:
        parts = split_address(uri)
    except BadAddress:
        return None
    return replace(parts, login=None, host=name).text if parts.scheme in _SCHEMES else None


def _stream(profile: dict[str, Any], token: str, address: str) -> OnvifStream:
    encoder = profile.get("video_encoder") or {}
    width, height, fps = (int(encoder.get(key) or 0) for key in ("width", "height", "fps_limit"))
    return OnvifStream(
        token, str(profile.get("name") or ""), str(encoder.get("encoding") or ""), width, height, fps, address
    )
