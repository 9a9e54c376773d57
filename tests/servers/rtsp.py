"""A real RTSP server for tests and benchmarks, which can be killed, stalled and brought back.

Run as a script by the system's Python (which has gi and GStreamer) this file *is* the server; imported, it gives
`RtspServer`, which starts and torments that script, and `encode_loop`, which makes the file it serves.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import subprocess
import sys
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

SYSTEM_PYTHON = "/usr/bin/python3"
_START_S = 20.0


@lru_cache(maxsize=1)
def why_no_server() -> str:
    """Why no RTSP server can run here; "" when one can."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"no {SYSTEM_PYTHON}"
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    result = subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    if result.returncode == 0:
        return ""
    return (
        "GStreamer's RTSP server is missing: apt install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-*"
    )


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def encode_loop(
    target: Path, *, source: Path | None = None, seconds: float = 4.0, fps: int = 25, size: tuple[int, int] = (640, 360)
) -> Path:
    """An Annex-B H.264 file without B-frames, a key frame per second: a moving pattern, or frames of a clip."""
    import av
    import numpy as np

    width, height = size
    count = round(seconds * fps)
    with av.open(str(target), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "ultrafast", "bf": "0", "g": str(fps)}
        stream.codec_context.thread_count = 1  # of several slices of a key frame, this server loses the first
        if source is None:
            x, y = np.meshgrid(np.arange(width), np.arange(height))
            images = (np.stack([x + 5 * n, y + 3 * n, x + y], -1).astype(np.uint8) for n in range(count))
            frames = (av.VideoFrame.from_ndarray(image, "bgr24") for image in images)
        else:
            clip = av.open(str(source))
            frames = (frame for _, frame in zip(range(count), clip.decode(video=0), strict=False))
        for number, frame in enumerate(frames):
            scaled = frame.reformat(width, height, "yuv420p")
            scaled.pts, scaled.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(scaled))
        container.mux(stream.encode(None))
    return target


class RtspServer:
    """The server in a process of its own; a context manager.

    Args:
        file: what `encode_loop` made.
        mounts: how many streams, at `url(0)` to `url(mounts - 1)`.
        fps: frames per second it is played at.
        credentials: USER:PASSWORD that clients must give, "" for none; digest: by digest authentication.
        port: 0 for any free one.
    """

    def __init__(
        self, file: Path, *, mounts: int = 1, fps: int = 25, credentials: str = "", digest: bool = False, port: int = 0
    ) -> None:
        self._file = file
        self._mounts = mounts
        self._fps = fps
        self._credentials = credentials
        self._digest = digest
        self.port = port or free_port()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.kill()

    def url(self, mount: int = 0, credentials: str = "") -> str:
        """The address of a stream."""
        login = f"{credentials}@" if credentials else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/{mount}"

    def start(self) -> None:
        """Start it, and return when it listens."""
        command = [SYSTEM_PYTHON, str(Path(__file__).resolve()), str(self._file), "--port", str(self.port)]
        command += ["--mounts", str(self._mounts), "--fps", str(self._fps), "--user", self._credentials]
        command += ["--digest"] if self._digest else []
        # Not the virtual environment's: its packages are not for the system's Python.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self._process.stdout is not None
        started = select.poll()  # a process of the tests may have more than 1,024 files open
        started.register(self._process.stdout, select.POLLIN)
        if not started.poll(1000 * _START_S) or self._process.stdout.readline().strip() != "ready":
            self.kill()
            raise RuntimeError("the RTSP server did not start")

    def kill(self) -> None:
        """SIGKILL, as when the power goes; the port is closed afterwards."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def stall(self) -> None:
        """SIGSTOP: connections stay open and nothing comes."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the RTSP server is not running")
        self._process.send_signal(number)


def _serve(given: argparse.Namespace) -> None:
    import gi  # type: ignore[import-not-found]

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]

    def stamp(_pad: Any, info: Any) -> Any:
        # An elementary stream carries no presentation times; without B-frames they are the decoding times.
        buffer = info.get_buffer()
        if buffer.pts == Gst.CLOCK_TIME_NONE:
            buffer.pts = buffer.dts
        return Gst.PadProbeReturn.OK

    def configure(_factory: Any, media: Any) -> None:
        media.get_element().get_by_name("parse").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, stamp)

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(given.port))
    if given.user:
        _ask_for_password(GstRtspServer, server, given.user, given.digest)
    for number in range(given.mounts):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f"( multifilesrc location={given.file} loop=true"
            f" caps=video/x-h264,stream-format=byte-stream,framerate={given.fps}/1"
            " ! h264parse name=parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
        )
        factory.set_shared(True)
        factory.connect("media-configure", configure)
        if given.user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{number}", factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {given.port}")
    print("ready", flush=True)
    GLib.MainLoop().run()


def _ask_for_password(gst_rtsp_server: Any, server: Any, credentials: str, digest: bool) -> None:
    name, password = credentials.split(":")
    token = gst_rtsp_server.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = gst_rtsp_server.RTSPAuth()
    if digest:
        from gi.repository import GstRtsp  # type: ignore[import-not-found,unused-ignore]

        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(name, password, token)
    else:
        auth.add_basic(gst_rtsp_server.RTSPAuth.make_basic(name, password), token)
    server.set_auth(auth)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve an H.264 file in a loop at rtsp://127.0.0.1:PORT/0 to /N-1.")
    parser.add_argument("file")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mounts", type=int, default=1)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--user", default="", help="USER:PASSWORD that clients must give")
    parser.add_argument("--digest", action="store_true", help="ask for it by digest authentication")
    return parser.parse_args()


if __name__ == "__main__":
    _serve(_arguments())
