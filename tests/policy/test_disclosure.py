"""Rules of disclosures, without a database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.disclosure import (
    MAY_BE_BUILT,
    BuiltFile,
    Content,
    Declaration,
    Disclosure,
    DisclosureState,
    LegalBasis,
    Request,
    read_number,
)
from pipeline.domain.redaction import OverlayText
from pipeline.errors import PolicyError, ReleaseError
from pipeline.policy import disclosure as rules

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
FOOTAGE = Content("cam-1", NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS)
REQUEST = Request("Ana", "12ª Vara", LegalBasis.JUDICIARY, "prova", FOOTAGE)
DECLARED = Declaration("a.pdf", "b.pdf", "a" * 64, 1, "Ana", NOW_MS)


def disclosure(state: DisclosureState = DisclosureState.REQUESTED, *, declared: bool = True) -> Disclosure:
    decided = "" if state is DisclosureState.REQUESTED else "Bia"
    return Disclosure("2026/000001", NOW_MS, REQUEST, state, DECLARED if declared else None, decided, reasons="why")


def test_texts_are_trimmed() -> None:
    entered = replace(REQUEST, recipient="  12ª Vara\n", purpose=" prova ", overlay=OverlayText(" SSP ", "", " 2026 "))
    checked = rules.checked_request(entered, NOW_MS)
    assert (checked.recipient, checked.purpose, checked.overlay) == (
        "12ª Vara",
        "prova",
        OverlayText("SSP", "", "2026"),
    )
    assert rules.checked_request(checked, NOW_MS) == checked


@pytest.mark.parametrize("field", ["requested_by", "recipient", "purpose"])
def test_required_texts_are_not_blank(field: str) -> None:
    for blank in ("", " \t\n"):
        with pytest.raises(PolicyError, match="is empty"):
            rules.checked_request(replace(REQUEST, **{field: blank}), NOW_MS)  # type: ignore[arg-type]


def test_a_missing_purpose_names_its_option_and_its_article() -> None:
    with pytest.raises(PolicyError, match=r"purpose: .*art\. 9 §3.*Add --purpose TEXT"):
        rules.checked_request(replace(REQUEST, purpose=""), NOW_MS)


@pytest.mark.parametrize("basis", list(LegalBasis))
def test_no_authority_is_asked_for_the_declaration_of_private_institutions(basis: LegalBasis) -> None:
    found = replace(disclosure(declared=False), request=replace(REQUEST, basis=basis))
    for check in (rules.check_building, lambda one: rules.check_approving(one, "Bia")):
        with pytest.raises(PolicyError) as refused:
            check(found)
        assert basis.requisitions == ("art. 10 §3" not in str(refused.value)) == ("requisition" in str(refused.value))


def test_a_persons_name_has_latin_and_visible_letters_only() -> None:
    for name in ("Ana Conceição", "1º Ten. Silva", "O’Neill"):
        assert rules.checked_person("by", name) == name
    with pytest.raises(ReleaseError, match="ARMENIAN SMALL LETTER OH"):
        rules.checked_person("by", "brun\u0585")
    with pytest.raises(ReleaseError, match=r"U\+200B"):
        rules.checked_person("by", "A\u200bna")


@pytest.mark.parametrize("style", ["", "mosaic", "blur", "Fill"])
def test_a_reversible_style_is_refused_for_a_release(style: str) -> None:
    with pytest.raises(PolicyError, match="is not irreversible"):
        rules.checked_request(replace(REQUEST, style=style), NOW_MS)
    assert rules.checked_request(replace(REQUEST, style="silhouette"), NOW_MS).style == "silhouette"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recipient": "x" * 201}, "has 201 characters"),
        ({"purpose": "x" * 4001}, "has 4001 characters"),
        ({"recipient_document": "\x1b[31m"}, r"U\+001B"),
        ({"recipient": "\udcff"}, r"U\+DCFF"),
        ({"overlay": OverlayText("x" * 101)}, "has 101 characters"),
        ({"content": replace(FOOTAGE, camera_id="../x")}, "is not a camera id"),
        ({"content": Content("cam-1")}, "no start or no end"),
        ({"content": Content("cam-1", 5, None)}, "no start or no end"),
        ({"content": Content("cam-1", NOW_MS - 1, NOW_MS - 1)}, "is empty: it ends when it begins"),
        ({"content": Content("cam-1", NOW_MS - 1, NOW_MS + 1)}, "lies in the future"),
        ({"content": Content("cam-1", 5, NOW_MS)}, "before the year 2000"),
        ({"content": Content(file_name="a.mp4")}, "needs both a name and a SHA-256"),
        ({"content": Content(file_sha256="a" * 64)}, "needs both a name and a SHA-256"),
    ],
)
def test_invalid_values_are_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ReleaseError, match=words):
        rules.checked_request(replace(REQUEST, **changed), NOW_MS)  # type: ignore[arg-type]


def test_a_request_names_a_camera_or_a_file() -> None:
    with pytest.raises(PolicyError, match="neither a camera nor a file"):
        rules.checked_request(replace(REQUEST, content=Content()), NOW_MS)


@given(st.sampled_from(DisclosureState), st.booleans())
def test_only_an_approved_disclosure_may_be_built(state: DisclosureState, declared: bool) -> None:
    found = disclosure(state, declared=declared)
    if state in MAY_BE_BUILT:
        rules.check_building(found)
        return
    with pytest.raises(PolicyError, match="refused" if state is DisclosureState.REFUSED else "not approved"):
        rules.check_building(found)


@given(st.sampled_from(DisclosureState), st.booleans(), st.sampled_from(["Ana", "ANA ", "Bia"]))
def test_only_another_person_approves_and_only_once_and_with_a_declaration(
    state: DisclosureState, declared: bool, by: str
) -> None:
    allowed = state is DisclosureState.REQUESTED and declared and by == "Bia"
    found = disclosure(state, declared=declared)
    if allowed:
        rules.check_approving(found, by)
        return
    with pytest.raises(PolicyError):
        rules.check_approving(found, by)


def test_a_disclosure_without_a_file_cannot_be_delivered() -> None:
    found = disclosure(DisclosureState.APPROVED)
    with pytest.raises(PolicyError, match="no file yet"):
        rules.check_delivering(found, "ab" * 32)
    file = BuiltFile("a", "a" * 64, 1, policy={"approval_sha256": "ab" * 32})
    rules.check_delivering(replace(found, files=(file,)), "ab" * 32)


def test_a_file_without_its_approval_counts_by_its_time() -> None:
    found = replace(disclosure(DisclosureState.APPROVED), decided_ms=NOW_MS, decided_by="Bia")
    file = BuiltFile("a", "a" * 64, 1, built_ms=NOW_MS)
    rules.check_delivering(replace(found, files=(file,)), "ab" * 32)
    earlier = replace(file, built_ms=NOW_MS - 1)
    with pytest.raises(PolicyError, match="approved anew by Bia after a was built, under other conditions"):
        rules.check_delivering(replace(found, files=(earlier,)), "ab" * 32)


@pytest.mark.parametrize(
    "text", ["2026/000123", " 2026/123", "2026-000123", "2026_123", "nº 2026/123", "Nº2026 / 000123"]
)
def test_numbers_are_read_in_all_common_forms(text: str) -> None:
    assert read_number(text) == "2026/000123"


@pytest.mark.parametrize("text", ["", "123", "2026/", "2026/1234567", "26/1", "2026/١٢٣", "a" * 64])
def test_other_texts_are_not_numbers(text: str) -> None:
    with pytest.raises(ReleaseError, match="2026/000123"):
        read_number(text)
