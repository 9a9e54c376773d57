"""Files with images that an erasure reaches: recorded video and previews of its cameras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erased_place import ErasedPlace
from pipeline.app.erasure.former_paths import preview_folders, video_folders
from pipeline.domain.erasure import LeftNote
from pipeline.domain.hold import Hold
from pipeline.domain.plural import counted
from pipeline.domain.times import MINUTE_MS, local_time
from pipeline.engine.preview import is_held, preview_files
from pipeline.errors import SinkError
from pipeline.governance.erasure_notes import held_previews, held_video
from pipeline.record.erasure import VideoSelection, erase_video, recorders_stopped, select_video
from pipeline.store.erasure_selection import Selection

_ERASED: Final = "erased on request"
"""Reason of the gap that erased video leaves."""
_SAME_SPAN_MS: Final = 1_000
"""Files that follow each other within this time are one time range."""
_SOON_MS: Final = MINUTE_MS
_MOST_VIEWS: Final = 20
"""Times of a vehicle that are listed."""


@dataclass(frozen=True, slots=True)
class View:
    """When the wanted vehicle was in view of a camera, milliseconds since 1970 UTC."""

    camera_id: str
    first_ms: int
    last_ms: int

    def whole_seconds(self) -> tuple[int, int]:
        """A range in whole seconds that holds it."""
        return self.first_ms - self.first_ms % 1000, self.last_ms - self.last_ms % 1000 + 1000


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Files with images of one camera.

    Attributes:
        kind: ``video``: segments that overlap the time; ``preview``: all images, as their names have no time.
        folder: of all cameras; camera_id: of these files.
        start_ms, end_ms: of the selection.
        holds: that preserve previews; overridden: ids of holds that preserve nothing, by decision.
    """

    kind: Literal["video", "preview"]
    folder: Path
    camera_id: str
    start_ms: int | None
    end_ms: int | None
    holds: tuple[Hold, ...] = ()
    overridden: frozenset[str] = frozenset()

    def place(self) -> ErasedPlace:
        """How many files are to be erased and how many are held, and of which times.

        Raises:
            RecordError: the video or its holds cannot be read.
            SinkError: the previews cannot be read.
        """
        where = (self.kind, str(self.folder), self.camera_id)
        if self.kind != "video":
            held, previews = self._held_previews(), self._previews()
            return ErasedPlace(*where, len(previews) - len(held), held=len(held))
        selected = self._selected()
        spans: list[tuple[int, int]] = []
        for one in selected.segments:
            if spans and one.begin_ms - spans[-1][1] <= _SAME_SPAN_MS:
                spans[-1] = (spans[-1][0], max(spans[-1][1], one.end_ms))
            else:
                spans.append((one.begin_ms, one.end_ms))
        return ErasedPlace(*where, len(selected.segments), held=len(selected.held), spans=tuple(spans))

    def held(self) -> list[LeftNote]:
        """Files that a hold preserves, a note for each hold.

        Raises:
            RecordError: the video or its holds cannot be read.
        """
        if self.kind != "video":
            held = self._held_previews()
            return [held_previews(self.camera_id, len(held))] if held else []
        files = Counter(hold for _, holds in self._selected().held for hold in holds)
        return [
            held_video(self.camera_id, number, hold.hold_id, f"{hold.reason} ({hold.by})")
            for hold, number in files.items()
        ]

    def erase(self) -> None:
        """Delete the files.

        Raises:
            RecordError: the video or its holds cannot be read, or a file cannot be deleted.
            SinkError: a preview cannot be deleted.
        """
        if self.kind == "video":
            erase_video(self.folder, [self.camera_id], self.start_ms, self.end_ms, _ERASED, overridden=self.overridden)
            return
        held = self._held_previews()
        for path in (path for path in self._previews() if path not in held):
            with _image_errors(f"previews of {self.camera_id}"):
                path.unlink(missing_ok=True)

    def _selected(self) -> VideoSelection:
        return select_video(self.folder, [self.camera_id], self.start_ms, self.end_ms, self.overridden)

    def _held_previews(self) -> set[Path]:
        with _image_errors(f"previews of {self.camera_id}"):
            return {path for path in self._previews() if is_held(path, self.holds)}

    def _previews(self) -> list[Path]:
        with _image_errors(f"previews of {self.camera_id}"):
            return preview_files(self.folder, self.camera_id)


def find_image_files(
    stores: ConfiguredStores,
    selection: Selection,
    camera_ids: Sequence[str],
    overridden: frozenset[str] = frozenset(),
) -> list[ImageFiles]:
    """The files to erase.

    Video is erased by place and time only: what shows one vehicle shows all others, see `video_of_views`.

    Args:
        stores: folders of recorded video and of previews; former ones too.
        selection: what to erase.
        camera_ids: of the selection, or those that saw the vehicle.
        overridden: ids of holds that preserve nothing, by decision.
    """
    span = (selection.start_ms, selection.end_ms, selection.held, overridden)
    videos = [] if selection.key else video_folders(stores)
    found = [ImageFiles("video", folder, camera_id, *span) for folder in videos for camera_id in camera_ids]
    previews = preview_folders(stores)
    return found + [ImageFiles("preview", folder, camera_id, *span) for folder in previews for camera_id in camera_ids]


def recorded_cameras(stores: ConfiguredStores) -> set[str]:
    """Cameras that have a folder of recorded video or of previews.

    Raises:
        SinkError: the folders cannot be read.
    """
    found = set()
    for folder in (*video_folders(stores), *preview_folders(stores)):
        if folder.is_dir():
            with _image_errors(f"cameras in {folder}"):
                found |= {path.name for path in folder.iterdir() if path.is_dir()}
    return found


def video_of_views(stores: ConfiguredStores, views: Sequence[View]) -> list[str]:
    """Recorded video that shows the wanted vehicle, in words, with the commands that erase it.

    Raises:
        RecordError: the video or its holds cannot be read.
    """
    folders, found = video_folders(stores), []
    for view in _joined(views):
        # A reading may have begun when its vehicle was in view already, and the end is included.
        span = view.first_ms, view.last_ms + 1
        selected = [select_video(folder, [view.camera_id], *span) for folder in folders]
        if files := sum(len(one.segments) + len(one.held) for one in selected):
            start, end = (
                local_time(at_ms, stores.zone).isoformat(timespec="seconds") for at_ms in view.whole_seconds()
            )
            show = f"{counted(files, 'file')} show{'s' if files == 1 else ''}"
            found.append(
                f"recorded video of {view.camera_id}: {show} the vehicle, and whatever else was there; "
                f"`viapublica erase --camera {view.camera_id} --from {start} --to {end}`"
            )
    if len(found) > _MOST_VIEWS:
        found[_MOST_VIEWS:] = [
            f"recorded video: {len(found) - _MOST_VIEWS} further times at which the vehicle is shown"
        ]
    return found


def _joined(views: Iterable[View]) -> list[View]:
    """Views of one camera that follow each other soon as one."""
    found: list[View] = []
    for view in sorted(views, key=lambda view: (view.camera_id, view.first_ms)):
        last = found[-1] if found else None
        if last and last.camera_id == view.camera_id and view.first_ms - last.last_ms <= _SOON_MS:
            found[-1] = View(view.camera_id, last.first_ms, max(last.last_ms, view.last_ms))
        else:
            found.append(view)
    return found


@contextmanager
def no_recorders(stores: ConfiguredStores, selection: Selection) -> Iterator[None]:
    """Keep recorders away while video is erased.

    Raises:
        RecordError: another process records one of the cameras.
    """
    with ExitStack() as stack:
        for folder in () if selection.key else video_folders(stores):
            stack.enter_context(recorders_stopped(folder, selection.camera_ids))
        yield


@contextmanager
def _image_errors(subject: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SinkError(
            subject, f"cannot be read or deleted: {error.strerror or error}", "Then erase again."
        ) from error
