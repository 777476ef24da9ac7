"""One query through the four steps, as tables whose numbers can be worked out again by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from attnviz.analysis.steps import DIGITS, KeyStep, Places, Steps
from attnviz.language.language import TERMINAL, Guard, Language
from attnviz.views.panels import FAINT, PLAIN, STRONG, TOKEN, Line, Numbers, Panel, Row, line


def vectors(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show the query vector, at the places where it matters most for the scores."""
    named = (("query ", STRONG), (steps.query, TOKEN), (f"   head {steps.head}", FAINT))
    parts = " … ".join(_number(part) for part in steps.query_parts)
    places = _of(steps.query_places, steps.head_dim, language, guard)
    return [Line(named), line(f"q = [… {parts} …]"), line(places, FAINT)]


def values(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show what each key hands over: its value, at the places that matter most for the output."""
    names = ("value", *(f"v[{place}]" for place in steps.value_places))
    rows = tuple(Row(key.label, _numbers(key.value)) for key in steps.keys)
    return [
        Numbers(names, rows),
        line(_of(steps.value_places, steps.value_dim, language, guard), FAINT),
    ]


def scores(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show each q · k: the products at the places shown, and what the other numbers add."""
    places = (f"k[{place}]" for place in steps.query_places)
    names = ("key", *places, language.say("step.others", guard), "q · k")
    query = Row("× q", (*_numbers(steps.query_parts), "", ""), FAINT, FAINT)
    rows = (
        Row(key.label, (*_numbers(key.parts), *_numbers((key.others, key.score))))
        for key in steps.keys
    )
    table = Numbers(names, (query, *rows), strong=len(steps.query_places) + 1)
    return [line(language.say("step.score", guard)), table, *_left_out(steps, language, guard)]


def softmax(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show scores divided, raised to powers of e, and divided by their sum."""
    names = ("key", "q · k", f"÷ {steps.divisor:g}", "e^(x - max)", "÷ sum = weight")
    rows = [_weighed(key, (key.score, key.scaled, key.power, key.weight)) for key in steps.keys]
    if steps.rest:
        cells = ("", "", *_numbers((steps.rest_power, steps.rest_weight)))
        rows.append(Row(f"+ {steps.rest}", cells, FAINT))
    total = sum(key.weight for key in steps.keys) + (steps.rest_weight if steps.rest else 0.0)
    rows.append(Row(language.say("step.total", guard),
                    ("", "", *_numbers((steps.total_power, total))), FAINT))  # fmt: skip
    told = f"{_divided(steps, language, guard)} {language.say('step.softmax', guard)}"
    rounded = language.say("ui.rounded", guard, difference=_upwards(steps.exact))
    return [line(told), Numbers(names, tuple(rows), strong=3), line(rounded, FAINT)]


def scaling(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show the same scores through softmax with and without the division."""
    names = ("key", "q · k", "softmax", f"÷ {steps.divisor:g}", "softmax")
    rows = tuple(
        _weighed(key, (key.score, key.unscaled_weight, key.scaled, key.weight))
        for key in steps.keys
    )
    without = {"without": steps.largest_unscaled, "pct": steps.largest}
    told = language.say("lesson.scaling.without", guard, **without)
    return [
        line(_divided(steps, language, guard)), Numbers(names, rows, strong=3), line(told)
    ]  # fmt: skip


def weighted_sum(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show weights times values, added up."""
    names = ("key", "weight", *(f"v[{place}]" for place in steps.value_places))
    rows = [Row(key.label, _numbers((key.weight, *key.value))) for key in steps.keys]
    if steps.rest:
        added = (f"({part:+.{DIGITS}f})" for part in steps.rest_value)
        rows.append(Row(f"+ {steps.rest}", (_number(steps.rest_weight), *added), FAINT))
    output = ("", *_numbers(steps.output))
    rows.append(Row(language.say("step.output", guard), output, STRONG, STRONG))
    places = _of(steps.value_places, steps.value_dim, language, guard)
    table = Numbers(names, tuple(rows), strong=0)
    return [line(language.say("step.sum", guard)), table, line(places, FAINT)]


def merging(steps: Steps, language: Language, guard: Guard = TERMINAL) -> list[Panel]:
    """Show what each head adds to the merged vector."""
    merged = steps.merged
    names = ("head", *(f"o[{place}]" for place in merged.places))
    rows = [Row(str(head), _numbers(shares), PLAIN) for head, shares in enumerate(merged.shares)]
    total = language.say("step.total", guard)
    rows.append(Row(total, _numbers(merged.sums), STRONG, STRONG))
    told = language.say("lesson.merge", guard, n_heads=len(merged.shares))
    places = _of(merged.places, merged.width, language, guard)
    size = f"{merged.inputs} → W_O → {merged.width}: {places}"
    return [line(told), Numbers(names, tuple(rows)), line(size, FAINT)]


def _weighed(key: KeyStep, numbers: tuple[float, ...]) -> Row:
    """A key with its numbers, and a bar for its weight."""
    return Row(key.label, _numbers(numbers), weight=key.weight)


def _divided(steps: Steps, language: Language, guard: Guard) -> str:
    expression = _divided_by(steps)
    return language.say("step.scale", guard, scale_expr=expression)


def _left_out(steps: Steps, language: Language, guard: Guard) -> list[Panel]:
    notes = []
    if steps.rest:
        notes.append(language.say("ui.more_keys", guard, n_keys=steps.rest))
    if steps.masked:
        notes.append(language.say("ui.masked_keys", guard, n=steps.masked, total=steps.n_keys))
    return [line(" · ".join(notes), FAINT)] if notes else []


def _numbers(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_number(float(value)) for value in values)


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _divided_by(steps: Steps) -> str:
    """The divisor, and where it comes from if it is the usual one: a checkpoint may have
    its own."""
    usual = math.isclose(steps.divisor, math.sqrt(steps.head_dim), rel_tol=1e-3)
    return f"√{steps.head_dim} = {steps.divisor:g}" if usual else f"{steps.divisor:g}"


def _upwards(difference: float) -> str:
    """Four decimals, rounded so that it is never too small."""
    return f"{math.ceil(1e4 * difference) / 1e4:.4f}"


def _of(places: Places, width: int, language: Language, guard: Guard) -> str:
    listed = language.comma.join(map(str, places))
    return language.say("ui.places", guard, k=len(places), n=width, places=listed)
