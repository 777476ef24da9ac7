"""Sentences: what a run shows and what it does not, and what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.analysis.alignment import Alignment
from attnviz.analysis.facts import Finding
from attnviz.analysis.findings import MOST, best, findings
from attnviz.errors import AttnvizError
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Guard, Language
from attnviz.language.reworded import reworded
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.titles import chosen

if TYPE_CHECKING:  # pages and pictures do without rich
    from rich.console import RenderableType
    from rich.table import Table

PARAMETER = re.compile(r"`([a-z_]+)`")
MOST_OF_A_LAYER = 3  # facts, where several layers are shown
MOST_SAID = 1000  # characters of a complaint: a value of an option may be a book
# Values of errors that are nouns or reasons; all others are names and what was typed.
PARTS = frozenset({"what", "why", "due", "reason", "kind", "missing", "whose", "called", "instead",
                   "axis", "option", "needs", "todo", "names"})  # fmt: skip
CAVEATS = {"constructed": "limit.constructed", "random": "limit.demo"}


def explanation(
    record: AttentionRecord, look: Look, rows: Sequence[int] = ()
) -> list[RenderableType]:
    """Say what the weights show, best first, and what they do not show; of several layers, each.

    rows: the queries that were asked for; none for all."""
    lines: list[RenderableType] = []
    most = MOST_OF_A_LAYER if look.layers or look.apart else MOST
    for each in _layer_by_layer(look):
        for found, one in _told_apart(record, each, rows):
            lines += _headed(best(found, most), record, one)
    return [*lines, *_below(record, look)]


def _layer_by_layer(look: Look) -> list[Look]:
    """A look for each layer, and for each head where heads are of different layers."""
    if look.apart:
        return look.each()
    return [replace(look, layer=layer) for layer in look.layers or (look.layer,)]


def _told_apart(
    record: AttentionRecord, look: Look, rows: Sequence[int]
) -> Iterator[tuple[list[Finding], Look]]:
    """Facts, and the look that they are of: each head's where several have none in common."""
    found = findings(record, look.layer, look.head, look.heads, rows)
    if len(look.heads) < 2 or (found and not rows):
        yield found, look
        return
    for head in look.heads:
        yield findings(record, look.layer, head, (), rows), replace(look, heads=(head,))


def told(found: Sequence[Finding], record: AttentionRecord, look: Look) -> list[RenderableType]:
    """Say facts, under what they are about and above what they do not show."""
    return [*_headed(found, record, look), *_below(record, look)]


def _headed(found: Sequence[Finding], record: AttentionRecord, look: Look) -> list[RenderableType]:
    from rich.text import Text

    shown = chosen(record.stack, look)
    if len(look.heads) > 1:
        shown = f"heads {look.language.comma.join(map(str, look.heads))}"
        if record.stack.names_layers:
            shown = f"layer {record.stack.layer_numbers[look.layer]} · {shown}"
    heading = Text(f"{look.language.say('ui.findings')} ({shown})", "bold", no_wrap=True)
    return [heading, listed(in_words(found, look.language, TERMINAL))]


def _below(record: AttentionRecord, look: Look) -> list[RenderableType]:
    from rich.text import Text

    return [Text(caveat, "dim") for caveat in caveats(record, look.language, TERMINAL)]


def in_words(found: Iterable[Finding], language: Language, guard: Guard) -> list[str]:
    """Say facts as sentences; where there are none, one that says so."""
    said = [language.say(fact.sentence, guard, **fact.values()) for fact in found]
    return said or [language.say("ui.unexplained", guard)]


def caveats(record: AttentionRecord, language: Language, guard: Guard) -> list[str]:
    """Say what the weights of such a model do not show."""
    keys = [CAVEATS[record.model.origin]] if record.model.origin in CAVEATS else []
    if record.units:
        keys.append("limit.units")
    return [language.say(key, guard) for key in (*keys, "limit.explain")]


def complaint(error: AttnvizError, language: Language, named: Callable[[str], str] = str) -> str:
    """Say what was wrong in that language, with everything in a visible form, and not without end.

    named: how a parameter of the library, `like_this` in errors, is called where this is read.
    """
    said = _said(error, language)
    if len(said) > MOST_SAID:
        said = f"{said[: 2 * MOST_SAID // 3]} … {said[-MOST_SAID // 3 :]}"
    return PARAMETER.sub(lambda found: named(found[1]), said)


def _said(error: AttnvizError, language: Language) -> str:
    if language.fallback is None:  # the language that errors are written in
        return visible(str(error).replace("\n", " "))
    values = {name: _value(name, value, language) for name, value in error.values.items()}
    return language.say(error.key, TERMINAL, **values)


def _value(name: str, value: object, language: Language) -> object:
    """What an error holds, in a visible form: another error, a part of a sentence, or a value."""
    if isinstance(value, AttnvizError):
        return _said(value, language)
    if isinstance(value, Path | Exception):
        value = str(value)
    if isinstance(value, str):
        return visible(reworded(value, language) if name in PARTS else value)
    if isinstance(value, list | tuple):  # choices are typed as they are, unless they describe one
        return [visible(reworded(str(x), language) if " " in str(x) else str(x)) for x in value]
    return value


def listed(sentences: Iterable[str]) -> Table:
    """Make a list of sentences whose long lines hang under themselves."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for sentence in sentences:
        table.add_row("•", Text(sentence))
    return table


def aligned_heads(found: Alignment, language: Language, guard: Guard) -> str:
    """Name the heads whose mean an alignment is."""
    if not found.heads:
        return language.say("ui.align.all", guard)
    heads = ", ".join(f"{layer}.{head}" for layer, head in found.heads)
    return language.say("ui.align.heads", guard, places=heads)
