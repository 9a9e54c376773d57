"""Documentation cites each article for its subject, and teaches no command that logs a plate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")])
SUBJECTS = {
    "9": r"requisition|original packets",
    "9 §1": r"preserve",
    "9 §2": r"judiciary",
    "9 §3": r"recipient, content and purpose",
    "9 §4": r"sheet",
    "9 §5": r"watermark|cannot be identified",
    "10": r"public interest",
    "10 §1": r"purpose and the liability",
    "10 §3": r"private institution",
    "10 §4": r"media",
    "11": r"research",
    "11 §1": r"officially constituted",
    "11 §2": r"personal information .* excluded or obfuscated",
}
"""The subject of each article of decree 18.743/2014 on disclosures."""
INVENTED = (
    r"because the law says|as the law allows|the law requires it|prazo legal|wording is the decree's"
    r"|art\. 11[^|.;]*(second|trace|decision)"
)


def test_the_table_of_rules_has_every_article_with_its_subject() -> None:
    guide = (ROOT / "docs/how-to/make-a-release.md").read_text()
    rows = re.findall(r"^\| art\. ([\d]+(?: §\d)?): (.*?) \|", guide, re.MULTILINE)
    assert {article for article, _ in rows} == set(SUBJECTS)
    for article, rule in rows:
        assert re.search(SUBJECTS[article], rule), f"art. {article}: {rule}"


@pytest.mark.parametrize("page", TEXTS, ids=lambda path: path.name)
def test_no_page_cites_the_law_for_what_it_does_not_say(page: Path) -> None:
    assert not re.search(INVENTED, " ".join(page.read_text().split()))


@pytest.mark.parametrize("page", TEXTS, ids=lambda path: path.name)
def test_no_page_teaches_a_plate_on_the_command_line_of_sudo(page: Path) -> None:
    for line in page.read_text().splitlines():
        assert not re.search(r"sudo .*\b[A-Z]{3}\d[A-Z0-9]\d{2}\b", line), line


LAW_PAGE = ROOT / "docs/explanation/cameras-and-the-law.md"
SOURCES = [*TEXTS, *ROOT.glob("pipeline/**/*.py")]


def lgpd_articles(text: str) -> set[str]:
    """The articles of LGPD that a text cites: ``LGPD art. 18 IV``, ``(LGPD), arts. 7º, 23 e 26``."""
    found: set[str] = set()
    for cited in re.findall(r"LGPD\)?,?\s*(?:\S{0,3}\s*)?arts?\.\s([^|;:.()]*)", text):
        of_lgpd = re.split(r"decree|decreto|law|lei", cited, flags=re.IGNORECASE)[0]
        found |= set(re.findall(r"(?<![§\d/])(?<!§ )\b(\d{1,2})(?=º|\b)", of_lgpd))
    return found


def test_the_page_of_the_law_lists_every_article_of_lgpd_that_is_cited() -> None:
    section = LAW_PAGE.read_text().partition("## Texts that were compared")[2].partition("## Scope")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("|")]
    listed = {article.strip() for act, article in rows if "LGPD" in act or not act.strip()}
    cited = {article for path in SOURCES for article in lgpd_articles(" ".join(path.read_text().split()))}
    assert cited >= {"5", "7", "18", "19", "23", "26"}, "citations are found"
    assert cited <= listed, f"not listed as unverified: {sorted(cited - listed)}"


def test_citations_are_found_in_both_languages() -> None:
    assert lgpd_articles("(LGPD), arts. 15, 16 e 18, IV") == {"15", "16", "18"}
    assert lgpd_articles("LGPD art. 5 II, decree 18.743/2014 art. 12") == {"5"}
    assert lgpd_articles("LGPD, art. 18, § 6º.") == {"18"}
    assert lgpd_articles("LGPD, arts. 18, I e II, e 19") == {"18", "19"}
