"""Cameras that people of a server add to its configuration: address, test, drawing, and the reload of the run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec

from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.camera_setup import camera_of
from pipeline.app.cameras.camera_password import remove_camera_password, store_camera_password
from pipeline.app.cameras.drawing_session import DrawingSession, Still
from pipeline.app.cameras.onboarding_messages import OnboardingOrder, OnboardingReport
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.config.camera_entry import NewCamera
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.load import load_config
from pipeline.domain.live_view import live_socket
from pipeline.domain.network_address import BadAddress, is_network_address, split_address
from pipeline.domain.operation import Operation
from pipeline.domain.process_environment import without_injection
from pipeline.errors import ConfigError, PolicyError, SourceError, StoreError
from pipeline.policy.scope import allows_plates
from pipeline.storage.local_socket import is_own_user, peer_pid, short_address

__all__ = ["CameraOnboarding", "NewCamera", "allows_plates", "check_camera_address"]

_COMMAND: Final = (sys.executable, "-I", "-m", "pipeline.app.cameras.onboarding_worker")
_LONGEST_S: Final = 50.0
"""Browsers wait for a minute, and would say that nothing was done."""
_MOST_DRAWINGS: Final = 8
_CONNECT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class CameraOnboarding:
    """The cameras of a server's configuration, for its people.

    Attributes:
        register: the database; config: the configuration, None where the server has none.
        command: of the process that connects to a camera.
    """

    register: str
    config: Path | None
    command: Sequence[str] = _COMMAND
    _drawings: dict[tuple[str, str], DrawingSession] = field(default_factory=dict)
    _connecting: threading.Lock = field(default_factory=threading.Lock)

    def camera(self, camera_id: str) -> CameraSettings:
        """A camera of the configuration as it is now.

        Raises:
            ConfigError: the server has no configuration, or it has no such camera.
        """
        path = self._path()
        return camera_of(load_config(path, for_queries=True), path, camera_id)

    def ids(self) -> frozenset[str]:
        """The cameras of the configuration; none where the server has no configuration."""
        if self.config is None:
            return frozenset()
        return frozenset(one.id for one in load_config(self.config, for_queries=True).cameras)

    def add(self, opened: OpenRegistry, camera: NewCamera, password: str) -> tuple[str, ...]:
        """Test a camera, and add it to the configuration; what is to be noted about its stream.

        Args:
            opened: the registry, for the person, with the purpose; camera: to add, without a password.
            password: of its login; it goes into a file beside the configuration.

        Raises:
            ConfigError, SourceError, PolicyError: see `add_camera` and `check_camera_address`; nothing is added.
        """
        check_camera_address(camera.source)
        path = self._path()
        if camera.id in self.ids():
            raise ConfigError(f"camera {camera.id}", "is in the configuration already", "Choose another id")
        stored = store_camera_password(path, camera.id, password) if password else None
        try:
            order = self._order(opened, camera=replace(camera, password_file=stored))
            return self._carried_out(order).warnings
        except BaseException:
            if stored is not None:
                remove_camera_password(path, stored)
            raise

    def begin_drawing(self, opened: OpenRegistry, camera_id: str) -> None:
        """Take an image of a camera, masked, on which the person draws; see `open_drawing`.

        Raises:
            ViapublicaError: see `open_drawing`.
        """
        report = self._carried_out(self._order(opened, camera_id=camera_id))
        still = Still(report.still, report.width, report.height, report.at_ms)
        key = opened.actor.person().login, camera_id
        self._drawings.pop(key, None)
        while len(self._drawings) >= _MOST_DRAWINGS:
            self._drawings.pop(next(iter(self._drawings)))
        self._drawings[key] = DrawingSession(self._path(), camera_id, still)

    def drawing(self, opened: OpenRegistry, camera_id: str) -> DrawingSession:
        """The drawing that the person began.

        Raises:
            ConfigError: they began none, or the server was started since.
        """
        found = self._drawings.get((opened.actor.person().login, camera_id))
        if found is None:
            raise ConfigError(f"drawing of {camera_id}", "was not begun", "Begin it on the page of the camera")
        return found

    def end_drawing(self, opened: OpenRegistry, camera_id: str) -> None:
        """Forget the image."""
        self._drawings.pop((opened.actor.person().login, camera_id), None)

    def reload_run(self, opened: OpenRegistry) -> None:
        """Let the run of the cameras read the configuration.

        Args:
            opened: the registry, for the person, with the purpose.

        Raises:
            PolicyError: they may not; StoreError: no run of this user answers here.
        """
        stores = ConfiguredStores.of_config(load_config(self._path(), for_queries=True))
        with acting_as(opened), audit_of_stores(stores).doing(Operation.CONFIGURATION, details={"action": "reload"}):
            _reload(live_socket(stores.data_dir))

    def _path(self) -> Path:
        if self.config is None:
            raise ConfigError(
                "configuration", "is not known to this server", "Start it with --config: viapublica serve"
            )
        return self.config

    def _order(self, opened: OpenRegistry, *, camera_id: str = "", camera: NewCamera | None = None) -> OnboardingOrder:
        return OnboardingOrder(
            register=self.register,
            config=str(self._path()),
            login=opened.actor.person().login,
            purpose=opened.requester.purpose,
            camera_id=camera_id,
            camera=camera,
        )

    def _carried_out(self, order: OnboardingOrder) -> OnboardingReport:
        if not self._connecting.acquire(blocking=False):
            raise SourceError("camera", "has to wait: another camera is being connected to", "Try again in a minute")
        try:
            done = subprocess.run(
                self.command,
                input=msgspec.json.encode(order),
                stdout=subprocess.PIPE,
                timeout=_LONGEST_S,
                check=False,
                env=without_injection(os.environ),
            )
            report = msgspec.json.decode(done.stdout, type=OnboardingReport)
        except subprocess.TimeoutExpired:
            raise SourceError("camera", "did not answer in time", "Check its address and the network") from None
        except (OSError, msgspec.DecodeError):
            raise SourceError("camera", "ended without a result", "See the log of the server") from None
        finally:
            self._connecting.release()
        if report.policy or report.portuguese:
            raise PolicyError(
                report.subject, report.text, report.fix, policy=report.policy, portuguese=report.portuguese
            )
        if not report.done:
            raise SourceError(report.subject, report.text, report.fix)
        return report


def check_camera_address(source: str) -> None:
    """Require an address that may be that of a camera: a server connects to it for someone at a browser.

    Files are none, nor are this machine, link-local addresses (as of metadata services), and groups. A camera behind
    such an address is added on the command line.

    Raises:
        ConfigError: it is none of them, or has no such host.
    """
    fix = "Give the address of the camera, such as rtsp://10.20.0.11/stream1"
    if not is_network_address(source):
        raise ConfigError("address", "is no network address", fix)
    try:
        host = split_address(source).host.strip("[]")
    except BadAddress as error:
        raise ConfigError("address", error.problem, error.fix) from None
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise ConfigError("address", "names a host that is not known", "Check the name, or give its number") from None
    for one in found:
        address = ip_address(str(one).partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
            raise ConfigError("address", "is not that of a camera in the network", fix)


def _reload(path: Path) -> None:
    """Send SIGHUP to the run that listens on a socket, if it is one of this user."""
    silent = StoreError(
        "run of the cameras", "is not possible, as no run of the cameras answers", "Start it: viapublica run"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_CONNECT_S)
        try:
            with short_address(path) as address:
                peer.connect(address)
        except OSError:
            raise silent from None
        pid = peer_pid(peer)
        if pid <= 0 or not is_own_user(peer):
            raise silent
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
