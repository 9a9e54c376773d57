"""`viapublica plan`: machines, disks, network and cost of some cameras, and what this machine carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.app.capacity_plan import (
    Codec,
    Demand,
    Device,
    Traffic,
    as_json,
    devices_of,
    given_bit_rate,
    plan_capacity,
    plan_language,
    plan_table,
    read_devices,
    read_prices,
    size_of,
    with_configuration,
    write_device,
)
from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.console import err, out, print_json, print_table, progress, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.domain.locale import Locale
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.config.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOptions:
    """The cameras that are planned for."""

    cameras: Annotated[
        int | None, typer.Option("--cameras", min=1, help="How many; default: as many as one machine carries.")
    ] = None
    size: Annotated[str, typer.Option("--size", help="Of their video: 720p, 1080p, 4k or WIDTHxHEIGHT.")] = "1080p"
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=120, help="Analyzed frames per second.")] = 5.0
    fps: Annotated[float, typer.Option("--fps", min=1, max=120, help="Frames per second of the video.")] = 25.0
    codec: Annotated[Codec, typer.Option("--codec", help="Compression of the video.")] = Codec.H264
    bitrate: Annotated[
        float | None, typer.Option("--bitrate", min=0.01, help="Mbit/s of one camera; default: estimated, as a range.")
    ] = None
    traffic: Annotated[
        Traffic | None, typer.Option("--traffic", help="Density of the traffic; default: the range of all three.")
    ] = None
    vehicles: Annotated[
        float | None, typer.Option("--vehicles", min=0, help="That pass one camera in a day; default: estimated.")
    ] = None
    load: Annotated[
        float, typer.Option("--load", min=10, max=100, help="Percent of a machine's capacity to plan with.")
    ] = 80.0

    def demand(self) -> Demand:
        """The demand.

        Raises:
            ViapublicaError: the size is none.
        """
        try:
            size = size_of(self.size)
        except ValueError as error:
            raise ViapublicaError("--size", str(error), "Example: --size 1080p") from None
        if self.rate > self.fps:
            raise ViapublicaError(
                f"--rate {self.rate:g}", f"is more than the video's {self.fps:g} per second", "Lower it, or raise --fps"
            )
        return Demand(
            cameras=self.cameras,
            size=size,
            fps=self.fps,
            codec=self.codec,
            rate=self.rate,
            traffic=self.traffic,
            load=self.load / 100,
            bitrate_mbit=None if self.bitrate is None else given_bit_rate(self.bitrate),
            vehicles=self.vehicles,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationOptions:
    """Where video and events go."""

    days: Annotated[
        int | None, typer.Option("--days", min=0, help="Days of recorded video; 0 records nothing. Default: 7.")
    ] = None
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Whether events go through Kafka.")] = True
    replication: Annotated[int, typer.Option("--replication", min=1, help="Copies of a Kafka topic.")] = 3
    copies: Annotated[int, typer.Option("--copies", min=1, help="Copies of the event store.")] = 2

    def complete(self, demand: Demand) -> Demand:
        """The demand with them."""
        demand = replace(demand, kafka=self.kafka, replication=self.replication, store_copies=self.copies)
        return demand if self.days is None else replace(demand, record_days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """The machine: of a file, or this one."""

    device: Annotated[
        str | None, typer.Option("--device", help="Machine of the file of devices; default: its first.")
    ] = None
    devices: Annotated[
        Path | None, typer.Option("--devices", help="File of measured devices; default: the one of viapublica.")
    ] = None
    measure: Annotated[bool, typer.Option("--measure", help="Measure this machine, and plan with it.")] = False
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=3600, help="Length of the measurement.")] = 120.0
    clip: Annotated[
        Path | None, typer.Option("--clip", help="Video that stands for a camera; default: rendered traffic.")
    ] = None
    save: Annotated[
        Path | None, typer.Option("--out", help="File of devices that the measured machine is written to.")
    ] = None
    name: Annotated[str, typer.Option("--name", help="Of the measured machine in that file.")] = "this machine"

    def check(self) -> None:
        """Check that the options fit together, before anything is measured.

        Raises:
            ViapublicaError: they do not, or a file cannot be used.
        """
        if self.measure and (self.device or self.devices):
            raise ViapublicaError(
                "--measure", "cannot be combined with --device and --devices", "Measure, or plan with a file"
            )
        if not self.measure and (self.clip or self.save):
            raise ViapublicaError("--clip and --out", "belong to a measurement", "Add --measure")
        if self.clip is not None and not self.clip.exists():
            raise ViapublicaError(str(self.clip), "does not exist", "Give the path of a video")
        if self.save is not None and self.save.exists():
            read_devices(self.save)  # now, not after the measurement


@with_option_groups
def plan(
    *,
    cameras: CameraOptions,
    destinations: DestinationOptions,
    machine: MachineOptions,
    prices: Annotated[Path | None, typer.Option("--prices", help="YAML file of prices; each is optional.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Networks, retention, and bit rates of recorded video."),
    ] = None,
    locale: Annotated[Locale | None, typer.Option("--locale", help="pt-BR: the plan in Portuguese.")] = None,
    as_object: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Plan machines, disks and cost of cameras; measure how many this machine carries.

    Every figure is a range from measured rows of a machine, with what it is derived from; what was assumed is listed.

    Example: [bold]viapublica plan --measure --size 1080p --rate 5[/]

    Example: [bold]viapublica plan --cameras 20000 --size 1080p --rate 5 --prices prices.yaml[/]
    """
    configure_logging("error", "auto")
    machine.check()
    settings, price_list = _settings(config), None if prices is None else read_prices(prices)
    demand = cameras.demand()
    demand = destinations.complete(demand if settings is None else with_configuration(demand, settings))
    device = _measured(machine, demand, settings) if machine.measure else devices_of(machine.devices, machine.device)
    language = plan_language(locale)
    made = plan_capacity(demand, device, price_list)
    if as_object:
        print_json(as_json(made, device, language))
        return
    table = plan_table(made, language)
    print_table(table.title, table.columns, table.rows)
    for label, note in table.notes:
        say(out, (label, "bold"), f": {note}")


def _settings(path: Path | None) -> Config | None:
    if path is None:
        return None
    from pipeline.config import load_config

    return load_config(path, for_queries=True)


def _measured(machine: MachineOptions, demand: Demand, settings: Config | None) -> Device:
    # Here, so that a plan from a file loads no network.
    from pipeline.app.machine_measurement import MeasurementRequest, measure_this_machine

    request = MeasurementRequest(
        demand=demand, seconds=machine.seconds, video=machine.clip, config=settings, name=machine.name
    )
    with progress() as bar:
        task = bar.add_task("measuring", total=100, note="")
        device = measure_this_machine(request, lambda done: bar.update(task, completed=100 * done))
    if machine.save is not None:
        write_device(machine.save, device)
        say(err, f"{machine.save}: written, device {device.name}")
    return device
