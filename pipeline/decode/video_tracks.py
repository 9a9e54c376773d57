"""Video tracks of an open container: the one to decode, and what is left out by that."""

from __future__ import annotations

from typing import Final

import av

from pipeline.decode.ffmpeg_errors import NoVideo

_IMAGE_BRANDS: Final = frozenset({"heic", "heix", "heim", "heis", "mif1", "avif"})
"""Brands of ISO base media files that hold one image (ISO/IEC 23008-12)."""
_ROUNDING: Final = 2
"""Frames that an edit list may hide at the ends only because its times are rounded."""


class VideoTracks:
    """Video streams of a container, without attached images such as album art.

    The variants of an HLS playlist show the same; the largest is the only one. Tracks of a file may be different
    cameras, as those of a car: what is not decoded must be named.

    Args:
        container: open for reading.

    Raises:
        NoVideo: it has none.
    """

    def __init__(self, container: av.container.InputContainer) -> None:
        if container.metadata.get("major_brand", "")[:4] in _IMAGE_BRANDS:
            raise NoVideo("is an image (HEIF or AVIF) named as a video, and its streams are tiles of it")
        streams = container.streams
        attached = av.stream.Disposition.attached_pic
        tracks = [stream for stream in streams.video if not stream.disposition & attached]
        if not tracks:
            kinds = sorted({str(stream.type) for stream in streams})
            raise NoVideo("contains no video" + (f", only {', '.join(kinds)}" if kinds else ""))
        if container.format.name == "hls":
            tracks = [max(tracks, key=_pixels)]
        self._tracks = tracks
        self._chosen = tracks[0]
        self._has_edit_lists = "mp4" in container.format.name

    @property
    def count(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def choose(self, number: int | None) -> av.VideoStream:
        """A track by its number from 1; by default the first one that can be decoded.

        Raises:
            NoVideo: there is no such track, or it cannot be decoded.
        """
        if number is None:
            able = [track for track in self._tracks if track.codec_context is not None]
            if not able:
                raise NoVideo("contains video of a codec that cannot be decoded")
            self._chosen = able[0]
        elif number > self.count:
            raise NoVideo(f"has no video track {number}, only {self.count}")
        else:
            self._chosen = self._tracks[number - 1]
            if self._chosen.codec_context is None:
                raise NoVideo(f"has a video track {number} of a codec that cannot be decoded")
        return self._chosen

    def left_out(self) -> tuple[str, ...]:
        """The tracks besides the chosen one, in words."""
        return tuple(_described(n, track) for n, track in enumerate(self._tracks, 1) if track is not self._chosen)

    def hidden(self, decoded: int) -> tuple[str, ...]:
        """Frames that the file holds and an edit list hides from players.

        Args:
            decoded: frames of the chosen track, when its end was reached.
        """
        stored = self._chosen.frames
        if not self._has_edit_lists or stored - decoded <= _ROUNDING:
            return ()
        return (f"{stored - decoded} of {stored} frames, which an edit list of the file hides",)


def _pixels(track: av.VideoStream) -> tuple[int, int]:
    codec = track.codec_context
    return (0, 0) if codec is None else (codec.width * codec.height, codec.bit_rate or 0)


def _described(number: int, track: av.VideoStream) -> str:
    codec = track.codec_context
    return f"video track {number} ({'unknown codec' if codec is None else f'{codec.width}×{codec.height}'})"
