"""Which heads link two words, as `run --query --key` and `view` show and write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.analysis.word_link import WordLink
    from attnviz.cli.view_options import Display
    from attnviz.record.record import AttentionRecord
    from attnviz.views.look import Look


def check_key(query: str | None, key: str | None) -> None:
    """Refuse a key without the query that looks at it."""
    if key is not None and query is None:
        hint = "Give both: --query it --key tired."
        raise AttnvizError("--key needs --query.", hint, key="err.needs_query", option="--key")


def put_link(record: AttentionRecord, look: Look, display: Display, query: str, key: str) -> None:
    """Write the link to the files that can hold it, the record to others, then to the terminal."""
    from json import dumps

    from attnviz.analysis.word_link import word_link
    from attnviz.cli.output import (
        console,
        put,
        put_explanation,
        put_json,
        put_text,
        save,
        say,
        say_saved,
        screen_of,
        write_output,
    )  # fmt: skip
    from attnviz.language.language import TERMINAL
    from attnviz.language.reworded import reworded_note
    from attnviz.record.selection import rows_named
    from attnviz.views import link_words
    from attnviz.views.terminal.word_link import word_link_view

    link = word_link(record.stack, query, key)
    for note in record.notes:
        say(reworded_note(note, look.language, TERMINAL), display.quiet)
    files = [
        (path, _written(record, link, path.suffix.lower(), look))
        for path in display.output or []
        if path.suffix.lower() in link_words.SUFFIXES
    ]
    if display.json:
        put_json(dumps(link_words.data(record, link)) + "\n")
    elif display.csv:
        put_text(_table(record, link))
    elif display.show != "none":
        target = console()
        put(target, word_link_view(record, link, look.language, screen_of(target)))
    if display.explain and not (display.json or display.csv):
        put_explanation(console(), record, look, display.quiet, rows_named(record.stack, query))
    for path, data in files:
        save(path, data, look.language, display.quiet)
    for path in display.output or []:
        if path.suffix.lower() not in link_words.SUFFIXES:
            for note in write_output(record, path, look):
                say(reworded_note(note, look.language, TERMINAL), display.quiet)
            say_saved(path, look.language, display.quiet)


def _table(record: AttentionRecord, link: WordLink) -> str:
    from attnviz.cli.command_given import with_origin
    from attnviz.views.link_words import table

    return with_origin(table(link), [record.model])


def _written(record: AttentionRecord, link: WordLink, suffix: str, look: Look) -> bytes:
    from attnviz.views.link_words import written

    whole = suffix == ".csv"
    return _table(record, link).encode() if whole else written(record, link, suffix, look)
