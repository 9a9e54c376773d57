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
from tests.cli.commands import viapublica

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
        ("    source: rtsp://h/1\n    user: admin\n    password_env: NONE\n", ["city.yaml:6", "export NONE"]),
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
    done = viapublica("config", "check", path, "--json")
    assert json.loads(done.stdout)["connections"] == {"a": "10.255.255.1:80"}
    assert "10.255.255.1:80" in viapublica("config", "check", path).stdout


def test_an_unencoded_password_in_the_file_is_refused_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text('cameras: [{id: a, scope: public-road, source: "http://u:S3CR@127.0.0.1:1/x#y@10.0.0.1/a"}]\n')
    done = viapublica("config", "check", path)
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
