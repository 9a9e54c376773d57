"""Redaction of credentials in addresses and running text."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.domain.credentials import redact, redact_address

_SECRETS = st.text(string.ascii_letters + string.digits + "!$%&()*+,-.:;=?^_~#[]{}|<>@", min_size=1, max_size=20)
_HOSTS = st.sampled_from(["10.0.0.7", "cam.example.org:554", "[2001:db8::1]:8554"])


@given(user=_SECRETS, password=_SECRETS, host=_HOSTS, before=st.sampled_from(["", "cannot open ", "url='", '{"u": "']))
@example(user="admin", password="a@b@c", host="10.0.0.7", before="")
def test_neither_user_nor_password_of_an_address_remains(user: str, password: str, host: str, before: str) -> None:
    shown = redact(f"{before}rtsp://{user}:{password}@{host}/live/1")
    assert shown == f"{before}rtsp://***@{host}/live/1"


@given(key=st.sampled_from("password pwd pass token access_token api_key auth user usr login X-Amz-Signature".split()),
       value=st.text(string.ascii_letters + string.digits + "%._-/", min_size=8, max_size=20))  # fmt: skip
def test_secret_query_values_are_redacted_and_others_are_not(key: str, value: str) -> None:
    assert redact(f"http://h/live?channel=2&{key}={value}&x=1") == f"http://h/live?channel=2&{key}=***&x=1"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:pa/ss@cam/1", "rtsp://***@cam/1"),
        ("rtsp://u:p@a,rtsp://u:p@b", "rtsp://***@a,rtsp://***@b"),
        (
            "rtsp://cam:554/user=admin&password=geheim&channel=1.sdp",
            "rtsp://cam:554/user=***&password=***&channel=1.sdp",
        ),
        ("rtsp://cam/user=admin_password=geheim_channel=1.sdp", "rtsp://cam/user=***"),
        ("rtsp://:only-password@cam/", "rtsp://***@cam/"),
        ("RTSP://U:P@CAM/", "RTSP://***@CAM/"),
        ("rtsp://u:/p@cam/", "rtsp://***@cam/"),
        ("rtsp:/u:p@cam/", "rtsp://***@cam/"),
        ("rtsp://admin:pa'S3CRET@10.0.0.1:554/x", "rtsp://***@10.0.0.1:554/x"),
        ('rtsp://admin:"S3 CR#ET/@10.0.0.1/x', "rtsp://***@10.0.0.1/x"),
        ("rtsp://me@city.example:pa'S3CRET@h/x", "rtsp://***@h/x"),
        ("rtsp://admin:12345/x@h/", "rtsp://***@h/"),
        ("http://h/?u=admin&p=S3CRET&x=1", "http://h/?u=***&p=***&x=1"),
        ("http://h/?p=pa'S3CRET", "http://h/?p=***"),
        ("http://h/a.m3u8?x=1&hdnts=exp=1~hmac=2", "http://h/a.m3u8?x=1&hdnts=***"),
        ("http://h/?credentials=S3CRET", "http://h/?credentials=***"),
    ],
)
def test_credential_formats_of_real_cameras_are_redacted(address: str, shown: str) -> None:
    assert redact(address) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing here",
        "http://h/a@b",
        "[h264 @ 0x5581] rtsp://cam:554/live: [tcp @ 0x5582] timed out",
        "rtsp://cam:554/live",
        "a@b.example",
        "2026-11-22T05:53:00",
        "http://h/?q=1",
    ],
)
def test_text_without_credentials_is_unchanged(text: str) -> None:
    assert redact(text) == text


def test_an_address_that_was_normalized_as_a_path_gets_its_second_slash_back() -> None:
    assert redact("rtsp:/127.0.0.1:554/x does not exist") == "rtsp://127.0.0.1:554/x does not exist"
    assert redact("HTTPS:/u:p@cam/x") == "HTTPS://***@cam/x"
    for same in ("file:/srv/a.mp4", "see http:/", "my-rtsp:/x"):
        assert redact(same) == same


@given(st.text(max_size=80))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(password=st.text(min_size=1, max_size=20), user=st.text(max_size=5))
@example(password="pa ss/?#'\"\n://", user="[/x]")
@example(password="/", user="")
def test_everything_before_the_last_at_sign_of_an_address_is_redacted(user: str, password: str) -> None:
    assert redact_address(f"rtsp://{user}:{password}@h/x") == "rtsp://***@h/x"
    # With a password that starts with a slash, the user name resembles a scheme, which is not redacted.
    assert redact_address(f"cam:{password}@h/x") in {"***@h/x", "cam:/***@h/x", "cam://***@h/x"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://h/?p=pa ss';#/&x=1", "http://h/?p=***&x=1"),
        ("rtsp://cam:554/live", "rtsp://cam:554/live"),
        ("/data/a:b@c.mp4", "/data/a:b@c.mp4"),
        ("clips/a@b.mp4", "clips/a@b.mp4"),
    ],
)
def test_the_rest_of_an_address_is_unchanged(address: str, shown: str) -> None:
    assert redact_address(address) == shown


@pytest.mark.parametrize("text", ["a:/", "a:/b:1/", "/pass", "pass", "a://b:c@d ", "@ ", "?p=", "a://b:"])
def test_long_lines_are_redacted_in_linear_time(text: str) -> None:
    begin = time.process_time()
    for line in (text * 5000, f"rtsp://u:{text * 5000}", f"/{text * 5000}"):
        redact(line)
        redact_address(line)
    assert time.process_time() - begin < 2
