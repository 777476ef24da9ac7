"""The record in a terminal, for a width and a height that are told, not asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.errors import AttnvizError, bad_choice
from attnviz.language.english import ENGLISH
from attnviz.language.language import TERMINAL, Language, Saving
from attnviz.record import selection
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which
from attnviz.views.look import Choice
from attnviz.views.palette import level
from attnviz.views.scale import Shades, shades, small
from attnviz.views.terminal.arcs import arcs
from attnviz.views.terminal.cells import background, full_rows, half_rows, levels
from attnviz.views.terminal.long_text import far, minimap
from attnviz.views.titles import chosen, head_title, label_text, layer_title, percent, title, widest

SHOWS = ("auto", "table", "heatmap", "grid", "top", "arcs", "far", "none")

CELL = 5  # characters of a weight in the table: " 100 "
LABEL = 12  # characters that a token's label may take
STRONGEST = 17  # " strongest" column: label, weight
LOW = 7  # lines of room below which the heads are left out
GAP = 2  # between small multiples
EXAMINED = 512  # tokens up to which a sink is looked for, to be told beside a table
BESIDE = 9  # lines beside the map of a long text
FAR_LINES = 20
NAME = 18  # characters for a head's name above its small multiple


@dataclass(frozen=True)
class Screen:
    """What is to be filled, whether it has colour, its reader's language, and what is bright."""

    width: int
    height: int
    colour: bool
    language: Language = ENGLISH
    scale: str = "auto"


def check_show(what: str) -> None:
    """Refuse a view that there is not."""
    if what not in SHOWS:
        raise bad_choice(what, "--show", SHOWS)


def show(record: AttentionRecord, what: str, choice: Choice, screen: Screen) -> RenderableType:
    """One of the terminal views, by its name, under the record's title."""
    check_show(what)
    if what == "none":
        return Group()
    lines: list[RenderableType] = [*_title(record, screen), Text()]
    if choice.layers:
        return Group(*lines, *_layers(record.stack, choice, screen), footer(record, choice, screen))
    several = len(choice.heads) > 1
    if what == "auto" and not several:
        return Group(*lines, *overview(record, choice, screen))
    stack = record.stack
    body: list[RenderableType] = []
    if what in ("grid", "auto"):
        heads = choice.heads or range(stack.n_heads)
        body = grid(stack, choice.layer, heads, screen, lines_each=32)
    else:
        draw = {
            "table": _table_view, "heatmap": _heatmap_view, "top": _top_view, "arcs": _arcs_view,
            "far": _far_view,
        }  # fmt: skip
        one_by_one = [Choice(choice.layer, (h,)) for h in choice.heads] if several else [choice]
        for one in one_by_one:
            body += [Text()] if body else []
            if several or what in ("top", "arcs"):
                body.append(_what(stack, one, what, screen))
            body += draw[what](stack, one, screen)
    return Group(*lines, *body, Text(), footer(record, choice, screen))


def _layers(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    """The heads of several layers as small maps, layer by layer."""
    lines: list[RenderableType] = []
    for layer in choice.layers:
        lines.append(label_text(layer_title(stack, layer), screen.width, "dim"))
        heads = choice.heads or range(stack.n_heads)
        lines += [*grid(stack, layer, heads, screen, lines_each=32), Text()]
    return lines


def overview(record: AttentionRecord, choice: Choice, screen: Screen) -> list[RenderableType]:
    """What `run` prints unless asked: the weights, each head alone, what was computed, what next.

    It fits the screen: the table shrinks to a heatmap, the heads to what room is left.
    """
    stack = record.stack
    beside = _beside(stack, choice, screen)
    alone = choice.heads or stack.n_heads == 1 or stack.place_in_long
    heads = () if alone else range(stack.n_heads)
    last: list[RenderableType] = [*beside, *([Text()] if beside else [])]
    last += [footer(record, choice, screen), hints(screen)]
    # Beside the title there are two gaps, the prompt below and the names of the heads.
    room = screen.height - 5 - len(last) - len(_title(record, screen))
    more = len(heads) > _across(screen)  # a line says how many more heads there are
    if room - more < LOW:
        heads, room = (), room + 2
    else:
        room -= more
    least = min(-(-stack.shape[0] // 2), 3) if heads else 0
    body: list[RenderableType]
    if stack.shape[0] + 1 <= room - least and table_fits(stack, screen.width):
        body = list(table(stack, choice.layer, choice.head, screen))
        room -= stack.shape[0] + 1
    else:
        body = list(heatmap(stack, choice.layer, choice.head, screen, max(room - least, 4)))
        room -= len(body)
    if heads:
        small = grid(stack, choice.layer, heads, screen, max(room, least, 1), one_band=True)
        body += [Text(), *small]
    return [*body, Text(), *last]


def _beside(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    """What a long text has beside its map: where a part lies, or links far apart."""
    most = min(screen.height // 3, BESIDE)
    place = stack.place_in_long
    if place is not None:
        return minimap(place, choice, screen.language, most, screen.width, screen.colour)
    if max(stack.shape) > EXAMINED:
        return far(stack, choice, screen.language, screen.width, most - 1)
    return []


def table_fits(stack: Stack, width: int) -> bool:
    """Whether every weight finds its place in a table of that width."""
    return widest(stack.query_tokens.names, LABEL) + 1 + CELL * stack.shape[1] <= width


def table(stack: Stack, layer: int, head: Which, screen: Screen) -> list[Text]:
    """Every weight in percent: rows are queries, columns keys, `·` masked, the strongest bold."""
    shown, allowed = (
        stack.map(layer, head, max(stack.shape)).mean,
        stack.allowed(layer, max(stack.shape)),
    )
    keys, largest = stack.strongest(layer, head, 1)
    steps = levels(shades(shown, allowed, screen.scale).shares, allowed)
    corner = chosen(stack, layer, head, screen.language)
    label = widest(stack.query_tokens.names, LABEL)
    room = screen.width - 1 - CELL * stack.shape[1]
    label = max(
        label, min(cell_len(corner), room if room < label + STRONGEST else room - STRONGEST)
    )
    spare = screen.width - label - 1 - CELL * stack.shape[1]
    each = CELL + min(max(spare - STRONGEST, 0) // stack.shape[1], 4)
    named = screen.width - label - 1 - each * stack.shape[1] >= STRONGEST
    header = _padded(label_text(corner, label, "dim italic"), label + 1)
    for key in stack.key_tokens.names:
        header.append_text(_centred(label_text(key, each - 1, "dim"), each))
    lines = [header.append(f"  {screen.language.say('ui.strongest')}" if named else "", "dim")]
    for row, name in enumerate(stack.query_tokens.names):
        line = _padded(label_text(name, label), label + 1)
        for j in range(stack.shape[1]):
            bold = j == keys[row, 0]
            line.append_text(_weight_cell(shown[row, j], int(steps[row, j]), each, bold=bold))
        if named:
            best = int(keys[row, 0]), float(largest[row, 0])
            line.append_text(_strongest_cell(stack, *best, screen))
        lines.append(line)
    return lines


def heatmap(
    stack: Stack, layer: int, head: Which, screen: Screen, lines: int
) -> list[RenderableType]:
    """The weights as coloured cells in at most `lines` lines, pooled when there are too many.

    One line per row where that fits, else two rows per line. Numbers above are key positions.
    """
    n_queries, n_keys = stack.shape
    name_width = widest(stack.query_tokens.names, min(LABEL, screen.width // 3))
    rows, columns = stack.positions
    digits = len(str(rows[-1])) + 1
    label = name_width + digits
    across = max(screen.width - label - 2, 1)
    tall = lines - 2  # a line of positions above, a line about the scale below
    one_each = n_queries <= tall and n_keys <= across
    fitting = min(across, tall if not screen.colour else 2 * tall)
    pooled = stack.map(layer, head, max(stack.shape) if one_each else max(fitting, 1))
    allowed = stack.allowed(layer, max(stack.shape) if one_each else max(fitting, 1))
    bright = shades(pooled.mean, allowed, screen.scale, whole=pooled.cells[1] == 1)
    steps = levels(bright.shares, allowed)
    wide = min(across // steps.shape[1], 3) if one_each else 1
    whole = one_each or not screen.colour
    drawn = full_rows(steps, wide, screen.colour) if whole else half_rows(steps, screen.colour)
    each = pooled.cells[0] * (1 if whole else 2)
    body = [positions(label + 2, columns[:: pooled.cells[1]].tolist(), wide)]
    for line, cells in enumerate(drawn):
        row = line * each
        shown, name = stack.query_tokens.names[row], Text(no_wrap=True)
        if not shown.startswith(f"{row} "):  # sentences and lines are numbered already
            name.append(f"{rows[row]} ".rjust(digits), "dim")
        name.append_text(label_text(shown, label - name.cell_len))
        name.pad_right(label + 2 - name.cell_len)
        body.append(name.append_text(cells))
    shown = f"{chosen(stack, layer, head, screen.language)}: "
    return [*body, scale_line(shown, bright, pooled.cells, screen)]


def grid(
    stack: Stack,
    layer: int,
    heads: Sequence[int] | range,
    screen: Screen,
    lines_each: int,
    one_band: bool = False,
) -> list[RenderableType]:
    """Each head alone as a small map under its name, side by side.

    `one_band` keeps to the first row of maps and says how many more there are.
    """
    across = _across(screen)
    each = (screen.width + GAP) // min(across, max(len(heads), 1)) - GAP
    size = max(min(2 * lines_each, each), 1)
    bands = [heads[i : i + across] for i in range(0, len(heads), across)]
    body: list[RenderableType] = []
    for band in bands[:1] if one_band else bands:
        body += [Text()] if body else []
        body += _band(stack, layer, band, each, size, screen)
    if one_band and len(bands) > 1:
        body.append(_one_line(f"… +{len(heads) - across} heads: --show grid", screen))
    return body


def top(stack: Stack, layer: int, head: Which, screen: Screen, k: int = 3) -> list[RenderableType]:
    """Each query with its strongest keys and a bar for the first."""
    keys, weights = stack.strongest(layer, head, min(k, stack.shape[1]))
    label = widest(stack.query_tokens.names, LABEL)
    bar = max(min(screen.width - label - 3 - k * (LABEL + 6), 20), 6)
    lines: list[RenderableType] = []
    for row, name in enumerate(stack.query_tokens.names):
        line = label_text(name, label)
        line.pad_right(label + 1 - line.cell_len)
        full = round(bar * float(weights[row, 0]))
        line.append("█" * full, _bar_style(float(weights[row, 0]))).append(" " * (bar - full + 1))
        for key, weight in zip(keys[row].tolist(), weights[row].tolist(), strict=True):
            if weight >= 0.005:  # less is written as 0%
                line.append_text(label_text(stack.key_tokens.names[key], LABEL))
                line.append(f" {percent(weight)}%  ", "dim")
        line.rstrip()
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    return lines


def query_row(record: AttentionRecord, query: str, choice: Choice, screen: Screen) -> Group:
    """One query's weights in full: every key it may see, the strongest first, with a bar."""
    stack = record.stack
    lines: list[RenderableType] = [*_title(record, screen), Text()]
    allowed = stack.allowed(choice.layer, max(stack.shape))
    weights = stack.map(choice.layer, choice.head, max(stack.shape))
    if weights.cells != (1, 1):
        raise AttnvizError("The rows of so long a text were not kept.", "Give a shorter text.")
    label = widest(stack.key_tokens.names, 2 * LABEL)
    queries, keys = stack.positions
    whole = stack if stack.place is None else stack.place.whole
    wanted = selection.among(queries, selection.chosen(whole.query_tokens, query), query)
    for place in np.searchsorted(queries, wanted).tolist():
        name = TERMINAL.token(stack.query_tokens.names[place])
        name += "" if record.units else f" ({queries[place]})"
        shown = chosen(stack, choice.layer, choice.head, screen.language)
        lines.append(_one_line(f"{name} · {shown}", screen))
        row = weights.mean[place]
        for key in sorted(np.flatnonzero(allowed[place]).tolist(), key=lambda key: -row[key]):
            line = Text("" if record.units else f"{keys[key]:5} ", "dim", no_wrap=True)
            line.append_text(_padded(label_text(stack.key_tokens.names[key], label), label + 1))
            line.append(f"{100 * row[key]:6.2f}% ")
            bar = round(max(screen.width - line.cell_len, 0) * float(row[key]))
            line.append("█" * bar, _bar_style(float(row[key])))
            lines.append(line)
    return Group(*lines, Text(), footer(record, choice, screen))


def footer(record: AttentionRecord, choice: Choice, screen: Screen) -> Text:
    """One line on what was computed: counted from the mask, not estimated."""
    stack = record.stack
    total, computed = stack.shape[0] * stack.shape[1], stack.computed()
    language, parts = screen.language, []
    if stack.masks and not record.units:  # what was computed were scores of tokens
        scores = language.say("ui.scores", TERMINAL, done=computed, total_scores=total)
        saved = language.say("ui.saved", TERMINAL, pct=Saving(1 - computed / total))
        parts.append(f"{scores} ({saved})" if computed < total else scores)
    if stack.weights is None:
        parts.append(language.say("ui.streamed"))
    if stack.masks and computed < total:
        parts.append(language.say("ui.masked"))
    parts.append(_row_sums(stack, choice, language))
    parts = [*_colours(stack, choice, screen), *parts]
    return _one_line(" · ".join(parts), screen)


def _colours(stack: Stack, choice: Choice, screen: Screen) -> list[str]:
    """What the colours of a map of single cells mean, where bright does not just mean much."""
    if max(stack.shape) > EXAMINED or choice.layers or len(choice.heads) > 1:
        return []
    shown = stack.map(choice.layer, choice.head, EXAMINED).mean
    bright = shades(shown, stack.allowed(choice.layer, EXAMINED), screen.scale)
    note = bright.note(stack.key_tokens.names, screen.language, TERMINAL)
    return [note] if note else []


def hints(screen: Screen) -> Text:
    """One line on how to see more."""
    return _one_line(screen.language.say("ui.hints"), screen)


def _across(screen: Screen) -> int:
    """How many small multiples stand side by side."""
    return max((screen.width + GAP) // (NAME + GAP), 1)


def _table_view(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    if table_fits(stack, screen.width):
        return list(table(stack, choice.layer, choice.head, screen))
    return top(stack, choice.layer, choice.head, screen)


def _heatmap_view(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    lines = max(screen.height - 5, min(stack.shape[0] + 2, 66))
    return heatmap(stack, choice.layer, choice.head, screen, lines)


def _top_view(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    return top(stack, choice.layer, choice.head, screen)


def _far_view(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    found = far(stack, choice, screen.language, screen.width, FAR_LINES)
    return found or [_one_line(screen.language.say("ui.none_far"), screen)]


def _arcs_view(stack: Stack, choice: Choice, screen: Screen) -> list[RenderableType]:
    return list(arcs(stack, choice.layer, choice.head, screen.width))


def _band(
    stack: Stack, layer: int, heads: Sequence[int], each: int, size: int, screen: Screen
) -> list[RenderableType]:
    names, columns = [], []
    for head in heads:
        name = label_text(head_title(stack, head), each, "bold")
        name.pad_right(each + GAP - name.cell_len)
        names.append(name)
        columns.append(small_map(stack, layer, head, size, screen))
    lines: list[RenderableType] = [Text("", end="").join(names)]
    for row in zip(*columns, strict=True):
        line = Text(no_wrap=True, end="")
        for cells in row:
            cells.pad_right(each + GAP - cells.cell_len)
            line.append_text(cells)
        lines.append(line)
    for text in lines:
        assert isinstance(text, Text)
        text.rstrip()
        text.end = "\n"
    return lines


def small_map(stack: Stack, layer: int, head: int, size: int, screen: Screen) -> list[Text]:
    """One head in at most `size` characters and half as many lines, on a scale of its own."""
    pooled, allowed = stack.map(layer, head, size), stack.allowed(layer, size)
    bright = shades(pooled.mean, allowed, small(screen.scale), whole=pooled.cells[1] == 1)
    return half_rows(levels(bright.shares, allowed), screen.colour)


def _title(record: AttentionRecord, screen: Screen) -> list[Text]:
    """The record's title, on as many lines as it needs: where weights come from is never cut."""
    lines: list[str] = []
    for part in title(record, screen.language, TERMINAL).split(" · "):
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= screen.width:
            lines[-1] = longer
        else:
            lines.append(part)
    wrapped = [piece for line in lines for piece in wrap(line, max(screen.width, 1))]
    return [label_text(line, screen.width, "bold") for line in wrapped]


def _what(stack: Stack, choice: Choice, what: str, screen: Screen) -> Text:
    """Which head a view shows, and for arcs what a line means."""
    parts = [chosen(stack, choice.layer, choice.head, screen.language)]
    if choice.head != "mean":
        parts.append(stack.head_name(int(choice.head)))
    if what == "arcs":
        parts.append(screen.language.say("ui.arcs"))
    return _one_line(" · ".join(part for part in parts if part), screen)


def _one_line(line: str, screen: Screen) -> Text:
    text = Text(line, "dim", no_wrap=True)
    text.truncate(screen.width, overflow="ellipsis")
    return text


def _padded(text: Text, width: int) -> Text:
    """Text without a style of its own that what follows would take on, filled to `width`."""
    line = Text(no_wrap=True).append_text(text)
    return line.append(" " * max(width - text.cell_len, 0))


def _centred(text: Text, width: int) -> Text:
    text.pad_left(max(width - text.cell_len, 0))
    return text


def _weight_cell(weight: float, step: int, width: int, *, bold: bool) -> Text:
    if step < 0:
        return Text("·".rjust(width - 1) + " ", "dim")
    text = Text(percent(weight).rjust(width - 1) + " ", background(step) or "")
    if bold:
        text.stylize("bold")
    return text


def _strongest_cell(stack: Stack, key: int, weight: float, screen: Screen) -> Text:
    if weight <= 0:
        return Text(f"  {screen.language.say('ui.nothing')}", "dim")
    text = Text(f"{percent(weight).rjust(5)}% ", "dim")
    return text.append_text(
        label_text(stack.key_tokens.names[key], STRONGEST - 7, "default not dim")
    )


def _bar_style(weight: float) -> str:
    style = background(level(weight, 1.0))
    return f"{style.bgcolor.name}" if style and style.bgcolor else ""


def positions(indent: int, places: list[int], wide: int) -> Text:
    """Key positions above the cells, as many as find room."""
    line = Text(" " * indent, no_wrap=True)
    place = 0
    for cell, position in enumerate(places):
        number = str(position)
        if cell * wide >= place and (cell * wide + len(number) <= len(places) * wide or cell == 0):
            line.append(" " * (indent + cell * wide - line.cell_len)).append(number, "dim")
            place = cell * wide + len(number) + max(3, wide)
    return line


def scale_line(shown: str, bright: Shades, cells: tuple[int, int], screen: Screen) -> Text:
    """After what is shown: what the colours mean, and how much of the text one cell holds."""
    line = Text(no_wrap=True)
    line.append(f"{shown}0% ", "dim")
    steps = np.linspace(0, 63, 12).round().astype(np.int64)[None, :]
    line.append_text(full_rows(steps, 1, screen.colour)[0])
    line.append(f" {_fine_percent(bright.largest)}%", "dim")
    if cells != (1, 1):
        note = screen.language.say("ui.cells", TERMINAL, rows=cells[0], columns=cells[1])
        line.append(f" · {note}", "dim")
    line.truncate(screen.width, overflow="ellipsis")
    return line


def _fine_percent(weight: float) -> str:
    return percent(weight) if weight >= 0.01 else f"{100 * weight:.2g}"


def _row_sums(stack: Stack, choice: Choice, language: Language) -> str:
    """What the rows really sum to."""
    sums = stack.measure("total")[choice.layer]
    if np.allclose(sums, 1, atol=1e-4):
        return language.say("ui.rowsum", TERMINAL, pct=1.0)
    return language.say("ui.rowsums", TERMINAL, low=float(sums.min()), high=float(sums.max()))
