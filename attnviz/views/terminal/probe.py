"""Heads by what they do on probe texts: a line each, the surest first; and answers to claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.probe import PATTERNS, Claim, HeadProbe, Probe
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.views.labels import dim_lines, label_text
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen

HEAD, LABEL, TEXTS, SHARE = 6, 10, 6, 7  # cells of columns
SHORT = {"previous": "prev", "duplicate": "dup", "induction": "ind"}


def probe(found: Probe, screen: Screen, language: Language, top: int | None) -> RenderableType:
    """Return the title, as many heads as fit, and what the numbers are."""
    above = [*_wrapped(_title(found, language), screen.width), Text()]
    below = list(_notes(found, screen, language))
    rows = found.ranked()
    room = max(screen.height - len(above) - len(below) - 4, 1) if top is None else top
    shown = PATTERNS[: max((screen.width - HEAD - 2 * (LABEL + TEXTS)) // SHARE, 0)]
    lines = [_header(shown), *(_row(one, found, shown) for one in rows[:room])]
    if len(rows) > room:
        more = language.say(
            "ui.more_heads", TERMINAL, n_heads=len(rows) - room, option=f"--top {len(rows)}"
        )
        below = [*dim_lines(more, screen.width), *below]
    for line in lines:
        line.truncate(screen.width, overflow="ellipsis")
    return Group(*above, *lines, Text(), *below)


def claims(answers: list[Claim], found: Probe, screen: Screen, language: Language) -> Group:
    """Return a sentence for each claim."""
    lines = [
        label_text(line.plain, screen.width)
        for one in answers
        for line in dim_lines(_answer(one, found, language), screen.width)
    ]
    return Group(*lines, *dim_lines(_title(found, language), screen.width))


def _answer(one: Claim, found: Probe, language: Language) -> str:
    return language.say(
        f"claim.{one.verdict}", TERMINAL, places=one.place, what=one.pattern, pct=one.score,
        low=one.chance, done=one.rank, total=one.n_heads, k=one.texts, n_texts=found.n_random,
    )  # fmt: skip


def _title(found: Probe, language: Language) -> str:
    parts = [
        language.say("probe.title", TERMINAL, model=visible(found.model)),
        language.say("probe.random", TERMINAL, n_texts=found.n_random, k=found.length),
    ]
    if found.n_sentences:
        parts.append(language.say("probe.sentences", TERMINAL, total=found.n_sentences))
    return " · ".join(parts)


def _wrapped(line: str, width: int) -> list[Text]:
    return [label_text(one.plain, width, "bold") for one in dim_lines(line, width)]


def _header(shown: Sequence[str]) -> Text:
    names = "".join(SHORT.get(name, name).rjust(SHARE) for name in shown)
    line = "head".ljust(HEAD) + "random".ljust(LABEL + TEXTS) + "sentences".ljust(LABEL + TEXTS)
    return Text(line + names, "bold", no_wrap=True)


def _row(one: HeadProbe, found: Probe, shown: Sequence[str]) -> Text:
    line = Text(one.place.ljust(HEAD), "bold", no_wrap=True)
    pairs = ((one.random, found.n_random), (one.sentences, found.n_sentences))
    for (label, times), total in pairs:
        said = f"{label[: LABEL - 1].ljust(LABEL)}{f'{times}/{total}'.ljust(TEXTS)}"
        line.append(said if total else "–".ljust(LABEL + TEXTS))
    for name in shown:
        share = f"{percent(one.means[name])}±{percent(one.sds[name])}"
        line.append(share.rjust(SHARE), "bold" if name == one.random[0] else "")
    return line


def _notes(found: Probe, screen: Screen, language: Language) -> Iterator[Text]:
    chance = f"{100 * found.chance['self']:.1f}%"
    yield from dim_lines(language.say("probe.scores", TERMINAL, value=chance), screen.width)
    if found.n_sentences:
        pct, low = found.agreement
        said = language.say("probe.agreement", TERMINAL, pct=pct, low=low)
        yield from dim_lines(said, screen.width)
