"""The folder of released files: its checks, files that a killed build left, and clip and report published together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.app.anonymize.progress import Progress
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.output_files import sha256_of
from pipeline.errors import ReleaseError
from pipeline.storage.output_file import check_release_folder, opened_folder, reported
from pipeline.storage.staged_files import finish_staged, publish_together
from pipeline.storage.unnamed_file import UnnamedFile

_BUILD = re.compile(r"-build\d+$")


def file_stem(number: str, earlier: int = 0) -> str:
    """Name of the files of a disclosure without suffix: ``2026-000123``, then ``2026-000123-build2``.

    Args:
        number: of the disclosure; earlier: number of its files so far, none of which is replaced.
    """
    stem = number.replace("/", "-")
    return f"{stem}-build{earlier + 1}" if earlier else stem


def number_of_stem(stem: str) -> str:
    """The number of the disclosure that files belong to."""
    return _BUILD.sub("", stem).replace("-", "/")


@contextmanager
def opened_release_folder(path: Path, register: AuditedRegister, progress: Progress) -> Iterator[int]:
    """The descriptor of the folder, created where missing.

    What a killed build left in it is finished if its clip is registered, and removed if it is not.

    Args:
        path: the folder; register: of the disclosures; progress: receives a warning.

    Raises:
        ReleaseError: it cannot be created, or other users could exchange the files in it.
    """
    with ExitStack() as stack:
        try:
            path.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(opened_folder(path))
        except OSError as error:
            raise ReleaseError(
                str(path), f"cannot be created ({error.strerror})", "Choose another folder with --out"
            ) from error
        check_release_folder(path, folder)

        def is_registered(group: str, files: Mapping[str, Path]) -> bool | None:
            return _is_registered(register, group, files)

        with reported(path):
            found = finish_staged(folder, is_registered)
        for group, finished in found.items():
            number = number_of_stem(group)
            done = "their names were given now" if finished else "they were not registered, and are removed"
            progress.warn("interrupted", f"an earlier build of {number} left clip and report unfinished: {done}")
        yield folder


def publish_release(clip: Path, files: Mapping[str, UnnamedFile], folder: int, enter: Callable[[], object]) -> None:
    """Publish the files of a disclosure together.

    Args:
        clip: for messages and the name.
        files: by name, the clip first.
        folder: descriptor.
        enter: registers them; called before they have their names, since an entry without a file does no harm.

    Raises:
        ReleaseError: the files cannot be written.
        ViapublicaError: they cannot be registered.
    """

    def commit() -> None:
        enter()

    with reported(clip):
        publish_together(clip.stem, files, folder, commit)


def _is_registered(register: AuditedRegister, group: str, files: Mapping[str, Path]) -> bool | None:
    """Whether the clip or package of a group is registered; one that has its name already was."""
    clip = files.get(f"{group}.mp4") or files.get(f"{group}.p7m")
    if clip is None:
        return bool(files)
    try:
        registered = register.get(number_of_stem(group)).files
    except ReleaseError:
        return None  # Of another register, which knows whether to finish it.
    return sha256_of(clip) in {file.sha256 for file in registered}
