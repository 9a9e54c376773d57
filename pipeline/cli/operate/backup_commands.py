"""`viapublica backup`: create, verify and restore."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.default_config import chosen_config, named_config
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.domain.plural import counted

if TYPE_CHECKING:
    from pipeline.app.backup import Manifest

app = typer.Typer(
    help="Backups of an installation: create, verify, restore.\n\n"
    "A backup extends the retention of personal data: delete it when its data would have expired.\n\n"
    "Example: [bold]viapublica backup create viapublica.tar --config configs/city.yaml[/]",
    no_args_is_help=True,
)


class Part(StrEnum):
    """Parts of a backup."""

    CONFIGURATION = "configuration"
    DATA = "data"
    RECORDING_INDEX = "recording-index"
    REGISTER = "register"


FileArgument = Annotated[Path, typer.Argument(help="The backup.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@app.command()
def create(
    file: Annotated[Path, typer.Argument(help="File to write.", show_default=False)],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration; by default ./viapublica.yaml."),
    ] = None,
    register: RegisterOption = None,
    part: Annotated[list[Part] | None, typer.Option("--part", help="Only this part; may be repeated.")] = None,
    recordings: Annotated[bool, typer.Option("--recordings", help="Recorded video too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write configuration, event store, spools, tombstones, holds and register into one file, and verify it.

    The data folder must not be in use: stop the service first, or name other parts with --part. The register and the
    index of recordings are copied consistently at any time. Passwords and keys are left out.

    Example: [bold]viapublica backup create viapublica.tar --config configs/city.yaml[/]

    Example: [bold]viapublica backup create daily.tar --part configuration --part register -c configs/city.yaml[/]
    """
    from pipeline.app.backup import PARTS, BackupRequest, create_backup

    config = chosen_config(config)
    parts = tuple(one.value for one in part) if part else PARTS
    request = BackupRequest(config, register_of(register, config), register is not None, parts, recordings)
    done = create_backup(request, file, lambda step: say(err, f"{step} …"))
    if as_json:
        print_json(done.as_json())
        return
    _show(f"{file}: {done.octets / 1e6:,.1f} MB, verified", done.manifest)


@app.command()
def verify(file: FileArgument, as_json: JsonOption = False) -> None:
    """Read a whole backup and compare every file with its SHA-256. Status 1 when it is incomplete or damaged.

    Example: [bold]viapublica backup verify viapublica.tar[/]
    """
    from pipeline.app.backup import verify_archive

    manifest = verify_archive(file)
    if as_json:
        print_json(_summary(manifest))
        return
    _show(f"{file}: complete and unchanged", manifest)


@app.command()
def restore(
    file: FileArgument,
    folder: Annotated[Path, typer.Argument(help="Empty folder to restore into.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Write all files of a backup into an empty folder; it appears complete or not at all.

    Move the parts to their places while the service is stopped, but not the register where a newer one exists. Then
    repeat the erasures made since the backup, which only the newest register lists: `viapublica erase --repeat`.

    Example: [bold]viapublica backup restore viapublica.tar restored/[/]
    """
    from pipeline.app.backup import restore_backup

    manifest = restore_backup(file, folder, named_config(None))
    if as_json:
        print_json({"folder": str(folder), **_summary(manifest)})
        return
    _show(f"{folder}: restored", manifest)
    if "data" in manifest.parts:
        say(
            err,
            f"The backup does not know erasures made after {_time(manifest)}. No run uses its data before "
            "`viapublica erase --repeat` has repeated them.",
        )
    if "audit" in manifest.parts:
        say(
            err,
            f"{folder}/audit is an archive, which the auditor's key verifies; its own keys are in no backup. The next "
            "operation begins a new audit: hand its key over with `viapublica audit key FILE`.",
        )


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.as_json(), "files": len(manifest.files), "links": len(manifest.links)}


def _show(title: str, manifest: Manifest) -> None:
    rows = [(name, "included", where) for name, where in manifest.parts.items()]
    rows += [(name, "left out", why) for name, why in manifest.absent.items()]
    note = f"viapublica {manifest.program}, {_time(manifest)}, {counted(len(manifest.files), 'file')}"
    print_table(title, ["part", "state", "source or reason"], rows, note)


def _time(manifest: Manifest) -> str:
    return f"{datetime.fromtimestamp(manifest.created_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
