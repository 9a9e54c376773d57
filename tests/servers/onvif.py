"""A small ONVIF camera: device and media service over HTTP with WS-Security digest, and answers to WS-Discovery."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:ter="http://www.onvif.org/ver10/error">'
    "<s:Body>{body}</s:Body></s:Envelope>"
)
_DENIED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>'
)
_TIME = (
    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>12</tt:Hour>"
    "<tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month>"
    "<tt:Day>29</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
)
_ABOUT = (
    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Fabricante</tds:Manufacturer><tds:Model>M1</tds:Model>"
    "<tds:FirmwareVersion>1.0</tds:FirmwareVersion></tds:GetDeviceInformationResponse>"
)


def _profile(token: str, width: int, height: int) -> str:
    return (
        f'<trt:Profiles token="{token}"><tt:Name>{token}</tt:Name><tt:VideoEncoderConfiguration token="e{token}">'
        f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
        "</tt:Resolution><tt:RateControl><tt:FrameRateLimit>15</tt:FrameRateLimit></tt:RateControl>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Answer one question."""
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        operation = re.search(r"<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)", question)
        name = operation[1] if operation else ""
        camera = self.server.camera
        public = {"GetSystemDateAndTime", "GetServices", "GetCapabilities"}
        if name not in public and not camera.accepts(question):
            self._send(400, _DENIED)
            return
        self._send(200, camera.answer(name, question))

    def _send(self, status: int, body: str) -> None:
        content = _ENVELOPE.format(body=body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    camera: OnvifCamera


class OnvifCamera:
    """The camera on free ports of this machine; a context manager.

    Args:
        streams: addresses that it names, by the token of their profile; the first has the smaller image.
        user, password: its login.
    """

    def __init__(self, streams: dict[str, str], *, user: str = "admin", password: str = "p@ss/w#1") -> None:
        self._streams = streams
        self._user, self._password = user, password
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.camera = self
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}),
            threading.Thread(target=self._answer_probes),
        ]
        self._stopping = False

    @property
    def host(self) -> str:
        """``host:port`` of its device service."""
        return f"127.0.0.1:{self._http.server_port}"

    @property
    def discovery(self) -> str:
        """``host:port`` that answers probes."""
        return f"127.0.0.1:{self._udp.getsockname()[1]}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._udp.getsockname())
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join()
        self._udp.close()

    def accepts(self, question: str) -> bool:
        """Whether the WS-Security digest of a question is that of the login (UsernameToken profile 1.1)."""
        fields = dict(re.findall(r"<(?:\w+:)?(Username|Password|Nonce|Created)(?: [^>]*)?>([^<]*)", question))
        if fields.get("Username") != self._user:
            return False
        nonce = base64.b64decode(fields.get("Nonce", ""))
        digest = hashlib.sha1(nonce + fields.get("Created", "").encode() + self._password.encode()).digest()
        return fields.get("Password") == base64.b64encode(digest).decode()

    def answer(self, name: str, question: str) -> str:
        """The body of an answer."""
        service = f"http://{self.host}/onvif"
        if name == "GetServices":
            return "<tds:GetServicesResponse>" + "".join(
                f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{kind}/wsdl</tds:Namespace>"
                f"<tds:XAddr>{service}/{kind}_service</tds:XAddr></tds:Service>" for kind in ("device", "media")
            ) + "</tds:GetServicesResponse>"  # fmt: skip
        if name == "GetProfiles":
            found = [_profile(token, 640 * n, 360 * n) for n, token in enumerate(self._streams, 1)]
            return f"<trt:GetProfilesResponse>{''.join(found)}</trt:GetProfilesResponse>"
        if name == "GetStreamUri":
            token = re.search(r"ProfileToken>([^<]*)<", question)
            uri = self._streams[token[1] if token else ""].replace("&", "&amp;")
            return (
                f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri>"
                "</trt:GetStreamUriResponse>"
            )
        return {"GetSystemDateAndTime": _TIME, "GetDeviceInformation": _ABOUT}.get(name, _DENIED)

    def _answer_probes(self) -> None:
        while True:
            data, sender = self._udp.recvfrom(65535)
            if self._stopping:
                return
            if b"Probe" in data:
                match = (
                    "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1</a:Address>"
                    "</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>"
                    "<d:Scopes>onvif://www.onvif.org/name/Pra%C3%A7a onvif://www.onvif.org/hardware/M1</d:Scopes>"
                    f"<d:XAddrs>http://{self.host}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>"
                )
                self._udp.sendto(_ENVELOPE.format(body=match).encode(), sender)
