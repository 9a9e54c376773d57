"""Time zones in a configuration: names that are known."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from pipeline.domain.times import find_zone
from pipeline.errors import ViapublicaError


def _known(name: str) -> str:
    try:
        find_zone(name)
    except ViapublicaError as error:
        raise ValueError(f"{error.problem}: {error.fix}") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known)]
"""An IANA name, such as ``America/Sao_Paulo``."""
