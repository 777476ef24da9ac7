"""The record in a terminal: a title, one of the views, and a line on what was computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.caption import share_of_picture
from attnviz.analysis.transform import FOLLOWED
from attnviz.errors import AttnvizError, bad_choice
from attnviz.language.language import TERMINAL, Saving
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.labels import dim_lines, label_text
from attnviz.views.look import Look
from attnviz.views.over_time import frames_of
from attnviz.views.overlay import patches_of
from attnviz.views.pooled_cells import EXAMINED
from attnviz.views.scale import shades
from attnviz.views.screen import Screen
from attnviz.views.terminal.arcs import arcs_view
from attnviz.views.terminal.caption import caption_view
from attnviz.views.terminal.grid import are_whole, grid, grid_view, in_one_strip, strips
from attnviz.views.terminal.heatmap import heatmap, heatmap_view
from attnviz.views.terminal.image import image_overview, image_view, word_over_image
from attnviz.views.terminal.long_text import far_links, far_view, minimap
from attnviz.views.terminal.matrix import matrix
from attnviz.views.terminal.patterns import patterns
from attnviz.views.terminal.query_matrix import places_of, query_matrix
from attnviz.views.terminal.sound import sound_overview, sound_view
from attnviz.views.terminal.table import (
    header_lines,
    names_what_is_shown,
    table,
    table_fits,
    table_view,
)
from attnviz.views.terminal.top import query_rows, top_view
from attnviz.views.timeline import timeline_view
from attnviz.views.titles import chosen, head_name, title

BESIDE = 9  # lines beside the map of a long text
AT_LEAST = 3  # lines of small maps below a table, and of their names
ASKED = 2  # lines of the command above and the prompt below, which stay on the screen
LOW = 7  # lines of room below which the heads are left out


class View(NamedTuple):
    """One way to show a record.

    draws_all: it draws several heads by itself. is_named: a line above says which head is shown.
    sentence: what that line says of the view. has_footer: what was computed stands below.
    """

    draw: Callable[[AttentionRecord, Look, Screen], Sequence[RenderableType]]
    draws_all: bool = False
    is_named: bool = False
    sentence: str = ""
    has_footer: bool = True


VIEWS = {
    "table": View(table_view),
    "heatmap": View(heatmap_view),
    "grid": View(grid_view, draws_all=True),
    "top": View(top_view, is_named=True),
    "arcs": View(arcs_view, is_named=True, sentence="ui.arcs"),
    "far": View(far_view),
    "image": View(image_view, is_named=True),
    "sound": View(sound_view, draws_all=True),
    "caption": View(caption_view, draws_all=True, has_footer=False),
    "timeline": View(timeline_view, draws_all=True, has_footer=False),
}
COLOURED = ("auto", "table", "heatmap")  # the scale is that of cells
EXPERTS = "experts"  # which is asked of a model, no record has it
SHOWS = ("auto", *VIEWS, "none")


def check_show(what: str) -> None:
    """Raise AttnvizError for a view that there is not, or that no record can show."""
    if what == EXPERTS:
        raise AttnvizError(
            "A record does not keep which experts its tokens passed.",
            "Run the text again with its model and `show` experts.",
            key="err.experts_not_kept",
        )
    if what not in SHOWS:
        raise bad_choice(what, "`show`", SHOWS)


def show(record: AttentionRecord, look: Look, screen: Screen) -> RenderableType:
    """Draw the view that `look.show` names, under the record's title."""
    check_show(look.show)
    if look.show == "none":
        return Group()
    if look.show == "auto" and look.shows_one:
        return Group(*_title(record, look, screen), *overview(record, look, screen))
    drawn = VIEWS.get(look.show, VIEWS["grid"])
    view = VIEWS["grid"] if look.layers and not drawn.draws_all else drawn
    if look.show == "auto" and look.layers and not _medium(record.stack):
        view = View(matrix, draws_all=True)
    lines = [*_heading(record, look, screen), *_each(record, view, look, screen)]
    below = [Text(), *footer(record, look, screen)] if view.has_footer else []
    return Group(*lines, *below)


def show_query(record: AttentionRecord, query: str, look: Look, screen: Screen) -> RenderableType:
    """Draw the whole row of one query, under the record's title; over a picture where it looks at
    one."""
    if look.show == "none":
        return Group()
    medium = _medium(record.stack)
    if medium:
        return show(
            record, replace(look, show=medium if look.show == "auto" else look.show), screen
        )
    draw = query_matrix if len(places_of(look)) > 1 else query_rows
    over = word_over_image(record, query, look, screen)
    body = [*over, *draw(record, query, look, screen)]
    return Group(
        *_heading(record, replace(look, show="top"), screen),
        *body,
        Text(),
        *footer(record, replace(look, show="top"), screen),
    )


def _each(
    record: AttentionRecord, view: View, look: Look, screen: Screen
) -> Sequence[RenderableType]:
    """The view, once for each head where it draws one at a time."""
    if view.draws_all:
        return view.draw(record, look, screen)
    body: list[RenderableType] = []
    for one in look.each():
        body += [Text()] if body else []
        if look.several_heads or view.is_named:
            body += _what(record.stack, one, view.sentence, screen)
        body += view.draw(record, one, screen)
    return body


def overview(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw what `run` prints unless asked: the weights, each head alone, what was computed, what
    to try next.

    It fits the screen: the table shrinks to a heatmap, the heads to what room is left.
    """
    stack = record.stack
    medium = _medium(stack)
    if medium:
        return (_over_a_picture if medium == "image" else _over_time)(record, look, screen)
    beside = _beside(stack, look, screen)
    last: list[RenderableType] = [*beside, *([Text()] if beside else [])]
    last += footer(record, look, screen)
    more_to_see = hints(look, screen)
    room = screen.height - ASKED - len(last) - len(_title(record, look, screen))
    if table_fits(stack, screen.width) and stack.shape[0] + 1 <= room + 1:  # if without the command
        return _numbers(stack, look, screen, room, last, more_to_see)
    # Gaps below the title, above the heads and above the rest, and the names of the heads.
    room -= 4 + len(more_to_see)
    body = _map_and_heads(stack, look, screen, room, heads=_has_heads(stack, look))
    return [Text(), *body, Text(), *last, *more_to_see]


def _has_heads(stack: Stack, look: Look) -> bool:
    """Whether heads have something to show beside what is chosen."""
    return not (look.heads or stack.n_heads == 1 or stack.crop_for_minimap)


def _numbers(
    stack: Stack, look: Look, screen: Screen, room: int, last: Sequence[RenderableType],
    more_to_see: Sequence[Text],
) -> list[RenderableType]:  # fmt: skip
    """Every number; then, as far as there is room, the heads, whole names of keys, what to try next
    and empty lines."""
    spare = max(room - stack.shape[0] - 1, 0)
    heads = _has_heads(stack, look)
    least = len(strips(stack, look, screen, AT_LEAST)) + 1 if heads else 0
    kept = least if least <= spare else 0
    names = 1 + min(header_lines(stack, look, screen.width) - 1, spare - kept)
    spare -= names - 1
    body: list[RenderableType] = list(table(stack, look, screen, names))
    if kept:
        fullest = spare - len(more_to_see) - 3  # with gaps above and below
        tall = fullest if are_whole(stack, look, screen.width, fullest) else spare - 1
        drawn = strips(stack, look, screen, tall)
        body += [Text(), *drawn]
        spare -= len(drawn) + 1
    told = list(more_to_see) if len(more_to_see) <= spare else []
    gaps = spare - len(told)
    below = [Text()] if gaps > 0 else []
    above = [Text()] if gaps > 1 else []
    return [*above, *body, *below, *last, *told]


def _map_and_heads(
    stack: Stack, look: Look, screen: Screen, room: int, heads: bool
) -> list[RenderableType]:
    """A map, and below it the heads, but where the map needs their lines to name every row."""
    beside = room - _is_more(stack, screen, heads)
    least = min(-(-stack.shape[0] // 2), 3)
    named = stack.shape[0] + 2  # lines of a map with a line for each row
    if not heads or beside < LOW or beside - least < named <= room + 2:
        return list(heatmap(stack, look, screen, max(room + 2, 4)))
    body = list(heatmap(stack, look, screen, max(beside - least, 4)))
    left = max(beside - len(body), least, 1)
    return [*body, Text(), *grid(stack, look, screen, left, one_band=True)]


def _is_more(stack: Stack, screen: Screen, heads: bool) -> int:
    """The line that says how many more heads there are."""
    return int(heads and not in_one_strip(stack.n_heads, screen.width))


def _over_a_picture(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw every head, or every word, small over the picture; or one head large."""
    stack = record.stack
    last = [
        *footer(record, look, screen),
        *dim_lines(look.language.say("ui.image_hints"), screen.width),
    ]
    if look.heads or (stack.n_heads == 1 and stack.query_tokens.where is not None):
        named = _what(stack, look, "", screen)
        return [Text(), *named, *image_view(record, look, screen), Text(), *last]
    room = screen.height - ASKED - 4 - len(last) - len(_title(record, look, screen))
    return [Text(), *image_overview(stack, look, screen, room), Text(), *last]


def _over_time(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw every head, or every word, as a line over the time of a sound."""
    last = [
        *footer(record, look, screen),
        *dim_lines(look.language.say("ui.sound_hints"), screen.width),
    ]
    room = screen.height - ASKED - 4 - len(last) - len(_title(record, look, screen))
    return [Text(), *sound_overview(record.stack, look, screen, room), Text(), *last]


def _medium(stack: Stack) -> str:
    """What the keys were cut from, where it is no text: "image" or "sound"."""
    if patches_of(stack) is not None:
        return "image"
    return "sound" if frames_of(stack) is not None else ""


def _beside(stack: Stack, look: Look, screen: Screen) -> list[RenderableType]:
    """What a long text has beside its map: where a part lies, or links far apart."""
    most = min(screen.height // 3, BESIDE)
    place = stack.crop_for_minimap
    if place is not None:
        return minimap(place, look, screen, most)
    if max(stack.shape) > EXAMINED:
        return far_links(stack, look, screen, most - 1)
    return []


def footer(record: AttentionRecord, look: Look, screen: Screen) -> list[Text]:
    """Say what was computed: counted from the mask, not estimated."""
    stack, language = record.stack, look.language
    total, computed = stack.shape[0] * stack.shape[1], stack.computed()
    parts = _colours(stack, look)
    if stack.masks and not record.units:  # what was computed were scores of tokens
        scores = language.say("ui.scores", TERMINAL, done=computed, total_scores=total)
        saved = language.say("ui.saved", TERMINAL, pct=Saving(1 - computed / total))
        parts.append(f"{scores} ({saved})" if computed < total else scores)
    if stack.weights is None:
        parts.append(language.say("ui.streamed"))
    if stack.masks and computed < total:
        parts.append(language.say("ui.masked"))
    parts.append(_row_sums(stack, look))
    share = share_of_picture(record, look.layer, look.head)
    if share is not None:
        parts.append(language.say("ui.image_among", TERMINAL, pct=share))
    if record.settings.measure in FOLLOWED:  # what a test of them says: they are widely believed
        parts.append(language.say(f"check.{record.settings.measure}", TERMINAL))
    return dim_lines(" · ".join(parts), screen.width)


def _colours(stack: Stack, look: Look) -> list[str]:
    """What the colours of a map of single cells mean, where bright does not just mean much."""
    if look.show not in COLOURED or not look.shows_one:
        return []
    if max(stack.shape) > EXAMINED:
        return []
    shown = stack.map(look.layer, look.head, EXAMINED).mean
    bright = shades(shown, stack.allowed(look.layer, EXAMINED), look.scale)
    note = bright.note(stack.key_tokens.names, look.language, TERMINAL)
    return [note] if note else []


def _row_sums(stack: Stack, look: Look) -> str:
    """What the rows really sum to."""
    sums = stack.measure("total")[look.layer]
    if np.allclose(sums, 1, atol=1e-4):
        return look.language.say("ui.rowsum", TERMINAL, pct=1.0)
    low, high = float(sums.min()), float(sums.max())
    return look.language.say("ui.rowsums", TERMINAL, low=low, high=high)


def hints(look: Look, screen: Screen) -> list[Text]:
    """Say how to see more; not how to see one head to who sees one."""
    parts = look.language.say("ui.hints").split(" · ")
    shown = [part for part in parts if not ((look.heads or look.apart) and "--head" in part)]
    return dim_lines(" · ".join(shown), screen.width)


def _heading(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    return [*_title(record, look, screen), Text()]


def _title(record: AttentionRecord, look: Look, screen: Screen) -> list[Text]:
    """The record's title, on as many lines as it needs: where weights come from is never cut."""
    lines: list[str] = []
    parts = title(record, look.language, TERMINAL).split(" · ")
    for part in [*parts, *_shown(record.stack, look, screen)]:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= screen.width:
            lines[-1] = longer
        else:
            lines.append(part)
    wrapped = [piece for line in lines for piece in wrap(line, max(screen.width, 1))]
    return [label_text(line, screen.width, "bold") for line in wrapped]


def _shown(stack: Stack, look: Look, screen: Screen) -> list[str]:
    """The layer and the head of a view that has no line for them, where there is a choice."""
    if look.show not in COLOURED or not look.shows_one or _medium(stack):
        return []
    tall = look.show == "auto" and stack.shape[0] + ASKED + 2 > screen.height  # a map names it
    is_table = look.show in ("auto", "table") and table_fits(stack, screen.width) and not tall
    if stack.n_layers == 1 and not look.heads and (
        not is_table or names_what_is_shown(stack, look, screen.width)
    ):  # fmt: skip
        return []
    name = "" if stack.n_heads == 1 and stack.names_layers else _named(stack, look)
    return [f"{chosen(stack, look)}: {name}" if name else chosen(stack, look)]


def _named(stack: Stack, look: Look) -> str:
    """What the head that a view shows was built, or found, to look at."""
    name = head_name(stack, look)
    if name or look.head == "mean":
        return name
    return patterns(stack, (look.layer,)).get((look.layer, look.head), "")


def _what(stack: Stack, look: Look, sentence: str, screen: Screen) -> list[Text]:
    """Which head a view shows, and what is drawn where that does not speak for itself."""
    parts = [chosen(stack, look), "" if look.head == "mean" else _named(stack, look)]
    if sentence:
        parts.append(look.language.say(sentence))
    return dim_lines(" · ".join(part for part in parts if part), screen.width)
