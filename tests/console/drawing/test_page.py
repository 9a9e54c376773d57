"""The drawing page in a real browser: by mouse and by keyboard, in both languages and themes, up to the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.console.drawing.server import serve_drawing
from tests.console.browser import chromium, violations
from tests.console.drawing.drawn_scene import RECTANGLE, drawing_session, seen


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(tmp_path: Path, browser: Browser) -> Iterator[Page]:
    session, address = drawing_session(tmp_path), list[str]()
    served = Thread(target=serve_drawing, args=(session, address.append), daemon=True)
    served.start()
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="pt-BR", color_scheme="light")
    found, errors = context.new_page(), list[str]()
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    found.goto(address[0])
    expect(found.locator("#shapes button")).to_have_count(2)
    yield found
    assert errors == []
    found.locator("#finish").click()
    served.join(10)
    assert not served.is_alive()
    context.close()


def _click(page: Page, x: float, y: float) -> None:
    box = page.locator("#drawing").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_areas_are_drawn_checked_and_written(page: Page, tmp_path: Path) -> None:
    page.locator("#tool-lane").click()
    for corner in ((0.5, 0.45), (0.57, 0.45), (0.85, 0.9), (0.5, 0.9)):
        _click(page, *corner)
    page.keyboard.press("f")
    expect(page.locator(".flaw")).to_have_text("Uma faixa precisa do sentido do tráfego.")
    expect(page.locator("#save")).to_be_disabled()
    _click(page, 0.65, 0.85)
    _click(page, 0.54, 0.5)
    expect(page.locator(".flaw")).to_have_count(0)
    page.locator("#property-name").fill("right")
    page.locator("#property-name").blur()

    page.locator("#tool-line").focus()  # by keyboard: a line across the mask on the left, which is refused
    page.keyboard.press("Enter")
    for keys in (["ArrowLeft"] * 12 + ["ArrowUp"] * 30, ["ArrowLeft"] * 55):
        for key in [*keys, "Enter"]:
            page.keyboard.press(key)
    expect(page.locator(".flaw")).to_have_text("Cruza a máscara 0, onde nada é visto.")
    assert violations(page) == []
    page.keyboard.press("Control+z")
    expect(page.locator(".flaw")).to_have_count(0)

    page.locator("#save").click()
    expect(page.locator("#diff")).to_contain_text("- name: right")
    page.locator("#write").click()
    expect(page.locator("#message")).to_contain_text("Gravado.")
    text = (tmp_path / "city.yaml").read_text()
    assert "- name: right\n          kind: lane\n          polygon: [[0.5, 0.45]" in text.replace("0.4999", "0.5")
    assert "# masks[0]: on the left" in text
    assert "line-1" not in text


def test_the_ground_is_measured_on_the_image(page: Page, tmp_path: Path) -> None:
    page.locator("#language").click()
    page.locator("#theme").click()
    page.locator("#tool-measure").click()
    for x, y in RECTANGLE["corners"]:  # type: ignore[attr-defined]
        _click(page, x, y)
    page.locator("#measure-width_m").fill("6.8")
    page.locator("#measure-length_m").fill("20")
    page.locator("#measure-addCheck").click()
    _click(page, *seen(0, 12))
    _click(page, *seen(0, 24))
    page.locator("#measure-check_m").fill("12")
    page.locator("#measure-calculate").click()
    expect(page.locator("#figures")).to_contain_text("km/h at 60 km/h")
    expect(page.locator("#drawing .grid").first).to_be_attached()
    assert violations(page) == []
    page.locator("#measure-use").click()
    page.locator("#save").click()
    page.locator("#write").click()
    expect(page.locator("#message")).to_contain_text("Saved.")
    assert "x_m: 6.8, y_m: 20.0" in (tmp_path / "city.yaml").read_text()
