"""What is said of the cost of attention, in every medium: a heading, notes, titles, exponents."""

from __future__ import annotations

from typing import Any

from attnviz.analysis.cost import LONGEST, Growth, Report
from attnviz.digits import grouped
from attnviz.inputs.labels import visible
from attnviz.language.language import PLAIN, Guard, Language
from attnviz.views.number_format import duration


def heading(report: Report, language: Language, guard: Guard = PLAIN) -> str:
    """Say what was counted, and how it was run."""
    parts = [language.say("ui.cost", guard)]
    if report.model:
        parts.append(str(visible(report.model["name"])))
        for one in report.series[0].layers:
            shape = language.say("ui.cost_heads", guard, n_heads=one.n_heads, n=one.head_dim)
            parts.append(f"{language.count(one.n_layers, 'layer')} × {shape}: {one.rule}")
    else:
        first = report.series[0].layers[0]
        parts.append(language.say("ui.cost_heads", guard, n_heads=first.n_heads, n=first.head_dim))
        for name in ("window", "global_tokens"):
            if name in report.settings:
                parts.append(f"{name.replace('_', ' ')} {_listed(report.settings[name])}")
    ways = {"kept": "ui.cost_kept", "streamed": "ui.cost_streamed", "": "ui.cost_unrun"}
    return " · ".join([*parts, language.say(ways[report.ran], guard)])


def notes(report: Report, language: Language, guard: Guard = PLAIN) -> list[str]:
    """Say what the numbers are, what was not run, and where attention becomes the larger part."""
    found = list[str]()
    if report.model:
        found += _crossing(report, language, guard)
    found.append(language.say("ui.cost_counted", guard))
    found.append(language.say("ui.cost_power", guard))
    if report.ran:
        found.append(language.say("ui.cost_quickest", guard))
    if report.ran == "kept" and not report.model:
        found.append(language.say("ui.cost_square", guard))
    for reason, key in (("time", "ui.cost_too_long"), ("memory", "ui.cost_too_large")):
        listed = "; ".join(_left_out(report, reason))
        if listed:
            what, option = guard.number(listed), guard.number("--seconds")
            found.append(language.say(key, guard, what=what, option=option))
    return found


def _crossing(report: Report, language: Language, guard: Guard) -> list[str]:
    about = report.model
    per_token = language.say("ui.cost_rest", guard, value=grouped(about["per_token"]))
    if about["crossing"] is None:
        return [language.say("ui.cost_never", guard, n_tokens=LONGEST), per_token]
    said = language.say("ui.cost_crossing", guard, n_tokens=about["crossing"])
    limit = about["positions"]
    if limit is not None and about["crossing"] > limit:
        said += " " + language.say("ui.cost_beyond", guard, n_tokens=limit)
    return [said, per_token]


def _left_out(report: Report, reason: str) -> list[str]:
    """ "self 8,192 (≈ 5.1 s), 16,384 (≈ 20 s)": what was not run for that reason."""
    found = []
    for one in report.series:
        listed = [
            grouped(length) + (f" (≈ {duration(timed.expected)})" if timed.expected else "")
            for length, timed in zip(one.lengths, one.times, strict=True)
            if timed.left_out == reason
        ]
        if listed:
            found.append(f"{one.name} {', '.join(listed)}")
    return found


def counted_title(report: Report, language: Language, guard: Guard = PLAIN) -> str:
    """Name what the first plot shows."""
    return language.say("ui.cost_work" if report.model else "ui.cost_scores", guard)


def growth_words(growth: Growth | None) -> str:
    """Write an exponent, two digits."""
    return "–" if growth is None else f"{growth.exponent:.2f}"


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
