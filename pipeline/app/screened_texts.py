"""The screen of free texts with a city's additions, and texts of files that people bring to a query."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.config.load import load_config
from pipeline.domain.listed_vehicles import ListedVehicles
from pipeline.domain.operation import Operation
from pipeline.policy.sensitive.screen import TextKind, TextScreen, standard_screen

_NAMES: Final = frozenset(
    "nome proprietario proprietário titular condutor motorista possuidor owner name driver".split()
)
"""Headings of columns that hold names of persons."""


def screen_of(config: Path | None) -> TextScreen:
    """The screen with the additions of a configuration; the standard one without a configuration.

    Raises:
        ConfigError: it is not valid.
    """
    return standard_screen() if config is None else load_config(config, for_queries=True).sensitive_texts.screen()


def check_listed(listed: ListedVehicles, name: str, stores: ConfiguredStores) -> None:
    """Refuse a list of plates that says something sensitive about the people of its vehicles; in the audit, too.

    Args:
        listed: as read; name: of the file.
        stores: those that are to be asked; their configuration has the screen of free texts.

    Raises:
        PolicyError: naming the column, the word and the category; the cell itself is not repeated.
    """
    with audit_of_stores(stores).refusals(Operation.BULK_QUERY):
        _check_texts(listed, name, stores.screen)


def _check_texts(listed: ListedVehicles, name: str, screen: TextScreen) -> None:
    for heading in listed.columns:
        screen.check(f"{name}: heading {heading!r}", heading, TextKind.KEY)
    texts: dict[tuple[str, str], None] = {}
    for cells in listed.cells.values():
        texts.update(((heading, cell), None) for heading, cell in zip(listed.columns, cells, strict=True) if cell)
    for heading, cell in texts:
        kind = TextKind.PERSON if heading.casefold() in _NAMES else TextKind.NOTE
        screen.check(f"{name}: column {heading!r}", cell, kind)
