"""No login and no variable changes the host, the port or the path of an address."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.decode.settings import Protocol
from pipeline.decode.source_address import parse_address
from pipeline.domain.network_address import BadAddress, NetworkAddress, check_slashes, fill_address, split_address
from pipeline.errors import ConfigError

_ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
_PASSWORDS = _ANY_TEXT.filter(lambda text: text.isprintable())
HOSTILE = [
    "p@127.0.0.1:8901/x#y",
    "p@ss/w#1?%41",
    "s3nh@da#Prefeitura",
    "a b",
    "ç€🔑",
    "%",
    "%zz",
    "\\@evil",
    "]",
    "::",
]


def parts(address: NetworkAddress) -> tuple[str, str, int | None, str]:
    return address.scheme, address.host, address.port, address.rest


@given(secret=_ANY_TEXT)
@pytest.mark.parametrize("template", ["rtsp://admin:${PW}@10.0.0.7:554/live?x=1", "http://${PW}@cam.example/a/b"])
def test_a_variable_in_the_login_changes_nothing_else(template: str, secret: str) -> None:
    address = split_address(fill_address(template, {"PW": secret}))
    assert parts(address) == parts(split_address(template.replace("${PW}", "x")))


@given(secret=_ANY_TEXT.filter(lambda text: text not in {".", ".."}))
@pytest.mark.parametrize("template", ["rtsp://h:554/a/${KEY}/b", "http://h:554/a?key=${KEY}&x=1"])
def test_a_variable_in_the_path_or_query_stays_one_segment(template: str, secret: str) -> None:
    address = split_address(fill_address(template, {"KEY": secret}))
    assert (address.host, address.port, address.login) == ("h", 554, None)
    before, _, after = template.removeprefix(template[:7] + "h:554").partition("${KEY}")
    value = address.rest.removeprefix(before).removesuffix(after)
    assert not set(value) & set("/?#&@")
    assert unquote(value) == secret


@given(user=_PASSWORDS.filter(lambda text: text and ":" not in text), password=_PASSWORDS)
@example(user="admin", password="p@127.0.0.1:8901/x#y")
def test_a_login_beside_the_address_arrives_as_it_is(user: str, password: str) -> None:
    plain = split_address("rtsp://10.0.0.7:554/live")
    address = split_address(plain.with_login(user, password).text)
    assert parts(address) == parts(plain)
    assert [unquote(text) for text in (address.login or "").split(":", 1)] == [user, password]
    assert address.shown == "rtsp://***@10.0.0.7:554/live"


@pytest.mark.parametrize("secret", HOSTILE)
def test_a_password_variable_arrives_as_it_is(secret: str) -> None:
    address = split_address(fill_address("http://admin:${PW}@h/auth", {"PW": secret}))
    assert unquote((address.login or "").partition(":")[2]) == secret


def test_one_variable_may_hold_user_and_password() -> None:
    assert fill_address("http://${LOGIN}@h/", {"LOGIN": "admin:p@ss:w/"}) == "http://admin:p%40ss%3Aw%2F@h/"


@pytest.mark.parametrize("value", ["evil/x", "u@evil", "", "h#", "a b", "h:1:2", "h?x"])
def test_a_variable_for_the_host_must_be_a_host(value: str) -> None:
    with pytest.raises(BadAddress, match="CAM_HOST"):
        fill_address("rtsp://${CAM_HOST}/live", {"CAM_HOST": value})
    assert (
        fill_address("rtsp://${CAM_HOST}/live", {"CAM_HOST": "[2001:db8::1]:8554"}) == "rtsp://[2001:db8::1]:8554/live"
    )


@pytest.mark.parametrize("value", [".", ".."])
def test_a_variable_never_climbs_the_path(value: str) -> None:
    with pytest.raises(BadAddress, match="KEY"):
        fill_address("http://h/a/${KEY}/b", {"KEY": value})


def test_a_variable_makes_no_address_of_a_path() -> None:
    with pytest.raises(BadAddress, match="makes an address"):
        fill_address("${BASE}/stream1", {"BASE": "rtsp://u:p@h"})
    assert fill_address("${VIDEOS}/a.mp4", {"VIDEOS": "/srv"}) == "/srv/a.mp4"
    assert fill_address("${CAMERA}", {"CAMERA": "rtsp://u:p@h/1"}) == "rtsp://u:p@h/1"


@pytest.mark.parametrize(
    "address",
    [
        "http://admin:p@127.0.0.1:8901/x#y@10.255.255.1:80/auth",
        "rtsp://admin:pa/ss@cam/1",
        "rtsp://admin:pa?ss@cam/1",
        "rtsp://admin:12345/x@cam/1",
        "rtsp://10.0.0.7/a@b",
    ],
)
def test_an_address_whose_host_is_not_certain_is_refused(address: str) -> None:
    with pytest.raises(BadAddress, match="its host is not certain") as caught:
        split_address(address)
    assert "password_env" in caught.value.fix


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp:///live", "names no host"),
        ("rtsp://u:p@/live", "names no host"),
        ("rtsp://h:99999/", "port"),
        ("rtsp://admin:secret/x", "port"),
        ("rtsp://h\\evil/x", "backslash"),
        ("rtsp://evil\\@h/x", "backslash"),
        ("http://h:80\\@evil/x", "backslash"),
        ("http://u:p\\ss@h/x", "backslash"),
        ("rtsp://h/a b", "blank"),
        ("live", "no scheme"),
    ],
)
def test_a_malformed_address_is_refused_without_quoting_it(address: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words) as caught:
        split_address(address)
    assert "secret" not in str(caught.value)


def test_a_written_login_keeps_its_encoding_and_gets_what_it_lacks() -> None:
    assert split_address("rtsp://admin:p%40ss@h/1").text == "rtsp://admin:p%40ss@h/1"
    assert split_address("rtsp://admin:p@s%s é@h/1").text == "rtsp://admin:p%40s%25s%20%C3%A9@h/1"
    assert split_address("udp://@239.0.0.1:1234").text == "udp://@239.0.0.1:1234"


@pytest.mark.parametrize(("user", "password"), [("", "p"), ("a:b", "p"), ("a", "p\nq"), ("a", "p\0")])
def test_a_login_that_no_camera_can_have_is_refused(user: str, password: str) -> None:
    with pytest.raises(BadAddress):
        split_address("rtsp://h/1").with_login(user, password)


@pytest.mark.parametrize("path", ["http:/u:secret@h/a", "RTSP:u:secret@h/a", "https:\\\\u:secret@h\\a", "rtmp:h/live"])
def test_a_path_that_is_meant_as_an_address_is_refused_without_quoting_it(path: str) -> None:
    with pytest.raises(BadAddress, match=r"is not followed by //.*Did you mean [a-z]+://host") as caught:
        check_slashes(path)
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match="is not followed by //"):
        parse_address("cam", path, frozenset(Protocol))


@pytest.mark.parametrize(
    "path", ["a.mp4", "/videos/http:/a.mp4", "httpd.mp4", "rtsp://h/1", "12:30.mp4", "file:///a.mp4"]
)
def test_paths_and_addresses_are_no_mistakes(path: str) -> None:
    check_slashes(path)
