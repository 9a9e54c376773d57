"""Changes of the registry of people and cameras, as they are reported to the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.domain.operation import Operation


@dataclass(frozen=True, slots=True)
class RegistryChange:
    """A change that is about to be committed.

    Attributes:
        operation: see `Operation`.
        action: what is done, such as ``train``.
        subject: the login, institution or camera concerned.
        facts: further values, without secrets.
    """

    operation: Operation
    action: str
    subject: str
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)


ChangeListener = Callable[[RegistryChange], None]
"""Records a change before it is committed; what it raises undoes the change."""
