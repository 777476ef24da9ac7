"""Commands that answer for every line of a file: one JSON object a line, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.digits import THOUSANDS, grouped
from attnviz.errors import AttnvizError, both_given

if TYPE_CHECKING:
    from attnviz.cli.writing_options import Prompt
    from attnviz.inputs.corpus import Entry
    from attnviz.models.trained import TrainedModel

EachLine = Annotated[
    bool,
    typer.Option("--each-line", help="Answer for each line of the file: JSON lines, in order."),
]


def open_model(asked: Prompt) -> tuple[TrainedModel, dict[str, Any]]:
    """Open the model once, before any line is read; return it and the other settings."""
    from attnviz.models import load_writer

    if asked.ids is not None or asked.source is not None or asked.source_file is not None:
        raise AttnvizError(
            "--each-line reads a text from each line, and another one was given.",
            "Leave --ids and --source out.",
            key="err.each_line_reads",
        )
    settings = asked.settings()
    return load_writer(settings.pop("model")), settings


def answer_each_line(asked: Prompt, work: Callable[[str], dict[str, Any]], quiet: bool) -> None:
    """Write what `work` gives for each line, as it comes; a line that cannot be run has an "error"
    in place of it, and they are counted on standard error. Empty lines are left out.

    Raises AttnvizError where every line failed.
    """
    from attnviz.cli.output import put_json, say

    n, failed = 0, list[AttnvizError]()
    for entry in _lines(asked):
        n += 1
        told: dict[str, Any] = {"line": int(entry.place.rpartition(":")[2]), "text": entry.text}
        try:
            told |= work(entry.text)
        except AttnvizError as error:
            failed.append(error)
            told["error"] = str(error).replace(THOUSANDS, ",")
        put_json(json.dumps(told, ensure_ascii=False) + "\n")
    if n == 0:
        raise AttnvizError(
            "There is no line to read.", "Give at least one that is not empty.", key="err.no_line"
        )
    if len(failed) == n:
        raise failed[0]
    if failed:
        say(
            f'{grouped(len(failed))} of {grouped(n)} lines could not be run: see their "error".',
            quiet,
        )


def _lines(asked: Prompt) -> Iterator[Entry]:
    """The lines of the text, of a file, or of standard input, one at a time."""
    from attnviz.inputs.corpus import Corpus, Entry

    if asked.text not in (None, "-") and asked.file is not None:
        raise both_given("A text", "--file")
    if asked.text not in (None, "-"):
        lines = enumerate((asked.text or "").splitlines(), 1)
        return (Entry(i, f"text:{i}", line) for i, line in lines if line.strip())
    if asked.text is None and asked.file is None:
        raise AttnvizError(
            "There is no text.",
            "Give --file FILE, or - for standard input.",
            key="err.no_text_file",
        )
    return iter(Corpus([str(asked.file or Path("-"))]))
