"""The note that no people are registered, once for each command that answers."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = "evaluation mode", ": no people are registered; user {user} is recorded in the audit"
_PORTUGUESE: Final = "modo de avaliação", ": não há pessoas cadastradas; o usuário {user} consta da auditoria"


def note_evaluation(*, portuguese: bool = False) -> None:
    """Have it printed on standard error at the first decision in evaluation mode.

    Args:
        portuguese: whether the messages of the command are in Portuguese.
    """
    from pipeline.app.access.evaluation import on_evaluation

    said: list[str] = []

    def say_once(user: str) -> None:
        if said:
            return
        said.append(user)
        from pipeline.cli.common.console import err, say  # here: rich takes long to import

        mode, text = _PORTUGUESE if portuguese else _ENGLISH
        say(err, (mode, "yellow"), text.format(user=user))

    on_evaluation.set(say_once)
