"""A small HTTP server of files and of nonsense, for cameras that speak HTTP."""

from __future__ import annotations

import base64
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


class _Handler(SimpleHTTPRequestHandler):
    """``/NAME`` serves a file, ``/private/NAME`` asks for user:password, ``/moved`` is a.mp4; rubbish, hang, mjpeg and
    round never end."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """Serve one request."""
        if self.path.startswith("/private/"):
            if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"user:password").decode():
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            self.path = self.path.removeprefix("/private")
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.mp4")
            self.end_headers()
            return
        if self.path.startswith("/round"):
            self.send_response(302)
            self.send_header("Location", f"{self.path}x")
            self.end_headers()
            return
        endless = {"/rubbish": b"\x00\xff nonsense " * 500, "/hang": b"", "/mjpeg": None}
        if self.path in endless:
            self._endless(endless[self.path])
        else:
            super().do_GET()

    def _endless(self, data: bytes | None) -> None:
        self.send_response(200)
        kind = "multipart/x-mixed-replace; boundary=next" if data is None else "video/mp4"
        self.send_header("Content-Type", kind)
        self.end_headers()
        image = Path(self.directory, "image.jpg")
        try:
            while not self.server.stopping.is_set():  # type: ignore[attr-defined]
                if data is None:
                    part = image.read_bytes()
                    head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(part)}\r\n\r\n"
                    self.wfile.write(head.encode() + part + b"\r\n")
                else:
                    self.wfile.write(data)
                time.sleep(0.04)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class WebServer:
    """Serves a folder on a free port of this machine; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self._server.daemon_threads = True
        self._server.stopping = threading.Event()  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._server.stopping.set()  # type: ignore[attr-defined]
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str, credentials: str = "") -> str:
        """The address of a path."""
        login = f"{credentials}@" if credentials else ""
        return f"http://{login}127.0.0.1:{self._server.server_port}/{path}"
