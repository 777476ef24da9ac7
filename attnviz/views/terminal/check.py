"""How faithful orders of tokens are, on one screen: the areas of both curves beside random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.check import Check, Ranking, mean_of_known
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.views.effect_words import order_name, read_out_name
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.screen import Screen

NAME, NUMBER, CORRELATION, VERDICT, BAR = 26, 11, 12, 13, 24  # cells of columns
CORRELATED = "rank corr."


@dataclass(frozen=True)
class _Columns:
    """How wide the name and the bar are, what fills a bar, and whether there are correlations."""

    name: int
    bar: int
    top: float
    correlated: bool


def check(found: Check, screen: Screen, language: Language) -> RenderableType:
    """Return one line an order, the best deletion first, with random orders as the last."""
    title = language.say(
        "check.title", TERMINAL, model=visible(found.model), n_texts=found.n_texts,
        what=read_out_name(found.read_out, language, TERMINAL),
    )  # fmt: skip
    ranked = found.ranked()
    names = [order_name(one.name, language) for one in ranked]
    last = language.say("check.random", TERMINAL, n=len(found.random))
    first = language.say("check.order", TERMINAL)
    columns = _columns(found, widest([first, *names, last], NAME), screen)
    lines = [_header(first, columns, language)]
    for name, one in zip(names, ranked, strict=True):
        verdict = language.say(f"check.{found.verdict(one)}", TERMINAL)
        lines.append(_line(name, one, verdict, columns))
    lines.append(_random(found, last, columns))
    for line in lines:
        line.truncate(screen.width, overflow="ellipsis")
    head = label_text(title, screen.width, "bold")
    return Group(head, Text(), *lines, Text(), *_notes(found, screen, language))


def _columns(found: Check, name: int, screen: Screen) -> _Columns:
    top = max(float(one.curves.deletion.mean()) for one in found.ranked())
    needed = name + 2 * NUMBER + VERDICT
    correlated = needed + CORRELATION <= screen.width
    room = screen.width - needed - CORRELATION * correlated - 2
    return _Columns(name, min(room, BAR) if room >= 4 else 0, max(top, 1e-9), correlated)


def _header(first: str, columns: _Columns, language: Language) -> Text:
    line = padded(label_text(first, columns.name, "bold"), columns.name)
    line.append("deletion".rjust(NUMBER), "bold").append(_bar(0, columns))
    line.append("insertion".rjust(NUMBER), "bold")
    line.append(CORRELATED.rjust(CORRELATION) if columns.correlated else "", "bold")
    return line.append(f"  {language.say('check.than', TERMINAL)}", "bold")


def _line(name: str, one: Ranking, verdict: str, columns: _Columns) -> Text:
    deletion, insertion = (float(a.mean()) for a in (one.curves.deletion, one.curves.insertion))
    line = padded(label_text(name, columns.name), columns.name)
    line.append(f"{deletion:{NUMBER}.3f}{_bar(deletion, columns)}{insertion:{NUMBER}.3f}")
    alike = mean_of_known(one.alike)
    if columns.correlated:
        line.append(("–" if alike is None else f"{alike:.2f}").rjust(CORRELATION))
    return line.append(f"  {verdict}")


def _bar(value: float, columns: _Columns) -> str:
    filled = round(columns.bar * max(value, 0) / columns.top)
    return f"  {'█' * filled}".ljust(columns.bar + 2) if columns.bar else ""


def _random(found: Check, name: str, columns: _Columns) -> Text:
    deletion, insertion = (found.chance(kind) for kind in ("deletion", "insertion"))
    bar = _bar(float(deletion.mean()), columns)
    line = padded(label_text(name, columns.name, "dim"), columns.name)
    line.append(f"{deletion.mean():{NUMBER}.3f}{bar}{insertion.mean():{NUMBER}.3f}", "dim")
    return line.append(f"  ± {deletion.std():.3f}, ± {insertion.std():.3f}", "dim")


def _notes(found: Check, screen: Screen, language: Language) -> Iterator[Text]:
    yield from dim_lines(language.say("check.note", TERMINAL), screen.width)
    yield from dim_lines(language.say("check.corr", TERMINAL), screen.width)
    if found.skipped:
        names = [name for name, _ in found.skipped]
        yield from dim_lines(language.say("check.skipped", TERMINAL, choices=names), screen.width)
    yield from dim_lines(language.say("check.model", TERMINAL), screen.width)
