"""Logins beside the address of a camera, and variables in it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipeline.app.config_check import check_config
from pipeline.config.load import parse_config
from pipeline.config.settings import Config
from pipeline.errors import ConfigError
from pipeline.store.settings import Credentials
from tests.cli.commands import viapublica_here

HOSTILE = "p@127.0.0.1:8901/x#y é?%41"


def configuration(tmp_path: Path, camera: str, environ: dict[str, str] | None = None, **how: bool) -> Config:
    text = f"cameras:\n  - id: gate\n    scope: public-road\n{camera}"
    return parse_config(text, tmp_path / "city.yaml", environ or {}, **how)


def mistake(tmp_path: Path, camera: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        configuration(tmp_path, camera, environ)
    return str(caught.value)


def test_a_password_variable_beside_the_address_is_encoded_into_it(tmp_path: Path) -> None:
    camera = "    source: rtsp://10.255.255.1:80/auth\n    user: admin\n    password_env: CAM_PW\n"
    (loaded,) = configuration(tmp_path, camera, {"CAM_PW": HOSTILE}).cameras
    login, _, rest = loaded.source.removeprefix("rtsp://").partition("@")
    assert rest == "10.255.255.1:80/auth"
    assert unquote(login) == f"admin:{HOSTILE}"
    assert HOSTILE not in repr(loaded)


def test_a_password_file_is_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "gate").write_text(HOSTILE + "\n", encoding="utf-8")
    camera = "    source: rtsp://h/1\n    user: admin\n    password_file: secrets/gate\n"
    (loaded,) = configuration(tmp_path, camera).cameras
    assert unquote(loaded.source) == f"rtsp://admin:{HOSTILE}@h/1"


def test_a_password_file_of_a_windows_editor_is_read_as_it_was_meant(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes("\ufeffçp@ss\r\n".encode())
    camera = "    source: rtsp://h/1\n    user: admin\n    password_file: secret\n"
    assert unquote(configuration(tmp_path, camera).cameras[0].source) == "rtsp://admin:çp@ss@h/1"


def test_queries_need_no_password(tmp_path: Path) -> None:
    camera = "    source: rtsp://h/1\n    user: admin\n    password_file: none\n"
    assert configuration(tmp_path, camera, for_queries=True).cameras[0].source == "rtsp://h/1"
    camera = "    source: rtsp://h/1\n    user: admin\n    password_env: NONE\n"
    assert configuration(tmp_path, camera, for_queries=True).cameras[0].source == "rtsp://h/1"


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        (
            "    source: rtsp://h/1\n    user: admin\n    password_env: NONE\n",
            ["city.yaml:6", "names no variable"],
        ),
        ("    source: rtsp://h/1\n    user: admin\n    password_file: none\n", ["camera gate", "cannot be read"]),
        ("    source: rtsp://h/1\n    user: admin\n    password_file: empty\n", ["is empty", "one line"]),
        ("    source: rtsp://h/1\n    user: admin\n    password_file: two\n", ["line break"]),
        ("    source: rtsp://h/1\n    user: a\n    password_env: SET\n    password_file: b\n", ["not both"]),
        ("    source: rtsp://h/1\n    password_env: SET\n", ["needs the user"]),
        ("    source: rtsp://u:p@h/1\n    user: admin\n    password_env: SET\n", ["Remove the login from the address"]),
        ("    source: video.mp4\n    user: admin\n", ["a file needs no user"]),
        ("    source: rtsp://${SET}/1\n", ["SET", "host"]),
        ("    source: rtsp://h/1\n    user: 'ad:min'\n    password_env: SET\n", ["colon"]),
    ],
)
def test_a_login_that_does_not_fit_is_refused_with_place_and_fix(tmp_path: Path, camera: str, words: list[str]) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("one\ntwo\n")
    text = mistake(tmp_path, camera, {"SET": "S3CRET/x"})
    assert text.startswith(f"{tmp_path}/city.yaml:")
    assert "S3CRET" not in text
    for word in words:
        assert word in text


def test_the_check_shows_the_host_that_is_really_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_PW", HOSTILE)
    path = tmp_path / "city.yaml"
    camera = '{id: a, scope: public-road, source: "http://admin:${CAM_PW}@10.255.255.1:80/auth"}'
    path.write_text(f"cameras: [{camera}]\n")
    (checked,) = check_config(path).cameras
    assert (checked.endpoint, checked.source) == ("10.255.255.1:80", "http://***@10.255.255.1:80/auth")
    done = viapublica_here("config", "check", path, "--json")
    assert json.loads(done.stdout)["connections"] == {"a": "10.255.255.1:80"}
    assert "10.255.255.1:80" in viapublica_here("config", "check", path).stdout


def test_an_unencoded_password_in_the_file_is_refused_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text('cameras: [{id: a, scope: public-road, source: "http://u:S3CR@127.0.0.1:1/x#y@10.0.0.1/a"}]\n')
    done = viapublica_here("config", "check", path)
    assert done.returncode == 1
    assert "its host is not certain" in done.stderr
    assert "password_env" in done.stderr
    assert "S3CR" not in done.stdout + done.stderr


def test_an_rtsp_login_that_ffmpeg_would_cut_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_PW", "@" * 41)
    path = tmp_path / "city.yaml"
    path.write_text("cameras: [{id: a, scope: public-road, source: 'rtsp://h/1', user: user, password_env: CAM_PW}]\n")
    with pytest.raises(ConfigError, match="127 bytes"):
        check_config(path)


GATE = "cameras: [{id: gate, scope: public-road, source: rtsp://h/1%s}]\n"
KAFKA = "sinks: [{type: kafka, brokers: ['%s']}]\n"
CLICKHOUSE = "sinks: [{type: clickhouse, host: '%s'}]\n"


@pytest.mark.parametrize(
    "text",
    [
        "cameras: [{id: gate, scope: public-road, source: 'u:S3CRET@10.0.0.1/x'}]\n",
        "cameras: [{id: gate, scope: public-road, source: 'S3CRET@10.0.0.1/x'}]\n",
        "cameras: [{id: gate, scope: public-road, source: 'u:S3CRET@10.0.0.1:554'}]\n",
        "cameras: [{id: gate, scope: public-road, source: '10.0.0.1/S3CRET'}]\n",
        "cameras: [{id: gate, scope: public-road, source: 'h/x?user=a&password=S3CRET'}]\n",
        "cameras: [{id: gate, scope: public-road, source: './S3CRET@h/x'}]\n",
        GATE % ", user: a, password_env: S3CRET",
        GATE % ", user: a, password_env: S3CRET!",
        GATE % ", user: a, password_file: S3CRET",
        GATE % "" + KAFKA % "u:S3CRET@h:9",
        GATE % "" + KAFKA % "http://S3CRET:9",
        GATE % "" + KAFKA % "h/S3CRET:9",
        GATE % "" + CLICKHOUSE % "http://u:S3CRET@h",
        GATE % "" + CLICKHOUSE % "u:S3CRET@h",
        GATE % "" + CLICKHOUSE % "h:9000/S3CRET",
        GATE % "" + "observability: {metrics: {host: 'http://u:S3CRET@h'}}\n",
    ],
)
def test_what_may_be_a_password_in_the_wrong_place_is_refused_and_never_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "city.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        check_config(tmp_path / "city.yaml")
    assert "S3CRET" not in str(caught.value)
    done = viapublica_here("config", "check", tmp_path / "city.yaml")
    assert done.returncode == 1
    assert "S3CRET" not in done.stdout + done.stderr


@pytest.mark.parametrize("host", ["db", "db.example.org", "10.0.0.1", "::1", "[::1]", "fe80::1%eth0", "click_house"])
def test_names_and_addresses_of_hosts_are_taken(tmp_path: Path, host: str) -> None:
    assert parse_config(GATE % "" + CLICKHOUSE % host, tmp_path / "city.yaml", {})
    broker = f"[{host}]" if ":" in host and "[" not in host else host
    assert parse_config(GATE % "" + KAFKA % f"{broker}:9092", tmp_path / "city.yaml", {})


@pytest.mark.parametrize("path", ["admin:S3CRET/ch1", "a/admin%3AS3CRET/1", "user/admin/password/S3CRET", "a:S3CRET"])
def test_a_login_in_the_path_of_an_address_is_never_shown(tmp_path: Path, path: str) -> None:
    (tmp_path / "city.yaml").write_text((GATE % "").replace("h/1", f"127.0.0.1:1/{path}"))
    for words in (("config", "check"), ("config", "check", "--json")):
        done = viapublica_here(*words, tmp_path / "city.yaml")
        assert "127.0.0.1:1" in done.stdout
        assert "S3CRET" not in done.stdout + done.stderr


def test_a_file_with_an_at_sign_may_be_named_once_it_exists(tmp_path: Path) -> None:
    text = "cameras: [{id: gate, scope: public-square, source: a@b.mp4}]\n"
    (tmp_path / "city.yaml").write_text(text)
    with pytest.raises(ConfigError, match="names no file that exists"):
        check_config(tmp_path / "city.yaml")
    (tmp_path / "a@b.mp4").write_bytes(b"")
    assert check_config(tmp_path / "city.yaml").cameras[0].source.endswith("a@b.mp4")


def test_credentials_of_stores_are_read_without_quoting_what_may_be_the_password(tmp_path: Path) -> None:
    for login in (Credentials(password_env="S3CRET!"), Credentials(password_file=tmp_path / "S3CRET")):
        with pytest.raises(ConfigError, match="password_") as caught:
            login.secret()
        assert "S3CRET" not in str(caught.value)
