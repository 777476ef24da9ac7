"""The explorer over a picture: what is drawn where, keys that move the patch, clicks on it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

import attnviz
from attnviz.inputs.image import open_picture, patch_tokens
from attnviz.language.languages import all_languages
from attnviz.views.cells import SHADES
from attnviz.views.explorer.picture import draw_chips, draw_picture, pictured
from attnviz.views.explorer.state import State
from attnviz.views.look import Look
from attnviz.views.overlay import OUTLINE
from attnviz.views.picture_cells import cells_shown, drawn_picture
from attnviz.views.screen import Screen
from tests.views.test_explorer import explorer, panel, run, screen, state

SHAPES = Path(__file__).parents[2] / "samples" / "images" / "shapes.png"
GRID = (3, 4)
MARKS = ("[CLS]", "[R0]")
N = 2 + GRID[0] * GRID[1]


@cache
def record():
    """Two marks and 3 × 4 patches; the weight of query i on key j is known by arithmetic."""
    begun = attnviz.from_weights(known()[None], [f"t{i}" for i in range(N)])
    tokens = patch_tokens(open_picture(SHAPES), GRID, first=MARKS)
    stack = replace(begun.stack, query_tokens=tokens, key_tokens=tokens)
    return replace(begun, stacks={begun.name: stack})


def known():
    """Query i gives key j as much as the square of (5 i + 3 j) % 14: no two keys alike."""
    shares = (np.add.outer(5 * np.arange(N), 3 * np.arange(N)) % N) ** 2
    return (shares / shares.sum(axis=1, keepdims=True)).astype("f4")[None]


def at(query, **changes):
    return replace(State.at(record(), Look()).to_query(query), **changes)


def drawn(shown, *, colour=True, width=24, height=10):
    return draw_picture(shown, pictured(shown), Screen(width, height, colour))


def tokens_of(lines):
    """The token that a click on each character chooses, None for none."""
    found = []
    for line in lines:
        row = [None] * line.cell_len
        for span in line.spans:
            meta = getattr(span.style, "meta", {})
            if "query" in meta:
                row[span.start : span.end] = [meta["query"]] * (span.end - span.start)
        found.append(row)
    return found


def test_it_begins_where_every_view_begins():
    assert State.at(record(), Look()).query == 0  # [CLS]
    alone = attnviz.trace(image=SHAPES, heads=1)
    rows, columns = alone.stack.query_tokens.where.grid
    assert State.at(alone, Look()).query == rows // 2 * columns + columns // 2


@pytest.mark.parametrize(
    ("query", "step", "found"),
    [(2, 1, 6), (6, -1, 2), (13, 1, 13), (2, -1, 2), (0, 1, 1), (1, 1, 2), (9, 1, 13)],
)
def test_up_and_down_are_a_row_of_patches(query, step, found):
    assert at(query).to_line(step).query == found


def test_in_a_text_down_is_the_next_token():
    words = State.at(attnviz.trace("a b c"), Look())
    assert words.to_line(1).query == 1


@pytest.mark.parametrize("colour", [True, False])
def test_a_click_chooses_the_patch_under_it(colour):
    """The drawing is cut into 3 × 4 equal parts, one for each patch."""
    lines = tokens_of(drawn(at(5), colour=colour)[:-1])
    n_lines, width = len(lines), len(lines[0])
    for i, line in enumerate(lines):
        for j, token in enumerate(line):
            assert token == 2 + (2 * i + 1) * 3 // (2 * n_lines) * 4 + j * 4 // width


def test_only_the_query_is_outlined():
    lines = drawn(at(7))  # row 1, column 1
    outlined = set()
    for line, tokens in zip(lines[:-1], tokens_of(lines[:-1]), strict=True):
        for span in line.spans:
            colour = getattr(span.style, "color", None)
            if colour is not None and tuple(colour.triplet) == OUTLINE:
                outlined.add(tokens[span.start])
    assert outlined == {7}


def test_shades_follow_the_row_and_the_column():
    """Without colour the darkest patch is the strongest key, or, by column, the strongest query."""
    for column in (False, True):
        shown = at(5, column=column)
        weights = known()[0][:, 5] if column else known()[0][5]
        lines = drawn(shown, colour=False)
        strongest = 2 + int(weights[2:].argmax())
        darkest = {
            token
            for line, tokens in zip(lines[:-1], tokens_of(lines[:-1]), strict=True)
            for sign, token in zip(line.plain, tokens, strict=True)
            if sign == SHADES[-1]
        }
        assert darkest == {strongest}
        assert "◎" in "".join(line.plain for line in lines)


def test_below_the_picture_stands_how_much_lies_elsewhere():
    row = known()[0][5]
    said = drawn(at(5), width=80)[-1].plain
    assert f"{round(100 * row[2:].max())}%" in said
    assert f"{round(100 * row[2:].sum())}% in the picture" in said


def test_marks_are_chips_with_their_share():
    row = known()[0][5]
    (line,) = draw_chips(at(5), Screen(80, 3, True))
    shares = [round(100 * share) for share in row[:2]]
    assert re.sub(r" +", " ", line.plain).split("  ")[0].split() == [
        "r0c3", "[CLS]", f"{shares[0]}%", "[R0]", f"{shares[1]}%",
    ]  # fmt: skip


def test_every_character_has_a_cell():
    where = record().stack.key_tokens.where
    for colour in (True, False):
        for width, lines in ((1, 1), (7, 5), (40, 11), (120, 37)):
            room = Screen(width, lines, colour)
            shown = cells_shown(where, width, lines, room)
            picture = drawn_picture(where, known()[0][3], None, width, lines, room)
            assert shown.shape == (len(picture), picture[0].cell_len)
            assert (shown >= 0).all()


def test_keys_and_clicks_move_the_patch():
    async def steps():
        async with explorer(record=record(), size=(80, 24)) as (app, pilot):
            assert state(app).query == 0
            await pilot.press("right", "right", "down")
            assert state(app).query == 6
            await pilot.click("#map", offset=(2, 2))
            assert (state(app).query, state(app).column) == (2, False)
            await pilot.click("#map", offset=(2, 2), shift=True)
            assert state(app).column
            assert "who looks at r0c0" in panel(app, "map")[-1]
            await pilot.press("c")
            assert not state(app).column
            await pilot.press("z")
            assert "in the picture" not in "".join(screen(app))
            await pilot.click("#text", offset=(10, 1))
            assert state(app).query in (0, 1)

    run(steps())


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (20, 5)])
@pytest.mark.parametrize("colour", [True, False])
def test_the_screen_holds_the_picture(size, colour):
    """In three languages, on screens of many sizes: no line is longer than the screen."""

    async def steps():
        for language in all_languages().values():
            look = Look(language=language)
            async with explorer(record=record(), size=size, colour=colour, look=look) as (
                app,
                pilot,
            ):
                for key in ("down", "c", "z", "z", "l", "m", "p", "g", "end", "home"):
                    await pilot.press(key)
                    assert all(cell_len(line) <= size[0] for line in screen(app))

    run(steps())


@pytest.mark.slow
def test_words_look_at_the_picture():
    """Red looks left, where the ball is; a word outside the lists is even, and says so."""
    words = attnviz.trace("zzz red", image=SHAPES)

    async def steps():
        async with explorer(record=words, size=(80, 24)) as (app, pilot):
            assert "zzz red" in panel(app, "text")[1]
            assert "even" in panel(app, "map")[-1] or "even" in "".join(panel(app, "map"))
            await pilot.press("right")
            assert "even" not in "".join(panel(app, "map"))

    run(steps())
