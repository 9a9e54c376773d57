"""Releases of a server: settings, disclosures of a person, builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.release.build_messages import BuildOrder
from pipeline.app.release.permitted_releases import PermittedReleases
from pipeline.app.release.release_builds import BuildState, ReleaseBuilds
from pipeline.domain.locale import Locale
from pipeline.errors import ReleaseError

__all__ = ["BuildState", "ReleaseSettings", "ServedReleases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """What a server is started with for releases.

    Attributes:
        config: the configuration that records the cameras; None without one: no recording is held or built.
        folder: for released files; None for ``releases`` in the data folder.
        certificate, key: PEM files to sign with; None without: nothing can be built.
        password: of an encrypted key.
    """

    config: Path | None = None
    folder: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    password: bytes | None = field(default=None, repr=False)

    @property
    def can_build(self) -> bool:
        """Whether there are a recording and a certificate."""
        return None not in (self.config, self.certificate, self.key)


@dataclass(frozen=True, slots=True)
class ServedReleases:
    """The releases of a server.

    Attributes:
        register: the database; stores: of the configuration; settings: see `ReleaseSettings`.
        builds: those of this process.
    """

    register: str
    stores: ConfiguredStores
    settings: ReleaseSettings
    builds: ReleaseBuilds = field(default_factory=ReleaseBuilds)

    @property
    def folder(self) -> Path:
        """For released files."""
        return self.settings.folder or self.stores.data_dir / "releases"

    def releases(self, opened: OpenRegistry) -> PermittedReleases:
        """The disclosures, for the person of an open registry."""
        return PermittedReleases(opened, self.register, self.stores, self.settings.config, self.folder)

    def build(
        self, opened: OpenRegistry, number: str, *, rebuild: str, windscreens: bool, locale: Locale | None
    ) -> BuildState:
        """Begin the build of a disclosure for the person of an open registry, whose requester states purpose and case.

        Args:
            opened: the registry; number: of the disclosure.
            rebuild, windscreens, locale: see `BuildRequest`.

        Raises:
            PolicyError: they may not, or it is not approved.
            ReleaseError: no such number, the server cannot build it, or builds another one.
        """
        found, settings = self.releases(opened).check_building(number), self.settings
        if settings.config is None or settings.certificate is None or settings.key is None:
            raise ReleaseError(
                f"disclosure {found.number}",
                "cannot be built by this server: it has no recording or no certificate",
                "Start it with --config, --certificate and --key, or use viapublica release build",
            )
        if found.request.content.is_file:
            raise ReleaseError(
                f"disclosure {found.number}",
                "requests a file, which this server does not have",
                "Build it where the file is: viapublica release build",
            )
        order = BuildOrder(
            number=found.number,
            register=self.register,
            config=str(settings.config),
            folder=str(self.folder),
            login=opened.actor.person().login,
            purpose=opened.requester.purpose,
            case=opened.requester.case,
            certificate=str(settings.certificate),
            key=str(settings.key),
            password=settings.password,
            rebuild=rebuild,
            windscreens=windscreens,
            locale=locale,
        )
        return self.builds.start(order, opened.clock.wall_ms())
