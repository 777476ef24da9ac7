"""One query through the four steps, as tables whose numbers can be worked out again by hand."""

from __future__ import annotations

from math import ceil

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from attnviz.analysis.steps import DIGITS, Places, Steps
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import background
from attnviz.views.labels import label_text
from attnviz.views.palette import level

LABEL = 12
BAR = 16


def all_steps(steps: Steps, language: Language) -> list[RenderableType]:
    """The query, its scores, the softmax, the weighted sum and the merge, one under the other."""
    sections = (vectors, scores, softmax, weighted_sum, merging)
    lines: list[RenderableType] = []
    for number, section in enumerate(sections):
        body = section(steps, language)
        if 1 <= number <= 4 and isinstance(body[0], Text):
            body[0] = Text(f"{number} ", "bold").append_text(body[0])
        lines += [*([Text()] if lines else []), *body]
    return lines


def vectors(steps: Steps, language: Language) -> list[RenderableType]:
    """The query vector, at the places where it matters most for the scores."""
    line = Text("query ", "bold", no_wrap=True)
    line.append_text(label_text(steps.query, 2 * LABEL))
    line.append(f"   head {steps.head}", "dim")
    parts = " … ".join(_number(part) for part in steps.query_parts)
    places = Text(_of(steps.query_places, steps.head_dim, language), "dim")
    return [line, Text(f"q = [… {parts} …]"), places]


def values(steps: Steps, language: Language) -> list[RenderableType]:
    """What each key hands over: its value, at the places that matter most for the output."""
    table = _table("value", *(f"v[{place}]" for place in steps.value_places))
    for key in steps.keys:
        table.add_row(label_text(key.label, LABEL), *(_number(part) for part in key.value))
    return [table, Text(_of(steps.value_places, steps.value_dim, language), "dim")]


def scores(steps: Steps, language: Language) -> list[RenderableType]:
    """Each q · k: the products at the places shown, and what the other numbers add."""
    places = [f"k[{place}]" for place in steps.query_places]
    table = _table("key", *places, language.say("step.others", TERMINAL), "q · k")
    query = [_number(part) for part in steps.query_parts]
    table.add_row(Text("× q", "dim"), *(Text(number, "dim") for number in query), "", "")
    for key in steps.keys:
        table.add_row(
            label_text(key.label, LABEL),
            *(_number(part) for part in key.parts),
            _number(key.others),
            Text(_number(key.score), "bold"),
        )
    return [Text(language.say("step.score", TERMINAL)), table, *_left_out(steps, language)]


def softmax(steps: Steps, language: Language) -> list[RenderableType]:
    """Scores divided, raised to powers of e, and divided by their sum."""
    expression = f"√{steps.head_dim} = {steps.divisor:g}"
    table = _table("key", "q · k", f"÷ {steps.divisor:g}", "e^(x - max)", "÷ sum = weight")
    table.add_column()  # bars: the one column that may become narrower
    for key in steps.keys:
        table.add_row(
            label_text(key.label, LABEL), _number(key.score), _number(key.scaled),
            _number(key.power), Text(_number(key.weight), "bold"), _Bar(key.weight),
        )  # fmt: skip
    if steps.rest:
        rest = Text(f"+ {steps.rest}", "dim")
        table.add_row(rest, "", "", _number(steps.rest_power), _number(steps.rest_weight), "")
    total = sum(key.weight for key in steps.keys) + (steps.rest_weight if steps.rest else 0.0)
    table.add_row(
        Text(language.say("step.total", TERMINAL), "dim"),
        "",
        "",
        _number(steps.total_power),
        _number(total),
        "",
    )
    return [
        Text(f"{language.say('step.scale', TERMINAL, scale_expr=expression)} "
             f"{language.say('step.softmax', TERMINAL)}"),
        table,
        Text(language.say("ui.rounded", TERMINAL, difference=_upwards(steps.exact)), "dim"),
    ]  # fmt: skip


def scaling(steps: Steps, language: Language) -> list[RenderableType]:
    """The same scores through softmax with and without the division."""
    expression = f"√{steps.head_dim} = {steps.divisor:g}"
    table = _table("key", "q · k", "softmax", f"÷ {steps.divisor:g}", "softmax")
    table.add_column()  # bars: the one column that may become narrower
    for key in steps.keys:
        table.add_row(
            label_text(key.label, LABEL), _number(key.score), _number(key.unscaled_weight),
            _number(key.scaled), Text(_number(key.weight), "bold"), _Bar(key.weight),
        )  # fmt: skip
    without = {"without": steps.largest_unscaled, "pct": steps.largest}
    return [
        Text(language.say("step.scale", TERMINAL, scale_expr=expression)),
        table,
        Text(language.say("lesson.scaling.without", TERMINAL, **without)),
    ]


def weighted_sum(steps: Steps, language: Language) -> list[RenderableType]:
    """Weights times values, added up."""
    places = [f"v[{place}]" for place in steps.value_places]
    table = _table("key", "weight", *places)
    for key in steps.keys:
        values = (_number(part) for part in key.value)
        table.add_row(label_text(key.label, LABEL), Text(_number(key.weight), "bold"), *values)
    if steps.rest:
        rest = Text(f"+ {steps.rest}", "dim")
        values = (f"({part:+.{DIGITS}f})" for part in steps.rest_value)
        table.add_row(rest, _number(steps.rest_weight), *values)
    sums = (Text(_number(part), "bold") for part in steps.output)
    table.add_row(Text(language.say("step.output", TERMINAL), "bold"), "", *sums)
    places_shown = Text(_of(steps.value_places, steps.value_dim, language), "dim")
    return [Text(language.say("step.sum", TERMINAL)), table, places_shown]


def merging(steps: Steps, language: Language) -> list[RenderableType]:
    """What each head adds to the merged vector."""
    merged = steps.merged
    n_heads = len(merged.shares)
    table = _table("head", *(f"o[{place}]" for place in merged.places))
    for head, shares in enumerate(merged.shares):
        table.add_row(Text(str(head)), *(_number(share) for share in shares))
    table.add_row(
        Text(language.say("step.total", TERMINAL), "bold"),
        *(Text(_number(part), "bold") for part in merged.sums),
    )
    size = f"{merged.inputs} → W_O → {merged.width}: {_of(merged.places, merged.width, language)}"
    return [
        Text(language.say("lesson.merge", TERMINAL, n_heads=n_heads)), table, Text(size, "dim")
    ]  # fmt: skip


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim", show_edge=False)
    table.add_column(first, max_width=LABEL, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _left_out(steps: Steps, language: Language) -> list[RenderableType]:
    notes = []
    if steps.rest:
        notes.append(language.say("ui.more_keys", TERMINAL, n_keys=steps.rest))
    if steps.masked:
        notes.append(language.say("ui.masked_keys", TERMINAL, n=steps.masked, total=steps.n_keys))
    return [Text(" · ".join(notes), "dim")] if notes else []


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _upwards(difference: float) -> str:
    """Four decimals, rounded so that it is never too small."""
    return f"{ceil(1e4 * difference) / 1e4:.4f}"


def _of(places: Places, width: int, language: Language) -> str:
    listed = language.comma.join(map(str, places))
    return language.say("ui.places", TERMINAL, k=len(places), n=width, places=listed)


class _Bar:
    """A bar that is as long as the column lets it be: numbers are never cut for it."""

    def __init__(self, weight: float):
        self.weight = weight

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(0, min(BAR, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = min(BAR, options.max_width)
        style = background(level(self.weight, 1.0))
        colour = style.bgcolor.name if style and style.bgcolor else ""
        length = round(wide * self.weight)
        yield Text("█" * length + " " * (wide - length), colour, no_wrap=True)
