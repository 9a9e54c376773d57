"""Pinned networks: the model cards and weights with which releases may be made, by SHA-256 of both.

Weights alone do not identify a network: its card maps channels to labels and scales boxes. A network is therefore
pinned by the digests of card and weights. Two files pin networks, in one format: that of the package, which also lists
the networks of earlier versions, and that of the institution's administrators.

::

    folder: /srv/viapublica/models        # with cards/NAME.yaml; of the institution's file only
    masks: city_traffic                   # chooses the masks; default: the package's network
    verification: [city_check]            # verification detectors besides the package's
    networks:
      city_traffic: [{card: 64 hexadecimal digits, weights: 64 hexadecimal digits}]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import ModelCardError, ModelIntegrityError
from pipeline.storage.administered_file import NotAdministered, read_administered
from pipeline.storage.yaml_document import BadDocument, line_of, parse_yaml
from pipeline.weights.catalog import read_packaged
from pipeline.weights.model_card import Sha256

PACKAGE_FILE: Final = "release-networks.yaml"
"""In the models folder of the package."""
INSTITUTION_FILE: Final = Path("/etc/viapublica/release-networks.yaml")
"""One place that no option and no variable can change: the builder of a release must not choose its networks."""


class NetworkSource(StrEnum):
    """The file that pins all networks of a video."""

    PACKAGE = "package"
    INSTITUTION = "institution"
    UNPINNED = "unpinned"
    """At least one network is pinned by neither file."""


class NetworkDigests(BaseModel):
    """SHA-256 of the files of a card and of its weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    card: Sha256
    weights: Sha256


class PinnedNetworks(BaseModel):
    """A file of pinned networks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    masks: str | None = None
    verification: tuple[str, ...] = ()
    networks: dict[str, tuple[NetworkDigests, ...]] = Field(default_factory=dict)

    _sha256: str = PrivateAttr(default="")

    @property
    def sha256(self) -> str:
        """Of the file, 64 hexadecimal digits; empty without a file."""
        return self._sha256

    @model_validator(mode="after")
    def _chosen_are_pinned(self) -> Self:
        chosen = [*([self.masks] if self.masks else []), *self.verification]
        missing = [name for name in chosen if name not in self.networks]
        if missing:
            raise ValueError(f"{missing[0]} is chosen, and not pinned under `networks`")
        if chosen and self.folder is None:
            raise ValueError("`folder` is missing, the models folder of the chosen networks")
        return self

    def card_path(self, name: str) -> str:
        """The file of a chosen network's card."""
        return str((self.folder or Path()) / "cards" / f"{name}.yaml")

    def pins(self, name: str, digests: NetworkDigests) -> bool:
        """Whether the network of this name and these digests is pinned."""
        return digests in self.networks.get(name, ())


@dataclass(frozen=True, slots=True)
class NetworkPins:
    """The pinned networks of package and institution; the latter are empty without a file."""

    package: PinnedNetworks
    institution: PinnedNetworks

    def source_of(self, networks: Mapping[str, NetworkDigests]) -> tuple[NetworkSource, str]:
        """The file that pins all given networks, and its SHA-256; `UNPINNED` and "" if neither does."""
        if networks and all(self.package.pins(name, digests) for name, digests in networks.items()):
            return NetworkSource.PACKAGE, self.package.sha256
        if not networks or self.unpinned(networks):
            return NetworkSource.UNPINNED, ""
        return NetworkSource.INSTITUTION, self.institution.sha256

    def unpinned(self, networks: Mapping[str, NetworkDigests]) -> list[str]:
        """Names of networks that neither file pins."""
        files = (self.package, self.institution)
        return [name for name, digests in networks.items() if not any(file.pins(name, digests) for file in files)]


def digests_of(networks: Iterable[NetworkIdentity]) -> dict[str, NetworkDigests]:
    """Name of each opened network to the digests of the bytes that were opened.

    Raises:
        ModelCardError: two networks have one name, so that a statement could name one of them only.
    """
    found: dict[str, NetworkDigests] = {}
    for one in networks:
        digests = NetworkDigests(card=one.card_sha256, weights=one.weights_sha256)
        if found.setdefault(one.name, digests) != digests:
            raise ModelCardError(f"model {one.name}", "names two different networks", "Rename one of the cards")
    return found


def load_network_pins() -> NetworkPins:
    """The pinned networks of this installation.

    Raises:
        ModelIntegrityError: a file is missing from the package, is not valid, or others than administrators could have
            written the institution's.
    """
    package = _parse(f"installation, file models/{PACKAGE_FILE}", read_packaged(PACKAGE_FILE))
    return NetworkPins(package, _institution_networks(INSTITUTION_FILE))


def _institution_networks(path: Path) -> PinnedNetworks:
    try:
        content = read_administered(path)
    except FileNotFoundError:
        return PinnedNetworks()
    except NotAdministered as error:
        raise ModelIntegrityError(
            f"pinned networks {path}",
            f"cannot be trusted: {error.path} {error.problem}",
            "Make root the owner of the file and of all folders above it, writable by root only",
        ) from error
    except OSError as error:
        raise ModelIntegrityError(
            f"pinned networks {path}", f"cannot be read ({error.strerror})", "Fix its permissions, or remove it"
        ) from error
    return _parse(f"pinned networks {path}", content)


def _parse(subject: str, content: bytes) -> PinnedNetworks:
    try:
        tree = parse_yaml(content.decode())
        pinned = PinnedNetworks.model_validate(tree)
    except (BadDocument, UnicodeDecodeError) as error:
        problem = error.problem if isinstance(error, BadDocument) else "is not text (UTF-8)"
        raise ModelIntegrityError(subject, problem, "See docs/how-to/pin-networks.md") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ModelIntegrityError(
            f"{subject}:{line_of(tree, first['loc'])}",
            f"{key + ': ' if key else ''}{first['msg'].removeprefix('Value error, ')}",
            "See docs/how-to/pin-networks.md",
        ) from error
    pinned._sha256 = hashlib.sha256(content).hexdigest()
    return pinned
