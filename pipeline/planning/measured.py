"""Measured rows of machines and of events, on which plans are based: the file of devices."""

from __future__ import annotations

import io
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator
from ruamel.yaml import YAML

import pipeline
from pipeline.domain.events import Kind
from pipeline.errors import ConfigError
from pipeline.planning.documents import StrictModel, read_document
from pipeline.planning.ranges import Range
from pipeline.storage.atomic import atomic_file

EXAMPLE: Final = "configs/measured-devices.yaml"
_SIZE: Final = re.compile(r"^[1-9][0-9]{1,4}x[1-9][0-9]{1,4}$")
_NAMED: Final = {"480p": "854x480", "720p": "1280x720", "1080p": "1920x1080", "1440p": "2560x1440", "4k": "3840x2160"}


class Traffic(StrEnum):
    """Density of the traffic in view."""

    EMPTY = "empty"
    """Nothing moves."""
    ORDINARY = "ordinary"
    """A vehicle every few seconds."""
    DENSE = "dense"
    """Several vehicles in view at any time."""


class Codec(StrEnum):
    """Compression of a camera's video."""

    H264 = "h264"
    HEVC = "hevc"


def size_of(text: str) -> str:
    """``1280x720`` of such a size or of a name, ``720p``.

    Raises:
        ValueError: it is neither.
    """
    size = _NAMED.get(text.lower(), text.lower())
    if not _SIZE.match(size):
        raise ValueError(f"{text!r} is not a size; write WIDTHxHEIGHT or one of {', '.join(_NAMED)}")
    return size


def _rising(values: tuple[float, float, float]) -> tuple[float, float, float]:
    if not 0 <= values[0] <= values[1] <= values[2]:
        raise ValueError("must be three rising numbers: low, typical, high")
    return values


Three = Annotated[tuple[float, float, float], AfterValidator(_rising)]
Size = Annotated[str, AfterValidator(size_of)]


class CameraCost(StrictModel):
    """What one camera costs a machine.

    Attributes:
        size, codec, fps, traffic: of the camera's video.
        rate: frames per second that may be analyzed.
        machine_seconds: of the whole machine for one second of video: low, median, high of the repeats.
        analyzed: share of those frames that was analyzed.
        other_programs: share of the processor that other programs used meanwhile.
        rendered: the video was drawn by viapublica.
        source: who measured it, how and when.
    """

    size: Size
    codec: Codec = Codec.H264
    fps: float = Field(gt=0, le=240)
    rate: float = Field(gt=0, le=240)
    traffic: Traffic
    machine_seconds: Three
    analyzed: float = Field(default=1.0, ge=0, le=1)
    other_programs: float = Field(default=0.0, ge=0, le=1)
    rendered: bool = False
    source: str = Field(min_length=1)

    @property
    def video(self) -> tuple[str, Codec, float, float, Traffic]:
        """What was measured: one row for each."""
        return self.size, self.codec, self.fps, self.rate, self.traffic

    @property
    def seconds(self) -> Range:
        """`machine_seconds` as a range."""
        return Range(*self.machine_seconds)


class Device(StrictModel):
    """A machine.

    Attributes:
        name: unique; hardware: processor and GPU in words; gpus: how many of them one machine has.
        costs: measured rows.
    """

    name: str = Field(min_length=1, max_length=100)
    hardware: str = ""
    gpus: int = Field(default=0, ge=0, le=64)
    costs: tuple[CameraCost, ...] = Field(min_length=1)

    def with_rows_of(self, other: Device) -> Device:
        """This device with rows of another measurement, but for those that this one has itself."""
        own = {row.video for row in self.costs}
        return self.model_copy(update={"costs": (*self.costs, *(row for row in other.costs if row.video not in own))})


class EventSize(StrictModel):
    """Bytes of one event, compressed.

    Attributes:
        stored: in the event store, after merges; sent: in a topic, value, key and headers.
        source: where it was measured.
    """

    stored: Three
    sent: Three
    source: str = Field(min_length=1)


class IngestRate(StrictModel):
    """Events per second that one ingester stores.

    Attributes:
        per_second: low, typical, high; source: where it was measured.
    """

    per_second: Three
    source: str = Field(min_length=1)


class MeasuredDevices(StrictModel):
    """A file of devices.

    Attributes:
        version: of the file's layout.
        devices: machines with their rows.
        events: size by kind; ingest: rate of an ingester. Both come with viapublica and need not be repeated.
    """

    version: Literal[1]
    devices: tuple[Device, ...] = ()
    events: dict[Kind, EventSize] = Field(default_factory=dict)
    ingest: IngestRate | None = None

    @field_validator("devices")
    @classmethod
    def _names_differ(cls, devices: tuple[Device, ...]) -> tuple[Device, ...]:
        names = [device.name for device in devices]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the device {twice[0]!r} is there twice")
        return devices

    def device(self, name: str | None, where: str) -> Device:
        """The device of this name; without a name the first one.

        Raises:
            ConfigError: there is none; `where` names the file.
        """
        found = next((device for device in self.devices if name in {None, device.name}), None)
        if found is None:
            known = ", ".join(device.name for device in self.devices) or "none"
            raise ConfigError(
                where,
                f"has no device {name!r} (it has: {known})" if name else "has no device",
                "Choose one of these, or measure this machine: viapublica plan --measure --out devices.yaml",
            )
        return found


def shipped_devices() -> Path:
    """The file of devices that comes with viapublica."""
    package = Path(pipeline.__file__).parent
    checkout = package.parent / EXAMPLE
    if (package.parent / "pyproject.toml").is_file() and checkout.is_file():
        return checkout
    return package / "resources" / EXAMPLE


def read_devices(path: Path) -> MeasuredDevices:
    """A file of devices.

    Raises:
        ConfigError: it cannot be read, or every mistake in it.
    """
    return read_document(path, MeasuredDevices, EXAMPLE)


def write_device(path: Path, device: Device) -> None:
    """Put a device first in a file of devices; rows of the same name's device stay, but for those measured again.

    Raises:
        ConfigError: the file is there and is not of this kind, has other hardware of this name, or cannot be written.
    """
    before = read_devices(path) if path.exists() else MeasuredDevices(version=1)
    others = tuple(other for other in before.devices if other.name != device.name)
    for same in (other for other in before.devices if other.name == device.name):
        if same.hardware != device.hardware:
            raise ConfigError(
                str(path),
                f"has a device {device.name!r} that is other hardware: {same.hardware}",
                "Give another --name",
            )
        device = device.with_rows_of(same)
    after = before.model_copy(update={"devices": (device, *others)})
    plain = after.model_dump(mode="json", exclude_defaults=True) | {"version": 1}
    yaml, text = YAML(), io.StringIO()
    yaml.width = 120
    yaml.dump(plain, text)
    try:
        with atomic_file(path, "w", permissions=0o644, encoding="utf-8") as file:
            file.write(text.getvalue())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written: {error.strerror}", "Choose another file") from None
