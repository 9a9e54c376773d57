"""What `verify` shows of a clip: its networks, what was exempted, and its standing in the register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.anonymize.provenance import Provenance, SignatureStatus
from pipeline.app.release.registered_file import RegisteredFile, Standing
from pipeline.app.release.verify_clip import CheckedClip
from pipeline.cli.release.verify_command import show_checked, show_registered
from pipeline.weights.pinned_networks import NetworkSource
from pipeline.weights.stated_networks import StatedNetworks

PINNED = StatedNetworks(NetworkSource.PACKAGE, "package")


def shown(capsys: pytest.CaptureFixture[str], statement: dict[str, Any], networks: StatedNetworks = PINNED) -> str:
    provenance = Provenance(SignatureStatus.TRUSTED, "SSP-MT", (), statement)
    show_checked(CheckedClip(Path("a.mp4"), "ab" * 32, provenance, networks, (), good=True), Path("authority.pem"))
    return " ".join(capsys.readouterr().out.split())


def test_exempted_things_are_shown_with_area_span_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    statement = {
        "manual_regions": {"redacted": 0, "exempted": 1, "exempted_share": 0.031},
        "exemptions": {"1": {"box": "0.7, 0.1, 0.8, 0.4", "from_s": 0.0, "to_s": 60.0, "why": "a statue"}},
    }
    text = shown(capsys, statement)
    reason = "a statue (box 0.7, 0.1, 0.8, 0.4, 0 to 60 s)"
    assert f"exempted at most 3.1% of the image, where a thing stands still: {reason}" in text
    assert "is not redacted" not in text, "an exemption may never have taken effect"
    unredacted = {"mean_share": 0.0004, "worst_share": 0.021, "seconds": 12.04}
    text = shown(capsys, statement | {"unredacted": unredacted})
    assert (
        "stands still (less than 0.1% of the image on average and at most 2.1% stayed unredacted, in 12.04 s): " in text
    )
    text = shown(capsys, statement | {"unredacted": {"mean_share": 0.0, "worst_share": 0.0, "seconds": 0.0}})
    assert f"where a thing stands still (nothing stayed unredacted): {reason}" in text
    assert "exempted" not in shown(capsys, {"manual_regions": {"exempted_share": 0}, "exemptions": {}})


def test_areas_with_unmasked_captions_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, {"captions": {"count": 1, "share": 0.048, "sha256": "ab"}})
    assert "captions text that the camera draws is not redacted in 1 declared area (4.8% of the image)" in text
    assert "captions" not in shown(capsys, {"captions": {"count": 0, "share": 0.0}})
    assert "in many declared areas (? of" in shown(capsys, {"captions": {"count": "many"}})


@pytest.mark.parametrize("exemptions", ["x", {"1": "x"}, {"1": {}}, {"1": {"from_s": "\x1b[2J"}}])
def test_a_statement_of_any_form_is_shown_without_a_failure(
    capsys: pytest.CaptureFixture[str], exemptions: Any
) -> None:
    assert "\x1b" not in shown(capsys, {"exemptions": exemptions, "manual_regions": {"exempted_share": "much"}})


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (PINNED, "networks pinned: card and weights are those of the viapublica package"),
        (StatedNetworks(NetworkSource.INSTITUTION, "institution"), "pinned by this institution"),
        (StatedNetworks(None, ""), "networks not stated: which networks chose the masks is not known"),
        (StatedNetworks(NetworkSource.UNPINNED, "institution", ("city",)), "networks not known here"),
        (StatedNetworks(NetworkSource.UNPINNED, "unpinned", ("blind",)), "not pinned: blind; its maker chose"),
        (StatedNetworks(NetworkSource.UNPINNED, "package", ("blind",)), "not pinned: blind; its maker chose"),
    ],
)
def test_the_networks_are_shown(capsys: pytest.CaptureFixture[str], networks: StatedNetworks, words: str) -> None:
    assert words in shown(capsys, {}, networks)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing.CURRENT, "registered: built for disclosure 2026/000001"),
        (Standing.SUPERSEDED, "superseded: built for disclosure 2026/000001; why"),
        (Standing.REFUSED, "refused: built for disclosure 2026/000001; why"),
        (Standing.NOT_APPROVED, "not approved: built for disclosure 2026/000001; why"),
        (Standing.EARLIER_APPROVAL, "of an earlier approval: built for disclosure 2026/000001; why"),
    ],
)
def test_the_standing_is_shown(capsys: pytest.CaptureFixture[str], standing: Standing, words: str) -> None:
    show_registered([RegisteredFile("2026/000001", standing, "" if standing is Standing.CURRENT else "why")])
    assert words in " ".join(capsys.readouterr().out.split())
    show_registered([])
    assert "not registered" in capsys.readouterr().out
