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
