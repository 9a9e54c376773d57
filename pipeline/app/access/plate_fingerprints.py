"""Keyed hashes of plates, by which searches and own vehicles of people are compared."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.store.tombstones import Tombstones


def plate_fingerprints(stores: ConfiguredStores, plates: Sequence[str]) -> frozenset[str]:
    """The hashes, the same for both forms of a plate; by the key of the tombstones, which no backup holds.

    Raises:
        StoreError: the key cannot be read or created.
    """
    if not plates:
        return frozenset()
    tombstones = Tombstones(stores.data_dir)
    return frozenset(tombstones.fingerprint(plate) for plate in plates)
