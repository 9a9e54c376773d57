"""License identifiers of datasets, as the SPDX list spells them."""

from __future__ import annotations

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression


def spdx_license(text: str) -> str:
    """The identifier or expression in the spelling of the SPDX list; "" for one that is not in it."""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""
