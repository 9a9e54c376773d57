"""De-interlacing of video whose stream or frames declare two fields, or whose frames show them as combs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from pipeline.decode.lazy_images import plane_rows

_BOTTOM_FIRST: Final = frozenset({3, 4})
_TOP_FIRST: Final = frozenset({2, 5})
"""FFmpeg's `AVFieldOrder`: the field that is displayed first, whichever is coded first."""
_FLAG_FRAMES: Final = frozenset({"h264", "hevc", "mpeg2video", "mpeg1video", "mpeg4", "vc1", "wmv3"})
"""Codecs that say of each frame whether it is interlaced; the others leave it to the stream."""
_INTERLACED_HEIGHTS: Final = frozenset({480, 486, 576, 1080})
"""Lines of interlaced television formats (ITU-R BT.601, BT.709). Only such frames are searched for combs."""
_SEARCH_EVERY: Final = 5
"""Frames from one search for combs to the next: a fifth of a second, for a percent of a core."""
_COLUMN_STEP: Final = 8
_COMB_LEVELS: Final = 12
"""Levels of 255 by which a line differs from both neighbors in a comb; noise stays below."""
_COMB_SHARE: Final = 5e-4
"""Samples in combs of six lines. Interlaced scenes with motion have 80e-4 to 1000e-4, progressive ones up to 4e-4."""
_COMB_RATIO: Final = 4.0
"""Combs of single lines over combs of line pairs. Texture has more of the latter, fields hardly any."""


class Deinterlacer:
    """Turns interlaced frames into progressive ones of the same size and rate; others pass as they are.

    A network that sees both fields of a moving object at once finds neither. FFmpeg's `bwdif` retains the first field
    and fills in the lines of the second: from it where nothing moves, and by interpolation where something does. It
    needs the frame after, so that from the first interlaced frame on, frames come out one later than they went in.

    Args:
        codec: FFmpeg's name of the decoder's codec.
        field_order: of the stream, as in `AVFieldOrder`.
    """

    def __init__(self, codec: str, field_order: int) -> None:
        declared = field_order in _TOP_FIRST | _BOTTOM_FIRST
        self._all = declared and codec not in _FLAG_FRAMES
        # The stream knows better than its frames, where frames of two fields with one time say "bottom first".
        self._parity = ("bff" if field_order in _BOTTOM_FIRST else "tff") if declared else "auto"
        self._graph: av.filter.Graph | None = None
        self._kind: tuple[int, int, str, bool] | None = None
        self._seen = 0

    def frames(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The frames that are complete with this one, in order.

        Raises:
            av.FFmpegError: the filter cannot process this pixel format.
        """
        self._search_combs(frame)
        kind = frame.width, frame.height, frame.format.name, self._all
        if self._graph is not None and kind != self._kind:
            yield from self.flush()
        if self._graph is None:
            if not (self._all or frame.interlaced_frame):
                yield frame
                return
            self._graph, self._kind = self._built(frame), kind
        self._graph.vpush(frame)
        yield from self._pulled(self._graph)

    def flush(self) -> Iterator[av.VideoFrame]:
        """The frames that still wait for their successor; to be called at the end of a stream."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.vpush(None)
            yield from self._pulled(graph)

    def _search_combs(self, frame: av.VideoFrame) -> None:
        """Take every frame as interlaced from the first one on that shows combs though nothing declares them."""
        self._seen += 1
        if self._all or frame.interlaced_frame or self._seen % _SEARCH_EVERY != 1:
            return
        if frame.height in _INTERLACED_HEIGHTS and frame.format.name.startswith(("yuv4", "yuvj4", "nv", "gray")):
            luma = frame.planes[0]
            if luma.line_size < 2 * frame.width and is_combed(plane_rows(luma)[: frame.height, : frame.width]):
                self._all = True

    def _built(self, frame: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        which = "all" if self._all else "interlaced"
        bwdif = graph.add("bwdif", f"mode=send_frame:parity={self._parity}:deint={which}:threads=1")
        sink = graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        graph.configure()
        return graph

    @staticmethod
    def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
        while True:
            try:
                yield graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return


def is_combed(luma: npt.NDArray[np.uint8]) -> bool:
    """Whether lines of two times alternate in an (h, w) luma plane, as where something moves in interlaced video."""
    columns = luma[:, ::_COLUMN_STEP].astype(np.int16)
    single, double = _comb_share(columns, 1), _comb_share(columns, 2)
    return single > _COMB_SHARE and single > _COMB_RATIO * double


def _comb_share(columns: npt.NDArray[np.int16], step: int) -> float:
    """Share of samples in vertical combs of six teeth, when only every `step`-th line counts."""
    up = columns[step:-step] - columns[: -2 * step]
    down = columns[step:-step] - columns[2 * step :]
    tooth = (np.minimum(up, down) > _COMB_LEVELS) | (np.maximum(up, down) < -_COMB_LEVELS)
    runs = tooth[: -3 * step] & tooth[step : -2 * step] & tooth[2 * step : -step] & tooth[3 * step :]
    return float(runs.mean()) if runs.size else 0.0
