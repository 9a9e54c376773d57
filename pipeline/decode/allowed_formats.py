"""FFmpeg demuxers and decoders that may be used: the formats of cameras, recorders and phones.

The lists exclude its more unusual demuxers (text rendered as video, scripts that name other files) and audio decoders:
they are not even used to guess a stream's parameters (decree 18.743/2014 art. 13: no private conversations).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEMUXERS = tuple(
    """mov mp4 matroska webm avi mpegts mpeg mpegvideo flv live_flv h261 h263 h264 hevc av1 obu ivf m4v mjpeg mpjpeg
    jpeg_pipe asf ogg nut yuv4mpegpipe dhav dv mxf gif""".split()
)
"""Names of FFmpeg demuxers."""

_NETWORK_DEMUXERS = ("rtsp", "sdp", "rtp")
"""These refer to further addresses: such a file on disk could have any other file read."""

VIDEO_DECODERS = tuple(
    """h264 hevc av1 libdav1d vp8 vp9 mjpeg mpeg4 mpeg2video mpeg1video mpegvideo h261 h263 h263p flv msmpeg4v1
    msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 theora ffv1 dvvideo prores rawvideo png gif jpeg2000 huffyuv ffvhuff cinepak
    h264_cuvid hevc_cuvid av1_cuvid vp8_cuvid vp9_cuvid mjpeg_cuvid mpeg4_cuvid mpeg2_cuvid""".split()
)
"""Names of FFmpeg decoders."""


def _options(demuxers: tuple[str, ...]) -> Mapping[str, str]:
    return MappingProxyType({"format_whitelist": ",".join(demuxers), "codec_whitelist": ",".join(VIDEO_DECODERS)})


FILE_OPTIONS = _options(DEMUXERS)
"""For `av.open` of files."""
HTTP_OPTIONS = FILE_OPTIONS
"""For `av.open` of HTTP addresses, whatever they serve but playlists."""
PLAYLIST_OPTIONS = MappingProxyType(
    {**_options((*DEMUXERS, "hls")), "http_persistent": "0", "http_multiple": "0", "live_start_index": "-1"}
)
"""For `av.open` of HLS playlists, whose parts are requested by `http_access` and not by FFmpeg's own connections.

Live ones begin with their newest segment: with older ones, each new connection would read again what was read.
"""
STREAM_OPTIONS = _options((*DEMUXERS, *_NETWORK_DEMUXERS))
"""For `av.open` of addresses in a network."""
