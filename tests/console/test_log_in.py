"""Log-in, log-out and preferences of the console."""

from __future__ import annotations

import re

from tests.console.visitors import FORM, Visitors, text_of
from tests.governance.people import PASSWORD


def test_the_address_alone_leads_to_the_first_section_of_the_person(visitors: Visitors) -> None:
    caio = visitors.logged_in("caio")
    assert caio.open("/").headers["location"] == "/console/"
    assert caio.open("/console/").headers["location"] == "/console/situation"
    assert visitors.logged_in("elisa").open("/console/").headers["location"] == "/console/audit"


def test_without_a_session_a_page_is_the_log_in_that_leads_back(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    reply = stranger.open("/console/plates")
    assert reply.status == 401
    assert 'name="path" value="/console/plates"' in text_of(reply)
    code = visitors.code("caio")
    reply = stranger.send("/console/login", login="caio", password=PASSWORD, code=code, path="/console/plates")
    assert (reply.status, reply.headers["location"]) == (303, "/console/plates")


def test_a_form_leads_to_no_other_site(visitors: Visitors) -> None:
    for path in ("https://example.org/", "//example.org", "/console/../x", "/console/\nx"):
        reply = visitors.stranger().send("/console/preferences", path=path, theme="dark")
        assert reply.headers["location"] == "/console/"


def test_a_refused_log_in_says_so_in_portuguese_and_repeats_the_login_alone(visitors: Visitors) -> None:
    reply = visitors.stranger().send("/console/login", login="caio", password="errada-errada", code="000000")
    text = text_of(reply)
    assert reply.status == 401
    assert "não confere" in text
    assert 'value="caio"' in text
    assert "errada-errada" not in text


def test_an_expired_session_asks_for_the_log_in_over_the_page(visitors: Visitors) -> None:
    caio = visitors.logged_in("caio")
    visitors.city.clock.now_ms += 31 * 60_000
    reply = caio.send("/console/plates", htmx=True, plates="ABC1D23")
    assert reply.status == 401
    assert reply.headers["hx-retarget"] == "#dialog"
    assert "continua na página" in text_of(reply)
    reply = caio.send("/console/login", htmx=True, login="caio", password=PASSWORD, code=visitors.code("caio"))
    assert reply.status == 200
    assert 'data-csrf="' in text_of(reply)


def test_a_form_without_the_token_of_the_session_is_refused(visitors: Visitors) -> None:
    caio = visitors.logged_in("caio")
    caio.token = "0" * 64
    assert caio.send("/console/plates", plates="ABC1D23").status == 403
    assert caio.send("/console/logout").status == 403
    caio.open("/console/plates")
    assert caio.send("/console/logout").status == 200
    assert caio.open("/console/plates").status == 401


def test_a_form_of_another_site_is_refused(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    headers = {"content-type": FORM, "sec-fetch-site": "cross-site"}
    assert stranger.request("POST", "/console/login", b"login=x", headers).status == 403
    headers = {"content-type": FORM, "origin": "https://example.org"}
    assert stranger.request("POST", "/console/login", b"login=x", headers).status == 403
    headers = {"content-type": FORM, "origin": "http://localhost"}
    assert stranger.request("POST", "/console/login", b"login=x&code=1", headers).status == 401
    assert stranger.request("POST", "/session", b"login=x", {"content-type": FORM}).status == 415


def test_language_and_theme_are_chosen_without_a_session(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    text = text_of(stranger.open("/console/login"))
    assert '<html lang="pt-BR">' in text
    stranger.send("/console/preferences", path="/console/plates", language="en")
    stranger.send("/console/preferences", path="/console/plates", theme="dark")
    text = text_of(stranger.open("/console/login"))
    assert '<html lang="en" data-theme="dark">' in text
    assert "Password" in text
    assert "Senha" not in text


def test_pages_run_no_scripts_but_those_of_the_package_and_are_not_stored(visitors: Visitors) -> None:
    reply = visitors.stranger().open("/console/login")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-frame-options"] == "DENY"
    assert "<script>" not in text_of(reply)
    assert " style=" not in text_of(reply)


def test_what_a_first_page_loads_is_light_and_stored(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    text = text_of(stranger.open("/console/login"))
    files = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', text)
    assert len(files) == 6
    replies = [stranger.get(path) for path in [*files, files[0].rsplit("/", 1)[0] + "/inter.woff2"]]
    assert {reply.status for reply in replies} == {200}
    assert {reply.headers["cache-control"] for reply in replies} == {"public, max-age=31536000, immutable"}
    assert sum(len(reply.body) for reply in replies) < 150_000


def test_an_unknown_address_of_the_console_is_answered_by_a_page_and_one_of_the_api_is_not(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    reply = stranger.open("/console/nowhere")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/html")
    assert "Página não encontrada" in text_of(reply)
    assert "O endereço não existe" in text_of(reply)
    assert stranger.open("/nowhere").headers["content-type"] == "application/problem+json"
