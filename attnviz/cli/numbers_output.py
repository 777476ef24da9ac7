"""Where the numbers of a command go: to standard output or to files, as JSON or as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli import options

if TYPE_CHECKING:
    from attnviz.language.language import Language
    from attnviz.record.record import Origin

SUFFIXES = (".json", ".csv")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Numbers:
    """Files, and whether standard output is for a program."""

    output: options.NumbersOutput = None
    json: options.NumbersJson = False
    csv: options.NumbersCsv = False

    def check(self, inputs: Sequence[Path | None] = ()) -> None:
        """Refuse before any work what could not be written."""
        from attnviz.cli.output import check_format, check_outputs

        check_format(self.json, self.csv)
        check_outputs(self.output or [], inputs, SUFFIXES)

    def put(
        self, to_json: Callable[[], str], to_csv: Callable[[], str], language: Language,
        show: Callable[[], None], models: Sequence[Origin | str | None] = (),
    ) -> None:  # fmt: skip
        """Write the files, then to standard output, for a program or with `show`.

        models: whose numbers they are, which stands above a table.
        """
        from attnviz.cli.command_given import with_origin
        from attnviz.cli.output import put_json, put_text, say_saved
        from attnviz.files.write import written_whole

        for path in self.output or []:
            text = to_json() if path.suffix.lower() == ".json" else with_origin(to_csv(), models)
            with written_whole(path) as file:
                file.write(text.encode())
        if self.json:
            put_json(to_json())
        elif self.csv:
            put_text(with_origin(to_csv(), models))
        else:
            show()
        for path in self.output or []:
            say_saved(path, language, quiet=False)

    def put_rows(
        self, tree: Any, rows: Sequence[Mapping[str, Any]], language: Language,
        show: Callable[[], None], models: Sequence[Origin | str | None] = (),
    ) -> None:  # fmt: skip
        """Do the same with what JSON can hold, and the rows of a table, which have the same
        names."""
        from json import dumps

        from attnviz.files.table import table_text

        def to_csv() -> str:
            return table_text([[*rows[0]], *([*row.values()] for row in rows)])

        self.put(lambda: dumps(tree, ensure_ascii=False) + "\n", to_csv, language, show, models)
