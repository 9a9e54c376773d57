"""Columns of a dataset's tables: name, type, unit and meaning, once for files and dictionary."""

from __future__ import annotations

from typing import Final, NamedTuple


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        name: in the file.
        kind: its type: ``int64``, ``int32``, ``float32``, ``string``, ``timestamp[ms, UTC]``, ``bool``.
        unit: of its values; "" for none.
        about: what it is, and when it is empty.
    """

    name: str
    kind: str
    unit: str
    about: str


_TIME: Final = "timestamp[ms, UTC]"

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "tracks": (
        Column("track", "int64", "", "Number of the track in this dataset, from 1, by camera and start"),
        Column("camera", "string", "", "Id of the camera, see cameras"),
        Column("object_class", "string", "", "Most frequent class of the track's detections"),
        Column("start_time", _TIME, "", "First frame with the object"),
        Column("end_time", _TIME, "", "Last frame with the object"),
        Column("frames", "int32", "frames", "Analyzed frames with the object"),
        Column("path_px", "float32", "px", "Length of the path of the box's ground point, pixels of the image"),
        Column("speed_px_s", "float32", "px/s", "path_px over the time from start_time to end_time"),
        Column("speed_m_s", "float32", "m/s", "Mean speed on the road; empty without a ground calibration"),
    ),
    "points": (
        Column("track", "int64", "", "Number of the track, see tracks"),
        Column("time", _TIME, "", "Time of the frame"),
        Column("x", "float32", "image widths", "Ground point of the box from the left edge, 0 to 1"),
        Column("y", "float32", "image heights", "Ground point of the box from the upper edge, 0 to 1"),
        Column("x_m", "float32", "m", "Position on the road, first axis; empty without a ground calibration"),
        Column("y_m", "float32", "m", "Position on the road, second axis; empty without a ground calibration"),
    ),
    "counts": (
        Column("camera", "string", "", "Id of the camera, see cameras"),
        Column("minute", _TIME, "", "Start of the minute"),
        Column("object_class", "string", "", "Class of the objects"),
        Column("count", "int32", "tracks", "Tracks that began in this minute; no row for none or a withheld hour"),
    ),
    "hours": (
        Column("camera", "string", "", "Id of the camera, see cameras"),
        Column("hour", _TIME, "", "Start of the hour"),
        Column("object_class", "string", "", "Class of the objects"),
        Column("withheld", "bool", "", "Whether fewer than the threshold began, or none: the hour has no other rows"),
    ),
    "cameras": (
        Column("camera", "string", "", "Id of the camera"),
        Column("name", "string", "", "Its name"),
        Column("scope", "string", "", "Declared scope of what it shows"),
        Column("latitude", "float32", "degrees", "WGS 84; empty where it is not declared"),
        Column("longitude", "float32", "degrees", "WGS 84; empty where it is not declared"),
        Column("calibrated", "bool", "", "Whether pixels map to meters on the road"),
        Column("analyze_fps", "float32", "1/s", "Frames analyzed per second; empty for all"),
    ),
}
"""Tables of a dataset with their columns, in order."""
