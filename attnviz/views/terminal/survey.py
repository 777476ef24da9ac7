"""Every head over many texts on one screen: layers × heads in shades, and a ranked table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.head_measures import MEASURES, sign
from attnviz.analysis.moments import FALSE, Array
from attnviz.analysis.significance import Difference
from attnviz.analysis.survey import Survey
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import full_rows, levels
from attnviz.views.labels import broken, dim_lines, label_text, padded
from attnviz.views.number_format import percent
from attnviz.views.palette import ramp
from attnviz.views.screen import Screen
from attnviz.views.terminal.heads import meaning

SHARES = ("sink", "previous")  # columns beside the one that orders
PLACE, LABEL, TEXTS, NUMBER, BESIDE = 7, 11, 6, 12, 10  # characters of the columns
EXAMPLE = 22  # characters of a pair and its weight
LEAST_ROWS = 5
STEPS = 8  # of the scale that is drawn


def survey(
    found: Survey, language: Language, screen: Screen, *, sort: str | None = None,
    top: int | None = None,
) -> RenderableType:  # fmt: skip
    """Return the title, the grid of all heads, and the table of the first `top` (or of as many as
    the screen has room for). sort: the measure that orders and colours them."""
    by = sort or found.usual
    head = [line for part in _title(found, language) for line in _lines(part, screen, "bold")]
    grid = list(_grid(found, by, screen))
    said = [*_groups(found, by, language), *_notes(found, language)]
    notes = [line for note in said for line in dim_lines(note, screen.width)]
    room = screen.height - len(head) - len(grid) - len(notes) - 2
    n_rows = max(room, LEAST_ROWS) if top is None else top
    ranking = ranked(found, by)
    table = _table(found, by, ranking[:n_rows], language, screen)
    left, option = len(ranking) - n_rows, f"--top {len(ranking)}"
    more = dim_lines(
        language.say("ui.more_heads", TERMINAL, n_heads=left, option=option), screen.width
    )
    return Group(*head, *grid, *table, *(more if left > 0 else []), *notes)


def ranked(found: Survey, by: str) -> list[tuple[int, int]]:
    """Return layer and head of every head, ordered by the mean of a measure: the largest first, of
    entropies the smallest; heads without a value last."""
    mean = found.mean(by)
    order = np.argsort(np.where(np.isnan(mean), np.inf, sign(by) * mean), axis=None, kind="stable")
    return [(int(place) // mean.shape[1], int(place) % mean.shape[1]) for place in order]


def _title(found: Survey, language: Language) -> list[str]:
    layers, heads = found.shape
    title = language.say(
        "survey.title", TERMINAL, model=visible(found.model), down=layers, across=heads,
        n_texts=found.n, n_tokens=found.part.n_tokens,
    )  # fmt: skip
    if not found.groups:
        return [title]
    return [title, language.say("survey.groups", TERMINAL, choices=[*map(visible, found.groups)])]


def _groups(found: Survey, by: str, language: Language) -> list[str]:
    """Where two groups of texts differ most, of the heads whose difference is no chance."""
    if len(found.groups) != 2:
        return []
    gap = found.differences(by)
    order = np.argsort(-np.where(gap.holds, np.abs(gap.effect), 0.0), axis=None, kind="stable")
    first, second = map(visible, found.groups)
    told = [
        f"{found.layer_numbers[layer]}.{head} ({gap.effect[layer, head]:+.1f} sd)"
        for layer, head in zip(*np.unravel_index(order[:4], gap.effect.shape), strict=True)
        if gap.holds[layer, head]
    ]
    if not told:
        return [language.say("survey.no_differ", TERMINAL, what=by, token=first, other=second)]
    return [
        language.say(
            "survey.differ", TERMINAL, n=int(gap.holds.sum()), total=gap.holds.size, what=by,
            other=second, token=first, places=language.comma.join(told),
        )
    ]  # fmt: skip


def _notes(found: Survey, language: Language) -> list[str]:
    notes = [language.say("survey.note", TERMINAL)]
    if found.failed:
        first = found.failed[0]
        place, reason = visible(first.place), visible(first.reason)
        n = len(found.failed)
        notes.append(language.say("survey.failed", TERMINAL, n_texts=n, path=place, reason=reason))
    if found.part.n_cut:
        notes.append(language.say("survey.cut", TERMINAL, n_texts=found.part.n_cut))
    if found.n_empty:
        notes.append(language.say("survey.empty", TERMINAL, n=found.n_empty))
    return notes


def _grid(found: Survey, by: str, screen: Screen) -> Iterator[Text]:
    """Layers down, heads across, shaded by the mean of a measure from 0 to its largest."""
    mean = found.mean(by)
    is_share = MEASURES[by].decimals is None or MEASURES[by].of_one
    largest = 1.0 if is_share else float(np.nanmax(mean, initial=0.0))
    margin = max(len("layer"), len(str(found.layer_numbers[-1]))) + 1
    across = max((screen.width - margin) // 3, 1)
    for start in range(0, mean.shape[1], across):
        columns = slice(start, start + across)
        yield from _band(mean, columns, found.layer_numbers, margin, largest, screen)
    scale = full_rows(
        np.linspace(0, len(ramp()) - 1, STEPS).astype(np.int64)[None], 1, screen.colour
    )
    legend = Text(f"{by} 0 ", "dim").append_text(scale[0]).append(f" {largest:.3g}")
    yield legend


def _band(
    mean: Array, columns: slice, layers: Sequence[int], margin: int, largest: float, screen: Screen
) -> Iterator[Text]:
    part = mean[:, columns]
    numbers = range(mean.shape[1])[columns]
    yield Text("layer".ljust(margin) + "".join(f"{number:>2} " for number in numbers), "dim")
    steps = levels(np.nan_to_num(part) / max(largest, 1e-12), ~np.isnan(part))
    rows = full_rows(steps, 3, screen.colour)
    for layer, cells in zip(layers, rows, strict=True):
        yield Text(f"{layer:>{margin - 1}} ", "dim").append_text(cells)


def _beside(by: str, label: int, screen: Screen) -> list[str]:
    """The measures that find room whole, beside the one that orders and an example."""
    names = [name for name in SHARES if name != by]
    room = screen.width - PLACE - label - TEXTS - NUMBER - EXAMPLE
    return names[: max(room // BESIDE, 0)]


def _table(
    found: Survey, by: str, places: Sequence[tuple[int, int]], language: Language, screen: Screen
) -> list[Text]:
    """A header, and a line for each head."""
    said = [meaning(found.labels[layer][head], language) for layer, head in places]
    label = max(LABEL, *(cell_len(one) + 1 for one in said)) if said else LABEL
    beside = _beside(by, label, screen)
    rows = [
        _row(found, by, place, padded(label_text(one, label), label).plain, beside, screen)
        for place, one in zip(places, said, strict=True)
    ]
    return [_header(by, label, beside, language, screen), *rows]


def _header(by: str, label: int, beside: Sequence[str], language: Language, screen: Screen) -> Text:
    line = language.say("heads.head").ljust(PLACE) + language.say("heads.looks_at").ljust(label)
    line += language.say("survey.texts").rjust(TEXTS) + _short(by, language).rjust(NUMBER)
    line += "".join(name.rjust(BESIDE) for name in beside)
    return label_text(f"{line}  {language.say('ui.strongest')}", screen.width, "bold")


def _short(name: str, language: Language) -> str:
    return language.say("ui.even") if name == "normalized_entropy" else name[:BESIDE]


def _row(
    found: Survey, by: str, place: tuple[int, int], label: str, beside: Sequence[str],
    screen: Screen,
) -> Text:  # fmt: skip
    layer, head = place
    line = f"{found.layer_numbers[layer]}.{head}".ljust(PLACE) + label
    line += f"{percent(found.label_share[layer, head])}%".rjust(TEXTS)
    line += value_of(found, by, layer, head).rjust(NUMBER)
    for name in beside:
        line += value_of(found, name, layer, head).rjust(BESIDE)
    text = Text(line, no_wrap=True)
    examples = found.examples(layer, head)
    if examples:
        one = examples[0]
        text.append(f"  {percent(one.weight)}% ")
        for part in (one.query, " → ", one.key):  # each with marks: the arrow stays between them
            text.append_text(label_text(part, max(screen.width - text.cell_len, 0)))
    text.truncate(screen.width, overflow="ellipsis")
    return text


def value_of(found: Survey, name: str, layer: int, head: int) -> str:
    """Say a head's mean ± standard deviation of a measure; shares in percent."""
    mean, sd = found.mean(name)[layer, head], found.sd(name)[layer, head]
    if isnan(mean):
        return "–"
    decimals = MEASURES[name].decimals
    if decimals is None:
        return f"{percent(mean)}%" + ("" if isnan(sd) else f"±{percent(sd)}")
    return f"{mean:.{decimals}f}" + ("" if isnan(sd) else f"±{sd:.{decimals}f}")


def _lines(words: str, screen: Screen, style: str) -> list[Text]:
    """A sentence on as many lines as it needs."""
    return [Text(piece, style, no_wrap=True) for piece in broken(words, screen.width)]


def comparison(
    gap: Difference, names: tuple[str, str], n: tuple[int, int], by: str, language: Language,
    screen: Screen,
) -> RenderableType:  # fmt: skip
    """Return how two surveys differ in a measure: how many heads by more than chance, and those
    with the largest effect first. The test is of all heads together."""
    first, second = map(visible, names)
    title = language.say(
        "survey.against", TERMINAL, what=by, other=second, b=n[1], token=first, a=n[0]
    )
    held = int(gap.holds.sum())
    told = language.say("survey.chance", TERMINAL, n=held, total=gap.holds.size, pct=FALSE)
    lines = [*_lines(title, screen, "bold"), *_lines(told, screen, ""), Text()]
    words = language.say("survey.first"), language.say("survey.second"), "effect", "p"
    header = language.say("heads.head").ljust(PLACE)
    header += "".join(word.rjust(NUMBER) for word in words)
    lines.append(label_text(header, screen.width, "bold"))
    effect = np.abs(np.nan_to_num(gap.effect))
    order = np.lexsort((np.arange(effect.size), -effect.ravel(), ~gap.holds.ravel()))
    for place in order[: max(screen.height - len(lines) - 2, LEAST_ROWS)].tolist():
        layer, head = divmod(place, effect.shape[1])
        at = layer, head
        line = f"{gap.layer_numbers[layer]}.{head}".ljust(PLACE)
        line += f"{gap.first[at]:.3f}".rjust(NUMBER) + f"{gap.second[at]:.3f}".rjust(NUMBER)
        line += f"{gap.effect[at]:+.2f} sd".rjust(NUMBER) + f"{gap.p[at]:.2g}".rjust(NUMBER)
        lines.append(label_text(line, screen.width, "" if gap.holds[at] else "dim"))
    return Group(*lines, *dim_lines(language.say("survey.tests", TERMINAL), screen.width))
