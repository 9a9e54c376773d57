"""A change of a configuration file: checked as a whole, then written as a whole."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.settings import Config
from pipeline.errors import ConfigError
from pipeline.storage.atomic import atomic_file, create_file, unique_partial
from pipeline.storage.yaml_document import read_text

__all__ = ["ConfigChange", "write_config"]


@dataclass(frozen=True)
class ConfigChange:
    """A checked configuration that is not yet written.

    Attributes:
        path: the file.
        before: its text; None for a new file.
        after: the text to write.
        config: what `after` means.
    """

    path: Path
    before: str | None
    after: str
    config: Config

    @property
    def diff(self) -> str:
        """The lines that change, as a unified diff; "" where none does."""
        old, new = (self.before or "").splitlines(), self.after.splitlines()
        name = self.path.name
        return "\n".join(difflib.unified_diff(old, new, name, name, lineterm="", n=2))


def write_config(change: ConfigChange) -> None:
    """Put the new text into the file, whole; its permissions stay.

    Raises:
        ConfigError: it changed meanwhile, or cannot be written.
    """
    path = change.path
    try:
        if change.before is None:
            create_file(path, change.after.encode())
        elif read_text(path) != change.before:
            raise ConfigError(str(path), "was changed by another program meanwhile", "Run the command again")
        else:
            _replace(path.resolve(), change.after.encode())
    except OSError as error:
        fix = "Check the permissions of its folder"
        raise ConfigError(str(path), f"cannot be written ({error.strerror})", fix) from None


def _replace(path: Path, content: bytes) -> None:
    """The new content under the owner and the permissions of the old file: a service user has to read it."""
    status = path.stat()
    with atomic_file(path, partial=unique_partial(path)) as file:
        file.write(content)
        os.fchmod(file.fileno(), status.st_mode & 0o777)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
