"""One physical source under several camera ids: by address, host or file, refused where declarations differ."""

from __future__ import annotations

import os
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import combinations
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.source_address import parse_address
from pipeline.domain.source_identity import normalized_source
from pipeline.errors import ConfigError
from pipeline.policy.scope import may_read_plates

_THIS_MACHINE: Final = "this machine"
"""Stands for every address by which a machine names itself."""
_LOOKUP_S: Final = 2.0
"""Seconds for all lookups of host names together; a name without an answer is compared as it is written."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a source is: the hosts that its name stands for, and port, path and query; of a file its own identity."""

    hosts: frozenset[str]
    rest: str


def check_distinct_sources(config: Config) -> None:
    """Check that no source has two ids whose scope, surroundings or privacy masks differ.

    Raises:
        ConfigError: naming both cameras; or a camera that no other is known by.
    """
    for camera in config.cameras:
        for unknown in sorted(camera.other_scene_than - ({one.id for one in config.cameras} - {camera.id})):
            raise ConfigError(
                f"camera {camera.id}", f"other_scene_than names {unknown}, which is no other camera", "Correct the id"
            )
    for one, other in same_sources(config):
        differing = _differing(one, other)
        if differing:
            raise ConfigError(
                f"cameras {one.id} and {other.id}",
                f"have the same source, and differ in {' and '.join(differing)}",
                "A source shows one public space: declare both alike, or remove one",
            )


def same_sources(config: Config) -> list[tuple[CameraSettings, CameraSettings]]:
    """Pairs of cameras with one source: whatever the login, default port, case of letters, slashes or host alias."""
    places = _places(config)
    return [
        (one, other)
        for (one, here), (other, there) in combinations(places, 2)
        if here.rest == there.rest and here.hosts & there.hosts
    ]


def shared_hosts(config: Config) -> list[tuple[CameraSettings, CameraSettings]]:
    """Pairs of cameras at one host of which only one may read plates: maybe two streams of one camera."""
    return [
        (one, other)
        for (one, here), (other, there) in combinations(_places(config), 2)
        if here.hosts & there.hosts
        and here.hosts != frozenset({""})
        and here.rest != there.rest
        and may_read_plates(one.camera()) != may_read_plates(other.camera())
    ]


def undeclared_pairs(config: Config) -> list[tuple[str, str]]:
    """Of `shared_hosts`, those whose scenes are not declared apart: the camera that may read plates, and the other."""
    found = []
    for one, other in shared_hosts(config):
        reader, forbidden = (one, other) if may_read_plates(one.camera()) else (other, one)
        if forbidden.id not in reader.other_scene_than:
            found.append((reader.id, forbidden.id))
    return found


def _differing(one: CameraSettings, other: CameraSettings) -> list[str]:
    found = []
    if one.scope is not other.scope:
        found.append("scope")
    if one.camera().surroundings != other.camera().surroundings:
        found.append("surroundings")
    if set(one.masks) != set(other.masks):
        found.append("masks")
    return found


def _places(config: Config) -> list[tuple[CameraSettings, _Place]]:
    written: list[tuple[CameraSettings, str, str]] = []
    for camera in config.cameras:
        address = parse_address(camera.id, camera.source, config.decode.protocols)
        if address.path is not None:
            written.append((camera, "", _file_identity(address.path)))
            continue
        parts = urlsplit(normalized_source(camera.source))
        port = parts.port if parts.port is not None else ""
        written.append((camera, parts.hostname or "", f"{port}{parts.path}?{parts.query}#{camera.track or 1}"))
    numbers = _numbers({host for _, host, _ in written if host})
    return [(camera, _Place(numbers.get(host, frozenset({host})), rest)) for camera, host, rest in written]


def _file_identity(path: Path) -> str:
    """The same for links of any kind to one file."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return f"{status.st_dev}:{status.st_ino}"


def _numbers(hosts: set[str]) -> dict[str, frozenset[str]]:
    """Each host with all its addresses."""
    if not hosts:
        return {}
    pool = ThreadPoolExecutor(max_workers=min(16, len(hosts)))
    try:
        futures = {host: pool.submit(_lookup, host) for host in sorted(hosts)}
        return {host: found for host, future in futures.items() if (found := _in_time(future))}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _in_time(future: Future[frozenset[str]]) -> frozenset[str]:
    try:
        return future.result(timeout=_LOOKUP_S)
    except (NotInTime, OSError, UnicodeError):
        return frozenset()


def _lookup(host: str) -> frozenset[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = {str(address[0]).partition("%")[0].removeprefix("::ffff:") for *_, address in found}
    numbers = [ip_address(address) for address in addresses]
    own = any(number.is_loopback or number.is_unspecified for number in numbers)
    return frozenset({host, *addresses, *([_THIS_MACHINE] if own else [])})
