"""Analyses of files by earlier runs: how thorough each was, so that a weaker one does not replace its rows unasked.

Events of one video have the same ids in every run. ``analyses`` in the data folder has a folder per camera, and in it a
file per session (`pipeline.decode.session_id`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import SourceError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

_FOLDER: Final = "analyses"


class Analysis(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a file is analyzed, as far as its rows depend on it.

    Attributes:
        detector, plate_detector, reader: names of model cards; "" where there is none.
        input_size: width and height in pixels that the detector is given; None for its card's.
        frames_per_s: analyzed frames per second of video; None for all.
        adaptive: whether some of these were skipped, as nothing new was to be seen in them.
    """

    detector: str
    plate_detector: str = ""
    reader: str = ""
    input_size: tuple[int, int] | None = None
    frames_per_s: float | None = None
    adaptive: bool = False

    def weaknesses(self, before: Analysis) -> Iterator[str]:
        """What it lacks compared with another one, in words; none where it is known to be at least as good.

        Another network is not known to be as good.
        """
        if self.frames_per_s is not None and (before.frames_per_s is None or self.frames_per_s < before.frames_per_s):
            was = "every frame" if before.frames_per_s is None else f"{before.frames_per_s:g}"
            yield f"analyzed frames per second are {self.frames_per_s:g} instead of {was}"
        if self.adaptive and not before.adaptive:
            yield "frames are skipped (analyze.adaptive) that were analyzed before"
        if (self.detector, self.input_size) != (before.detector, before.input_size):
            yield f"detector {self._detector()} instead of {before._detector()}"
        if before.plate_detector and self.plate_detector != before.plate_detector:
            yield f"plate detector {self.plate_detector or 'none'} instead of {before.plate_detector}"
        if before.reader and self.reader != before.reader:
            yield f"plate reader {self.reader} instead of {before.reader}" if self.reader else "plates are not read"

    def _detector(self) -> str:
        size = "" if self.input_size is None else " at {}×{}".format(*self.input_size)
        return f"{self.detector}{size}"


@dataclass(frozen=True, slots=True)
class StoredAnalyses:
    """The analyses of a data folder.

    Attributes:
        data_dir: folder of the program's data.
        replace: a person asked for weaker analyses to replace better ones.
    """

    data_dir: Path
    replace: bool = False

    def begin(self, camera_id: str, stream_id: str, analysis: Analysis) -> bool:
        """Note the analysis of a session before its first event; whether it was analyzed before.

        Raises:
            SourceError: it would replace the rows of a better one, and no person asked for that; or it is not known
                whether it would.
        """
        path = self.data_dir / _FOLDER / camera_id / f"{stream_id}.json"
        before = _read(camera_id, path)
        if before is not None and not self.replace and (weaker := list(analysis.weaknesses(before))):
            raise SourceError(
                camera_id,
                f"this video was analyzed better before, and its stored rows would be replaced by worse ones: "
                f"{'; '.join(weaker)}",
                "Restore the settings of before, or add --replace to `viapublica run`",
            )
        if before != analysis:
            try:
                private_folder(path.parent)
                write_atomically(path, msgspec.json.encode(analysis))
            except OSError as error:
                raise SourceError(
                    camera_id, f"its analysis cannot be noted in {path} ({error.strerror})", "Check rights and disk"
                ) from error
        return before is not None


def _read(camera_id: str, path: Path) -> Analysis | None:
    """The analysis of before, None where there was none.

    Raises:
        SourceError: its file cannot be read, or is corrupt.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Analysis)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise SourceError(
            camera_id,
            f"it is not known how this video was analyzed before: {path} cannot be read ({error})",
            "Delete that file, if the rows of before may be replaced",
        ) from error
