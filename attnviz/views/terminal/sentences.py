"""Sentences in a terminal: findings of a run, and paragraphs of the lesson."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from attnviz.analysis.findings import Finding, best, findings
from attnviz.errors import AttnvizError
from attnviz.inputs.tokens import visible
from attnviz.language.language import TERMINAL, Guard, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Choice
from attnviz.views.titles import chosen

CAVEATS = {"constructed": "limit.constructed", "random": "limit.demo"}


def explanation(
    record: AttentionRecord, choice: Choice, language: Language
) -> list[RenderableType]:
    """What the weights show, best first, and what they do not show."""
    found = best(findings(record, choice.layer, choice.head, choice.heads))
    return told(found, record, choice, language)


def told(
    found: Sequence[Finding], record: AttentionRecord, choice: Choice, language: Language
) -> list[RenderableType]:
    """Facts in words, under what they are about and above what they do not show."""
    shown = chosen(record.stack, choice.layer, choice.head, language)
    if len(choice.heads) > 1:
        shown = f"heads {language.comma.join(map(str, choice.heads))}"
    heading = Text(f"{language.say('ui.findings')} ({shown})", "bold", no_wrap=True)
    dim = (Text(caveat, "dim") for caveat in caveats(record, language, TERMINAL))
    return [heading, listed(in_words(found, language, TERMINAL)), *dim]


def in_words(found: Iterable[Finding], language: Language, guard: Guard) -> list[str]:
    """Facts as sentences; where there are none, one that says so."""
    said = [language.say(fact.sentence, guard, **fact.values()) for fact in found]
    return said or [language.say("ui.unexplained", guard)]


def caveats(record: AttentionRecord, language: Language, guard: Guard) -> list[str]:
    """What the weights of such a model do not show."""
    keys = [CAVEATS[record.model.origin]] if record.model.origin in CAVEATS else []
    if record.units:
        keys.append("limit.units")
    return [language.say(key, guard) for key in (*keys, "limit.explain")]


def complaint(error: AttnvizError, language: Language) -> str:
    """What was wrong, in that language, with everything in a visible form."""
    if language.tag == "en":
        return visible(str(error).replace("\n", " "))
    safe = {
        name: visible(value) if isinstance(value, str) else value
        for name, value in error.values.items()
    }
    return language.say(error.key, TERMINAL, **safe)


def listed(sentences: Iterable[str]) -> Table:
    """Sentences as a list whose long lines hang under themselves."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for sentence in sentences:
        table.add_row("•", Text(sentence))
    return table
