"""Declarations that hold for files: of recorded video by its folder, of copies by the recorder's tag or key frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration, common_ignored_areas
from pipeline.domain.polygon import Polygon
from pipeline.domain.video import Rotation
from pipeline.errors import PolicyError
from pipeline.policy.scope import why_no_plates
from pipeline.record.declaration_tag import declaration_in, declaration_in_image
from pipeline.record.file_layout import DECLARATIONS, INDEX, begin_of
from pipeline.record.known_recordings import KnownRecordings, declarations_held
from pipeline.storage.restore_note import check_not_restored

_IMAGES: Final = frozenset({".jpg", ".jpeg", ".png"})


def declarations_of(
    path: Path, *, is_clip: bool, content: Path | None = None, known: KnownRecordings | None = None
) -> list[CameraDeclaration]:
    """Every declaration that holds for any part of a file; none when nothing is known about it.

    Args:
        path: an image or video.
        is_clip: it is a video, whose container may carry the tag of a recorder; else an image, with it as comment.
        content: a copy of the file that is read instead; None for the file itself.
        known: recorded video that a video is compared with, since its tag may be lost.

    Raises:
        PolicyError: there is a declaration that cannot be read, or that is incomplete.
    """
    found = list(dict.fromkeys(_in_folder(path)))
    if is_clip and known is not None:
        found += known.declarations_of(content or path, path)
    if not is_clip and path.is_dir():
        files = [one for one in sorted(path.iterdir()) if one.suffix.lower() in _IMAGES]
    else:
        files = [content or path]
    for file in files:
        try:
            tag = declaration_in(file) if is_clip else declaration_in_image(file)
        except ValueError as error:
            raise PolicyError(str(path), f"carries a declaration, and {error}", "Use the original") from error
        if tag is not None and tag.complete:
            found.append(tag.declaration)
        elif tag is not None and not found:
            raise PolicyError(
                str(path),
                "is recorded video whose privacy masks are not in the file",
                "Read it in its recording folder",
            )
    return list(dict.fromkeys(found))


def check_plates_of(path: Path, *, is_clip: bool, scope: Scope | None, known: KnownRecordings | None = None) -> None:
    """Check that plates may be read in a file.

    Args:
        path: an image or video; is_clip: it is a video.
        scope: the public space as the person who reads it states it, None if not stated. It never loosens what the
            recorder noted.
        known: see `declarations_of`.

    Raises:
        PolicyError: they may not be read, or nothing is known about the public space in it.
    """
    declared = declarations_of(path, is_clip=is_clip, known=known)
    for one in declared:
        if why := why_no_plates(one.camera):
            raise PolicyError(
                str(path),
                f"was recorded by camera {one.camera_id}: {why}",
                "To publish it, mask its plates: viapublica release request, or anonymize",
            )
    if scope is None and not declared:
        raise PolicyError(
            str(path),
            "it is not known which public space it shows, so its plates are not read",
            f"State it with --scope: {', '.join(Scope)} (law 11.766/2022 art. 9 §3)",
        )
    if scope is not None:
        check_scope(scope)


def check_not_recorded(path: Path, content: Path | None = None, known: KnownRecordings | None = None) -> None:
    """Check that no recorder noted anything about a file, so that no camera's conditions apply to it.

    Args:
        path: the file; content: a copy of it that is used, None for the file itself.
        known: see `declarations_of`.

    Raises:
        PolicyError: a camera recorded it; or see `declarations_of`.
    """
    for one in declarations_of(path, is_clip=True, content=content, known=known):
        raise PolicyError(
            str(path),
            f"was recorded by camera {one.camera_id}, whose privacy masks and conditions apply to it",
            f"Request it with --camera {one.camera_id}, --from and --to, and build it with --config",
        )


def check_scope(scope: Scope) -> None:
    """Check that plates may be read in files of a public space.

    Raises:
        PolicyError: they may not.
    """
    if why := why_no_plates(Camera("files", scope)):
        raise PolicyError(
            "read",
            why,
            "To publish such images, mask their plates: viapublica anonymize. If they show a road or the entrance of a "
            "car park, state that: --scope public-road",
        )


@dataclass(frozen=True, slots=True)
class RecordedView:
    """How frames of recorded video have to be shown: turned as then, with all privacy masks of that time.

    Attributes:
        masks: of any declaration that holds; rotate: degrees clockwise.
        ignore: ignored areas that all of these declarations have.
    """

    masks: tuple[Polygon, ...]
    rotate: Rotation
    ignore: tuple[Polygon, ...] = ()


def recorded_view(path: Path, *, is_clip: bool, known: KnownRecordings | None = None) -> RecordedView | None:
    """How a file has to be shown; None when no recorder noted anything about it.

    Raises:
        PolicyError: see `declarations_of`; or the camera was turned meanwhile, so that its masks fit no one image.
    """
    declared = declarations_of(path, is_clip=is_clip, known=known)
    if not declared:
        return None
    masks = tuple(dict.fromkeys(mask for one in declared for mask in one.masks))
    rotations = {one.rotate for one in declared}
    if len(rotations) > 1 and masks:
        raise PolicyError(
            str(path),
            "is of a camera whose rotate was changed, so that its privacy masks fit no single view",
            "Use video from before or after the change",
        )
    ignore = common_ignored_areas(declared) if len(rotations) == 1 else ()
    return RecordedView(masks, cast("Rotation", declared[0].rotate), ignore)


def view_of(path: Path, *, is_clip: bool, rotate: Rotation, known: KnownRecordings | None = None) -> RecordedView:
    """How a file has to be shown: as it was recorded, or as the caller states where no recorder noted anything.

    Args:
        path: an image or video; is_clip: it is a video.
        rotate: degrees clockwise as the caller states them, 0 if not stated.
        known: see `declarations_of`.

    Raises:
        PolicyError: see `recorded_view`; or `rotate` is another one than that of the recorded privacy masks.
    """
    view = recorded_view(path, is_clip=is_clip, known=known)
    if view is None:
        return RecordedView((), rotate)
    if rotate in {0, view.rotate}:
        return view
    if view.masks:
        raise PolicyError(
            str(path),
            f"was recorded with privacy masks that apply to rotate {view.rotate}, not to {rotate}",
            "Omit --rotate",
        )
    return RecordedView((), rotate)


def _in_folder(path: Path) -> Iterator[CameraDeclaration]:
    """Declarations of the recording folder that a file lies in, under its own name or under that of its target."""
    names = path.absolute(), path.resolve()
    for folder in dict.fromkeys(folder for one in names for folder in (one, *one.parents)):
        check_not_restored([folder], PolicyError)
        log = folder / DECLARATIONS
        if not log.exists():
            if (folder / INDEX).exists() and (folder / ".index.lock").exists():
                raise PolicyError(
                    str(path),
                    f"lies in the recording folder {folder}, which has no {DECLARATIONS}",
                    "It was recorded by an earlier version: record anew, or copy the file out and state its --scope",
                )
            continue
        yield from declarations_held(log, begin_of(path.resolve().name))
