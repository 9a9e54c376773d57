"""Checkpoints are time-stamped by an authority, here `openssl ts`, and wait where it is not reached."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

pytest.importorskip("rfc3161_client")
from pipeline.audit.checkpoints import note_paths
from pipeline.audit.time_stamps import check_time_stamps, request_time_stamps, token_path, waiting_checkpoints
from pipeline.errors import AuditError
from tests.audit.logs import filled

_CONFIGURATION = """
[tsa]
default_tsa = t
[t]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256,sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
"""


class Authority(NamedTuple):
    address: str
    certificate: bytes
    answers: list[bytes]
    """What it answers instead of a time stamp."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    home, answers = tmp_path_factory.mktemp("authority"), list[bytes]()
    (home / "tsa.cnf").write_text(_CONFIGURATION)
    (home / "serial").write_text("01\n")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "/dev/null", "-batch")
    common = ("-days", "2", "-extfile", "tsa.cnf")
    openssl(*new, "-keyout", "ca.key", "-subj", "/CN=Test root", "-out", "ca.csr")
    openssl("x509", "-req", "-in", "ca.csr", "-signkey", "ca.key", "-extensions", "ca", "-out", "ca.pem", *common)
    openssl(*new, "-keyout", "tsa.key", "-subj", "/CN=Test time stamps", "-out", "tsa.csr")
    ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2")
    openssl("x509", "-req", "-in", "tsa.csr", *ca, "-extensions", "leaf", "-out", "tsa.pem", *common)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (home / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl("ts", "-reply", "-queryfile", "query", "-config", "tsa.cnf", "-out", "answer")
            answer = answers.pop() if answers else (home / "answer").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Authority(f"http://127.0.0.1:{server.server_port}/", (home / "ca.pem").read_bytes(), answers)
        server.shutdown()


def test_checkpoints_wait_for_the_authority_and_are_stamped_once(tmp_path: Path, authority: Authority) -> None:
    filled(tmp_path, days=3, each=1)
    with pytest.raises(AuditError, match=r"cannot be reached .*; 2 checkpoints wait"):
        request_time_stamps(tmp_path, "http://127.0.0.1:9/")
    assert len(waiting_checkpoints(tmp_path)) == 2
    assert request_time_stamps(tmp_path, authority.address) == 2
    assert request_time_stamps(tmp_path, authority.address) == 0
    found = check_time_stamps(tmp_path, authority.certificate)
    assert [one.checkpoint for one in found] == [path.name for path in note_paths(tmp_path)]
    assert all(one.time.startswith("20") for one in found)


def test_a_time_stamp_of_another_checkpoint_or_authority_is_refused(tmp_path: Path, authority: Authority) -> None:
    filled(tmp_path, days=3, each=1)
    request_time_stamps(tmp_path, authority.address)
    first, second = note_paths(tmp_path)
    token_path(second).write_bytes(token_path(first).read_bytes())
    with pytest.raises(AuditError, match="is not of this checkpoint and authority"):
        check_time_stamps(tmp_path, authority.certificate)
    token_path(second).write_bytes(b"no time stamp")
    with pytest.raises(AuditError, match="is not of this checkpoint and authority"):
        check_time_stamps(tmp_path, authority.certificate)
    with pytest.raises(AuditError, match="is no certificate"):
        check_time_stamps(tmp_path, b"no certificate")


def test_an_answer_that_is_no_time_stamp_of_the_question_is_not_stored(tmp_path: Path, authority: Authority) -> None:
    filled(tmp_path, days=2, each=1)
    request_time_stamps(tmp_path, authority.address)
    replayed = token_path(note_paths(tmp_path)[0]).read_bytes()
    for answer in (b"<html>", replayed):
        filled(tmp_path / "other", days=2, each=1)
        authority.answers.append(answer)
        with pytest.raises(AuditError, match="refused"):
            request_time_stamps(tmp_path / "other", authority.address)
        assert waiting_checkpoints(tmp_path / "other")
