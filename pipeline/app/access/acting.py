"""The person in whose name use cases are called in this context, where a face has recognized them already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from pipeline.domain.requester import Requester

if TYPE_CHECKING:
    from pipeline.app.people.open_registry import OpenRegistry

acting_person: ContextVar[OpenRegistry | None] = ContextVar("acting_person", default=None)
"""None where the operating system's user acts, as on the command line."""


@contextmanager
def acting_as(opened: OpenRegistry) -> Iterator[None]:
    """Call use cases in the name of the person of a registry, who decides on them; ends with the `with` statement."""
    token = acting_person.set(opened)
    try:
        yield
    finally:
        acting_person.reset(token)


def acting_requester() -> Requester:
    """Of a use case that is given none: that of the person in whose name it is called, else of this process."""
    opened = acting_person.get()
    return Requester.of_process() if opened is None else opened.requester
