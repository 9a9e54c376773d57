"""`viapublica approvals`: a second person's approval of an operation, and standing orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.console import err, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.approvals import ApprovalKind, ApprovalState, AskedApproval, NewApproval
from pipeline.domain.operation import Operation

if TYPE_CHECKING:
    from pipeline.app.access.approvals import Approvals

app = typer.Typer(
    help="Approvals by a second person: ask, list, approve, refuse.\n\n"
    "Searches by pattern, of convoys, clones and in bulk, erasures, disclosures and the release of holds need one "
    "(or, for searches, a standing order). Each is in the audit.\n\nExample: [bold]viapublica approvals list[/]",
    no_args_is_help=True,
)

IdArgument = Annotated[int, typer.Argument(metavar="ID", help="Number of the request.", show_default=False)]


@app.command("ask")
@with_option_groups
def ask(
    operation: Annotated[Operation, typer.Argument(help="Such as pattern-query or erasure.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Reason; required.", show_default=False)],
    case: Annotated[str, typer.Option("--case", help="Number of the case; not of a standing order.")] = "",
    hours: Annotated[
        int, typer.Option("--hours", min=1, help="How long it counts: up to 72; an order up to 2160.")
    ] = 24,
    standing: Annotated[bool, typer.Option("--standing", help="A standing order, in place of one approval.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Ask a second person to approve an operation of yours in a case, or to give a standing order.

    Example: [bold]viapublica approvals ask pattern-query --case IP-12/2026 --reason "partial plate of a witness"[/]
    """
    kind = ApprovalKind.STANDING_ORDER if standing else ApprovalKind.APPROVAL
    wanted = NewApproval(kind=kind, operation=operation, case_number=case, hours=hours, reason=reason)
    with _approvals(options) as office:
        asked = office.ask(wanted)
    if not options.show_json(asked):
        typer.echo(asked.approval_id)
        say(err, f"a second person decides: viapublica approvals approve {asked.approval_id}")


@app.command("list")
@with_option_groups
def list_approvals(*, options: RegistryOptions) -> None:
    """List what was asked for in your institution, newest first.

    Example: [bold]viapublica approvals list --json[/]
    """
    with _approvals(options) as office:
        found = office.list()
    if options.show_json(found):
        return
    rows = [
        (
            one.approval_id,
            one.login,
            one.kind.value,
            one.operation.value,
            one.case_number or "-",
            one.state.value,
            one.decided_by or "-",
            options.date(one.until_ms),
        )
        for one in found
    ]
    print_table("Approvals", ["id", "asked by", "kind", "operation", "case", "state", "decided by", "until"], rows)


@app.command("approve")
@with_option_groups
def approve(approval: IdArgument, *, options: RegistryOptions) -> None:
    """Approve what another person asked for; it counts from now on.

    Example: [bold]viapublica approvals approve 3[/]
    """
    _decide(approval, ApprovalState.APPROVED, options)


@app.command("refuse")
@with_option_groups
def refuse(approval: IdArgument, *, options: RegistryOptions) -> None:
    """Refuse what another person asked for.

    Example: [bold]viapublica approvals refuse 3[/]
    """
    _decide(approval, ApprovalState.REFUSED, options)


def _decide(approval: int, state: ApprovalState, options: RegistryOptions) -> None:
    with _approvals(options) as office:
        decided = office.decide(approval, state)
    if not options.show_json(decided):
        say(err, _decision(decided, options))


def _decision(decided: AskedApproval, options: RegistryOptions) -> str:
    until = f", until {options.date(decided.until_ms)}" if decided.until_ms is not None else ""
    return f"{decided.state.value}: {decided.operation.value} of {decided.login}{until}"


@contextmanager
def _approvals(options: RegistryOptions) -> Iterator[Approvals]:
    from pipeline.app.access.approvals import Approvals

    with options.opened() as registry:
        yield Approvals(registry)
