"""Answers as a table for people, or with every field as JSON lines, CSV, XLSX or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
import typer

from pipeline.app.answer_columns import (
    ASKED,
    READ,
    SIMILAR,
    STATUS,
    Column,
    columns_of,
    listed_cells,
    places,
    with_asked,
)
from pipeline.app.output_files import check_target
from pipeline.app.questions import Answer
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.query.answer_files import FileForm, notes_file, write_csv, write_parquet, write_xlsx
from pipeline.cli.query.portuguese_texts import messages_language
from pipeline.cli.query.table_portuguese import heading, rows_in_portuguese
from pipeline.domain.language import Language
from pipeline.errors import ViapublicaError

T = TypeVar("T", bound=msgspec.Struct)

_IN_UTC: Final = "times are in UTC, the machine's zone; set zone in the configuration, or add --zone America/Sao_Paulo"
NOTHING_FOUND: Final = 3
"""Exit status: no rows, and nothing is known that could be missing."""
NOTHING_FOUND_INCOMPLETE: Final = 4
"""Exit status: no rows, and there may be some that the store does not hold; the notes say why."""


@dataclass(frozen=True, slots=True)
class UnseenPlate:
    """A plate of a list that no row of the answer is about.

    Attributes:
        plate: as written in the list; code: of the note about it, such as ``not-seen``.
        about: what the list says, by column.
    """

    plate: str
    code: str
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AnswerTable(Generic[T]):
    """How rows are shown.

    Attributes:
        kinds: types that may stand in an answer: their fields are the columns of files.
        columns: of the table for people; row: its cells for one item.
        asked: the plate asked about that an item is a read of; None where no plates are asked about.
        similar: whether an item differs by one character from the plates asked about.
        listed: further columns, from a list that the user gave; None where there is no list; about: their cells for
            one item.
        unseen: plates of that list without an item; they are rows of files, too.
        unseen_row: cells of the table for one of them.
    """

    kinds: Sequence[type[T]]
    columns: Sequence[str]
    row: Callable[[T], Sequence[Any]]
    asked: Callable[[T], str] | None = None
    similar: Callable[[T], bool] = lambda _: False
    listed: Sequence[str] | None = None
    about: Callable[[T], Mapping[str, str]] = lambda _: {}
    unseen: Sequence[UnseenPlate] = ()
    unseen_row: Callable[[UnseenPlate], Sequence[Any]] = lambda _: ()

    def file_columns(self) -> list[Column]:
        """The columns of files."""
        columns = columns_of(self.kinds)
        return columns if self.asked is None else with_asked(columns, self.listed)

    def file_rows(self, found: Sequence[T]) -> list[dict[str, Any]]:
        """The rows of files: the items, then the plates without one."""
        rows = [{**msgspec.to_builtins(item), **self._asked(item), **listed_cells(self.about(item))} for item in found]
        return rows + [{ASKED: one.plate, STATUS: one.code, **listed_cells(one.about)} for one in self.unseen]

    def json_row(self, item: T, answer: Answer[Any]) -> dict[str, Any]:
        """An item as a JSON object."""
        row = msgspec.to_builtins(item)
        about = {"list": self.about(item)} if self.listed else {}
        return {**row, **places(row, answer.cameras), **self._asked(item), **about}

    def json_summary(self, answer: Answer[Any], rows: int) -> dict[str, Any]:
        """The object at the end of JSON lines; a note on plates not seen holds what the list says about them."""
        notes = [msgspec.to_builtins(note) for note in answer.notes]
        for note in notes if self.listed else ():
            listed = {one.plate: one.about for one in self.unseen if one.code == note["code"]}
            note.update({"list": listed} if listed else {})
        mode = "evaluation" if answer.evaluation else "registered"
        return {"rows": rows, "complete": answer.complete, "mode": mode, "notes": notes}

    def _asked(self, item: T) -> dict[str, str]:
        status = SIMILAR if self.similar(item) else READ
        return {} if self.asked is None else {ASKED: self.asked(item), STATUS: status}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The form of an answer: a table for people, unless one of --json, --csv, --xlsx and --parquet was given.

    Attributes:
        form: of a CSV or XLSX file.
        note: called with a file and its rows before it is written.
    """

    as_json: bool = False
    csv: str | None = None
    xlsx: str | None = None
    parquet: str | None = None
    form: FileForm = field(default_factory=FileForm)
    note: Callable[[Path, Sequence[msgspec.Struct]], None] = lambda _path, _rows: None

    def check(self) -> None:
        """Check the form before anything is asked.

        Raises:
            ViapublicaError: more than one was given, or the file can be none.
        """
        files = {"--csv": self.csv, "--xlsx": self.xlsx, "--parquet": self.parquet}
        names = ["--json"] * self.as_json + [name for name, target in files.items() if target is not None]
        if len(names) > 1:
            raise ViapublicaError(" ".join(names), "cannot be combined", f"Give one of them, such as {names[0]}")
        if self.form.locale is not None and (self.as_json or self.parquet is not None):
            raise ViapublicaError(
                f"--locale {self.form.locale.value}",
                "concerns tables, CSV and XLSX, not --json and --parquet",
                "Leave it out, or use --csv FILE or --xlsx FILE",
            )
        for name, target in files.items():
            if target is not None:
                _check_file(name, target)
        if self.csv is not None and (beside := notes_file(self.csv, self.form)):
            check_target("--csv", beside)

    def show(
        self,
        title: str,
        answer: Answer[Any],
        found: Sequence[T],
        table: AnswerTable[T],
        nothing: str = "",
    ) -> None:
        """Write the answer and its notes, and end with a status of its own when there are no rows.

        Args:
            title: above the table.
            answer: with its notes; found: its rows.
            table: how they are shown.
            nothing: what no rows mean, in the language of the messages; "" for "nothing found".

        Raises:
            ViapublicaError: the file cannot be written.
            MissingComponent: a package is not installed.
            typer.Exit: nothing was found.
        """
        if self.as_json:
            for item in found:
                print_json(table.json_row(item, answer))
            print_json({"answer": table.json_summary(answer, len(found))})
        else:
            self._write(title, answer, found, table)
            self._print_notes(answer, "" if found else nothing or self._language.text("nothing found"))
            self._print_files()
        if not found:
            raise typer.Exit(NOTHING_FOUND if answer.complete else NOTHING_FOUND_INCOMPLETE)

    def _print_files(self) -> None:
        """What the reader of a file has to know: where its notes are, and a zone that is hardly the one meant."""
        if self.csv is not None and (beside := notes_file(self.csv, self.form)):
            self._remark("note", self._language.text("the notes are in {file} as well", file=beside))
        if self.form.in_utc_unasked:
            self._remark("warning", self._language.text(_IN_UTC))

    def _print_notes(self, answer: Answer[Any], nothing: str) -> None:
        """What no rows mean, and the notes, on standard error: warnings about what may be missing before the others.

        Args:
            answer: with its notes, in the language of the messages.
            nothing: what no rows mean; "" where there are some.
        """
        if nothing and answer.complete:
            say(err, nothing)
        elif nothing:
            say(err, self._language.text("{nothing}, but the answer may be incomplete", nothing=nothing))
        for note in sorted(answer.notes, key=lambda note: not note.limits):
            self._remark("warning" if note.limits else "note", note.text)

    def _remark(self, label: str, text: str) -> None:
        """A message with its label, ``warning`` or ``note``."""
        words = self._language.text(label)
        say(err, (words, "bold yellow") if label == "warning" else words, f": {text}")

    @property
    def _language(self) -> Language:
        return messages_language(self.form.locale)

    def _write(self, title: str, answer: Answer[Any], found: Sequence[T], table: AnswerTable[T]) -> None:
        target = self.csv or self.xlsx or self.parquet
        if target not in {None, "-"} and found:
            self.note(Path(str(target)), found)
        columns, rows = table.file_columns(), table.file_rows(found)
        if self.csv is not None:
            write_csv(self.csv, rows, columns, answer, self.form)
        elif self.xlsx is not None:
            write_xlsx(self.xlsx, rows, columns, answer, self.form)
        elif self.parquet is not None:
            write_parquet(self.parquet, rows, columns, answer)
        elif rows:
            shown = [*map(table.row, found), *map(table.unseen_row, table.unseen)]
            if self.form.brazilian:
                print_table(title, [*map(heading, table.columns)], rows_in_portuguese(table.columns, shown))
            else:
                print_table(title, table.columns, shown)


def _check_file(option: str, target: str) -> None:
    if target == "-" and option == "--csv":
        return
    if target == "-":
        raise ViapublicaError(f"{option} -", "cannot be written to standard output", f"Write {option} FILE")
    suffix = Path(target).suffix.lower()
    if option == "--csv" and suffix in {".xlsx", ".xls"}:
        raise ViapublicaError(f"--csv {target}", "is the name of a spreadsheet", f"Write --xlsx {target}")
    if option == "--xlsx" and suffix != ".xlsx":
        raise ViapublicaError(f"--xlsx {target}", "is not the name of a spreadsheet", "Use the suffix .xlsx")
    check_target(option, target)
