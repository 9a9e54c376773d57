"""Licenses of datasets are spelled as in the SPDX list."""

from __future__ import annotations

import pytest

from pipeline.dataset.license_id import spdx_license


@pytest.mark.parametrize(
    ("given", "spelled"),
    [("cc-by-4.0", "CC-BY-4.0"), ("ODbL-1.0", "ODbL-1.0"), ("LicenseRef-Cuiaba", "LicenseRef-Cuiaba"), ("CC-BY", "")],
)
def test_an_identifier_is_spelled_as_in_the_list_or_not_known(given: str, spelled: str) -> None:
    assert spdx_license(given) == spelled
