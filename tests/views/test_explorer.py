"""The explorer with its keys pressed and its panels clicked, on screens of many sizes."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from textual import events

import attnviz
from attnviz.errors import AttnvizError
from attnviz.inputs.labels import visible
from attnviz.views.explorer import keys
from attnviz.views.explorer.app import Explorer
from attnviz.views.explorer.map import heatmap
from attnviz.views.explorer.screen import Callbacks
from attnviz.views.explorer.state import State
from attnviz.views.look import Look
from attnviz.views.screen import Screen

GOLD = Path(__file__).parent / "gold_explorer"
RENEW = os.environ.get("ATTNVIZ_RENEW_GOLD") == "1"
CAT = "The cat sat on the mat because it was tired"
MOUCH, DOOR = "Lmouch gles 3la zerbiya", "The tired cat sat near the door all day"
SIZES = {60: 24, 80: 24, 120: 40, 250: 60}
MEAN = Look()
SCREENS = [*(("cat", width) for width in SIZES), *(("heads", w) for w in (80, 250)), ("cross", 120)]
LATE = (("cat", 120), ("cat", 250), ("heads", 250))
TYPES = ("self", "causal", "local", "global")
RICH = "[bold]x[/] [/] [@click=app.quit]y[/] :cat: [CLS] list[int] $_$"
NASTY = {
    "markup": RICH,
    "controls": "a\x1b[31mred\x07 b\u202ec\u2028d\x00e",
    "wide": "猫坐在垫子上 因为 它 累了",
    "arabic": "القط كيقلب على الحوت كُلُّ نهار",
    "marks": "e\u0301\u0301\u0301\u0301 ◌\u0301 👨‍👩‍👧‍👦 🇲🇦 ❤️ ﷺ \u200b q",
    "a long token": "x" * 3000 + " y " + "z" * 500,
    "one token": "a",
    "many": " ".join(f"w{i}" for i in range(300)),
}


def run(steps):
    """Run a coroutine of this test to its end."""
    return asyncio.run(steps)


def trace(text, kind=None, **options):
    return attnviz.trace(text, type=kind, **options)


def no_file(*_):
    raise AssertionError("no file was asked for")


@asynccontextmanager
async def explorer(
    text=CAT, *, size=(80, 24), record=None, run=trace, save=no_file, colour=True, look=MEAN,
    types=TYPES, write=None,
):  # fmt: skip
    """The explorer of a text, or of a record without a model, with a pilot at its keys."""
    start = trace(text) if record is None else record
    callbacks = Callbacks(run if record is None else None, types, save, write)
    app = Explorer(
        State.at(start, look), callbacks, text=text if record is None else None, type="self",
        colour=colour,
    )  # fmt: skip
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield app, pilot


async def settled(
    pilot, sign=lambda app: app.screen_stack[0].query_one("Findings").found is not None
):
    """Wait until the sign is there: what runs in the background has come in. The bound is only
    there so that a sign that never comes fails, however busy the machine is."""
    for _ in range(6000):
        await pilot.pause()
        if sign(pilot.app):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came")


def state(app):
    return app.screen_stack[0].state


def panel(app, name):
    """The lines of a panel, its title above them."""
    widget = app.screen_stack[0].query_one(f"#{name}")
    return [strip.text.rstrip() for strip in widget.render_lines(widget.region.reset_offset)]


def screen(app):
    """The characters on the screen, line by line, out of its picture."""
    svg = app.export_screenshot()
    rows = {}
    for x, y, words in re.findall(
        r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', svg
    ):
        rows.setdefault(float(y), []).append((round(float(x) / 12.2), unescape(words)))
    lines = []
    for _, parts in sorted(rows.items()):
        line = ""
        for column, words in sorted(parts):
            line += " " * (column - cell_len(line)) + words.replace("\xa0", " ")
        lines.append(line.rstrip())
    return lines


def messages(app):
    return [note.message for note in app._notifications]


# What is on the screen


@pytest.mark.parametrize(
    ("name", "width"),
    [pytest.param(*one, marks=[pytest.mark.slow] if one in LATE else []) for one in SCREENS],
)
def test_the_screen_is_the_accepted_one(name, width):
    weights = np.random.default_rng(0).dirichlet(np.full(12, 0.3), size=(6, 12, 12)).astype("f4")
    records = {
        "cat": lambda: trace(CAT, "local"),
        "heads": lambda: attnviz.from_weights(weights, [f"token{i}" for i in range(12)]),
        "cross": lambda: trace(MOUCH, "cross", source=DOOR),
    }

    async def steps():
        async with explorer(record=records[name](), size=(width, SIZES[width])) as (app, pilot):
            await pilot.press("right", "right", "p", "right", "l", "l")
            await settled(
                pilot, lambda app: state(app).sheet is app.screen.query_one("Findings").about
            )
            return screen(app)

    lines = run(steps())
    shown = "".join(f"{line}\n" for line in lines)
    file = GOLD / f"{name}-{width}.txt"
    if RENEW:
        GOLD.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8", newline="\n")
        pytest.skip(f"{file.name} is written anew: look at it before you commit it")
    assert shown == file.read_text(encoding="utf-8")


def test_every_gold_file_is_of_a_screen():
    assert {f.name for f in GOLD.iterdir()} == {f"{name}-{width}.txt" for name, width in SCREENS}


def test_the_panels_tell_the_weights():
    async def steps():
        async with explorer(size=(120, 40), look=Look(0, (2,))) as (app, pilot):
            await pilot.press("right", "right", "right")
            weights = state(app).stack.weights[0, 2, 3]
            order = np.argsort(-weights, kind="stable")
            title, *bars = panel(app, "strongest")
            assert '"on"' in title
            told = [re.match(r" (\w+)\s+(\d+)%", line) for line in bars[:4]]
            names = state(app).stack.key_tokens.labels
            assert [(m[1], int(m[2])) for m in told] == [
                (names[key], round(100 * float(weights[key]))) for key in order[:4]
            ]
            row = next(line for line in panel(app, "map") if "▸ on" in line)
            shown = [round(100 * float(w)) for w in weights if w >= 0.005]
            assert [int(n) for n in re.findall(r"\d+", row)] == shown

    run(steps())


@pytest.mark.slow
@pytest.mark.parametrize("name", NASTY)
def test_no_text_breaks_it(name):
    async def steps():
        async with explorer(NASTY[name], size=(60, 24)) as (app, pilot):
            await pilot.press("p", "right", "l", "s", "z", "m", "e", "escape", "i", "escape", "t")
            await settled(pilot, lambda app: state(app).record.type == "causal")
            for width in (60, 120):
                await pilot.resize_terminal(width, 30)
                await pilot.press("home")
                for panel_name in ("text", "map", "strongest", "heads", "findings"):
                    for line in panel(app, panel_name):
                        plain = line.replace("\u200e", "")
                        assert plain == visible(plain)
                        assert cell_len(line) <= width
                first = state(app).stack.query_tokens.labels[0]
                assert first[:10] in "".join(panel(app, "text")).replace("\u200e", "")

    run(steps())


def test_markup_is_shown_as_it_is_written():
    async def steps():
        async with explorer(RICH, size=(120, 40)) as (app, pilot):
            assert "[bold]x[/] [/] [@click=app.quit]y[/]" in panel(app, "text")[1]
            await pilot.press("slash", *"[@click", "enter")
            assert len(messages(app)) == 1
            assert '"[@click"' in messages(app)[0]
            await settled(pilot, lambda app: any('"[@click"' in line for line in screen(app)))

    run(steps())


@pytest.mark.slow
def test_a_record_of_odd_labels():
    weights = np.full((3, 3), 1 / 3)
    record = attnviz.from_weights(weights, ["\ud800x", "[b]", "\x1b[2J"])

    async def steps():
        async with explorer(record=record) as (app, _):
            (line,) = panel(app, "text")[1:]
            assert line.strip() == "⟨U+D800⟩x [b] ␛[2J"

    run(steps())


@pytest.mark.slow
def test_a_streamed_text_of_5000_tokens():
    words = [f"w{i % 700}" for i in range(5000)]
    record = trace(" ".join(words), max_memory=0)

    async def steps():
        async with explorer(record=record, size=(120, 40)) as (app, pilot):
            assert state(app).stack.weights is None
            await pilot.press("end")
            assert state(app).query == 4999
            assert "each cell is the mean of up to" in panel(app, "map")[-1]
            assert words[-1] in panel(app, "text")[-1]
            await pilot.press("m")  # takes all weights
            assert "streamed" in messages(app)[0]
            await pilot.press("z", "l")
            assert f"▸ {words[-1]}" in "".join(panel(app, "map"))

    run(steps())


LONG = " ".join(f"word{i:05}" for i in range(5000))


@pytest.mark.parametrize("width", [pytest.param(80, marks=pytest.mark.slow), 120])
def test_a_streamed_text_comes_closer_by_its_kept_weights(width):
    record = trace(LONG, "local", max_memory=0)

    def rows(app):
        return [line.split() for line in panel(app, "map")[2:]]

    async def steps():
        async with explorer(record=record, size=(width, 40)) as (app, pilot):
            await pilot.press("pagedown")
            assert re.search(
                r"each cell is the mean of up to \d+ × \d+ w", " ".join(panel(app, "map"))
            )
            first, other = rows(app)[:2]
            assert first[:2] == ["▸", "word00010"]
            assert re.fullmatch(r"\d+–\d+", other[0])
            await pilot.press("z")
            assert "streamed: the 8 strongest keys of each query" in " ".join(panel(app, "map"))
            at = next(i for i, row in enumerate(rows(app)) if row[0] == "▸")
            assert [row[0] for row in rows(app)[at + 1 : at + 3]] == ["word00011", "word00012"]
            assert "·" in rows(app)[at]
            seen = [part for part in rows(app)[at][2:] if part != "·"]
            keys, weights = record.stack.strongest(0, "mean", 8)
            kept = [round(100 * weights[10][keys[10] == key][0]) for key in range(8, 13)]
            assert seen == (list(map(str, kept)) if width == 120 else [])  # cells without numbers

    run(steps())


@pytest.mark.slow
def test_what_was_not_kept_has_no_colour():
    at = State.at(trace(LONG, max_memory=0), MEAN).to_query(2000)
    at = replace(at, near=True)
    shown = heatmap(at, Screen(120, 9, True))[1:-1]
    assert [line.plain.split()[0] for line in shown].count("▸") == 1
    row = next(line for line in shown if "▸" in line.plain)
    kept = {key for key, _ in at.sheet.strongest(2000, 8)}
    indent, wide, first, _ = row.get_style_at_offset(Console(), 30).meta["keys"]
    keys = range(first, first + (row.cell_len - indent) // wide)
    painted = {
        key for key in keys
        if row.get_style_at_offset(Console(), indent + wide * (key - first)).bgcolor
    }  # fmt: skip
    assert painted == kept & set(keys) != set()


@pytest.mark.slow
@pytest.mark.parametrize("near", [False, True])
def test_the_pointer_tells_no_mean_as_a_weight(near):
    record = trace(LONG, "local", max_memory=0)
    weight = round(100 * dict(State.at(record, MEAN).sheet.strongest(0, 8))[0])

    async def steps():
        async with explorer(record=record, size=(120, 40)) as (app, pilot):
            await pilot.press(*(["z"] if near else []))
            row = next(n for n, line in enumerate(panel(app, "map")) if "▸" in line)
            column = len("  word00000 ") + 1
            await pilot.hover("#map", offset=(column, row))
            told = panel(app, "map")[0]
            assert (f"word00000 → word00000 {weight}%" in told) == near
            assert ("%" in told) == near

    run(steps())


@pytest.mark.slow
def test_without_colour_nothing_is_coloured():
    async def steps():
        async with explorer(colour=False) as (app, pilot):
            await pilot.press("right", "l", "l", "l")
            painted = [
                segment.style.bgcolor.triplet
                for name in ("text", "map", "strongest", "heads")
                for strip in app.screen.query_one(f"#{name}").render_lines(
                    app.screen.query_one(f"#{name}").region.reset_offset
                )
                for segment in strip
                if segment.style and segment.style.bgcolor and segment.style.bgcolor.triplet
            ]
            assert painted == []
            assert "█" in "".join(panel(app, "map"))

    run(steps())


@pytest.mark.slow
def test_any_size():
    async def steps():
        async with explorer() as (app, pilot):
            for size in [(1, 1), (10, 3), (20, 9), (40, 12), (300, 100)]:
                await pilot.resize_terminal(*size)
                await pilot.press("right", "l", "e", "escape")
            assert state(app).query == 5
            assert "▸ mat" in "".join(panel(app, "map"))

    run(steps())


# Keys


MOVES = [
    (["right"], 1), (["down", "down"], 2), (["right", "left"], 0), (["left"], 0), (["end"], 9),
    (["end", "home"], 0), (["pagedown"], 9), (["end", "pageup"], 0),
    (["slash", "m", "a", "t", "enter"], 5), (["slash", "t", "h", "e", "enter", "n"], 4),
    (["slash", "m", "a", "t", "escape"], 0),
]  # fmt: skip
TURNS = [
    (["l"], (0, 0)), (["tab", "tab"], (0, 1)), (["h"], (0, 2)), (["shift+tab"], (0, 2)),
    (["j"], (1, "mean")), (["j", "j", "l"], (0, 0)), (["k", "l", "l"], (1, 1)),
]  # fmt: skip


@pytest.mark.slow
def test_keys_that_move_the_query():
    async def steps():
        async with explorer() as (app, pilot):
            for pressed, query in MOVES:
                app.screen.show(state(app).to_query(0))
                await pilot.press(*pressed)
                assert state(app).query == query, pressed
            await pilot.press("slash", "s", "a")
            assert state(app).query == 2  # letter by letter

    run(steps())


def test_keys_that_move_the_head():
    weights = np.random.default_rng(1).dirichlet(np.ones(5), size=(2, 3, 5))

    async def steps():
        async with explorer(record=attnviz.from_weights(weights, list("abcde"))) as (app, pilot):
            for pressed, place in TURNS:
                app.screen.show(state(app).to_head("mean", 0))
                await pilot.press(*pressed)
                assert (state(app).sheet.layer, state(app).sheet.head) == place, pressed

    run(steps())


def test_a_search_in_vain_says_so_and_stays():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press("right", "slash", "d", "o", "g", "enter")
            assert messages(app)[0].startswith('The token "dog" is not in the text.')
            assert state(app).query == 1

    run(steps())


def test_the_language_is_that_of_every_word():
    async def steps():
        async with explorer(size=(120, 40)) as (app, pilot):
            seen = []
            for _ in range(3):
                language = state(app).look.language
                shown = "\n".join(screen(app))
                assert language.say("ui.findings").split()[0] in shown
                assert language.say("key.explain") in shown
                seen.append(language.tag)
                await pilot.press("g")
            assert seen == ["en", "ary-Latn", "ary-Arab"]

    run(steps())


def test_help_has_every_key_and_explain_what_the_weights_do_not_show():
    async def steps():
        async with explorer(size=(120, 40)) as (app, pilot):
            await pilot.press("question_mark")
            shown = "\n".join(screen(app))
            for key in keys.ALL:
                assert f" {key.shown}  " in shown
            await pilot.press("escape", "e")
            assert "not why it decides" in "\n".join(screen(app))
            await pilot.press("q")  # closes the page, not the program
            assert len(app.screen_stack) == 1
            assert app.is_running

    run(steps())


@pytest.mark.parametrize(
    ("pressed", "status"),
    [(["q"], 0), (["ctrl+q"], 0), (["ctrl+c"], 130), (["e", "ctrl+c"], 130), (["i", "ctrl+c"], 130),
     (["slash", "ctrl+c"], 130)],
)  # fmt: skip
def test_leaving(pressed, status):
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press(*pressed)
            await pilot.pause()
            assert not app.is_running or app._exit
            assert (app.return_code or 0) == status

    run(steps())


# The mouse


def test_clicks():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.click("#text", offset=(5, 1))  # " The cat": the word cat
            assert state(app).query == 1
            at = next(i for i, line in enumerate(panel(app, "map")) if "because" in line)
            await pilot.click("#map", offset=(14, at))
            assert state(app).query == 6
            third = panel(app, "heads")[1].index("2 near")
            await pilot.click("#heads", offset=(third, 3))
            assert state(app).sheet.head == 2
            await pilot.click("#strongest", offset=(3, 2))
            second = state(app).sheet.strongest(6, 2)[1][0]
            assert state(app).query == second
            hint = screen(app)[-1].index("e explain")
            await pilot.click("#hints", offset=(hint, 0))
            assert len(app.screen_stack) == 2

    run(steps())


def test_the_wheel_moves_the_query():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot._post_mouse_events([_scroll_down()], "#map", offset=(3, 3))
            assert state(app).query == 1

    def _scroll_down():

        return events.MouseScrollDown

    run(steps())


def test_the_pointer_tells_a_weight():
    async def steps():
        async with explorer(look=Look(0, (0,))) as (app, pilot):
            lines = panel(app, "map")
            at = next(i for i, line in enumerate(lines) if line.strip() == "sat")
            await pilot.hover("#map", offset=(lines[1].index("2") - 1, at))  # key 2 starts there
            weight = round(100 * float(state(app).stack.weights[0, 0, 2, 1]))
            assert f"sat → cat {weight}%" in panel(app, "map")[0]

    run(steps())


# Writing, types, files


@pytest.mark.slow
def test_writing_computes_and_the_query_follows_the_cursor():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press("i", "end", " ", "n", "o", "w")
            await settled(pilot, lambda app: state(app).stack.query_tokens.labels[-1] == "now")
            assert state(app).query == 10
            await pilot.press("home")
            assert state(app).query == 0
            await pilot.press("escape", "right")  # keys are for the screen again
            assert state(app).query == 1
            assert panel(app, "text")[1].strip() == f"{CAT} now"

    run(steps())


def test_a_slow_model_keeps_the_old_picture_and_only_the_latest_text_counts():
    going, asked = threading.Event(), []

    def slow(text, kind):
        asked.append(text)
        assert going.wait(30)
        return trace(text, kind)

    async def steps():
        async with explorer(run=slow) as (app, pilot):
            await pilot.press("i", "end")
            before = panel(app, "map")
            await pilot.press("a")
            await settled(pilot, lambda app: asked)
            await settled(pilot, lambda app: "Computing attention" in screen(app)[0])
            await pilot.press("b", "c")
            await asyncio.sleep(0.3)
            await pilot.press("d")
            await asyncio.sleep(0.3)
            assert panel(app, "map") == before  # and keys still answer
            shown, show = [], app.screen.show
            app.screen.show = lambda at: (
                shown.append(at.record.stack.query_tokens),
                show(at),
            )
            going.set()
            await settled(
                pilot, lambda app: state(app).stack.query_tokens.labels[-1] == "tiredabcd"
            )
            assert "tireda" not in {tokens.labels[-1] for tokens in shown}
            assert asked == [f"{CAT}a", f"{CAT}abcd"]
            await settled(pilot, lambda app: "Computing" not in screen(app)[0])

    run(steps())


@pytest.mark.parametrize(
    "wrong",
    [
        AttnvizError("The [b]model[/b] is \x1b[31mill.", "Call a doctor."),
        MemoryError(),
        OSError(5, "x"),
    ],
)
def test_what_goes_wrong_is_a_message_and_it_goes_on(wrong):
    def ill(text, kind):
        if "x" in text:
            raise wrong
        return trace(text, kind)

    async def steps():
        async with explorer(run=ill) as (app, pilot):
            await pilot.press("i", "end")
            before = panel(app, "map")
            await pilot.press("x")
            await settled(pilot, lambda app: messages(app))
            (message,) = messages(app)
            assert "\x1b" not in message
            assert not isinstance(wrong, AttnvizError) or message.startswith(
                "The [b]model[/b] is ␛"
            )
            assert panel(app, "map") == before
            await pilot.press("backspace", " ", "y")
            await settled(pilot, lambda app: state(app).stack.query_tokens.labels[-1] == "y")

    run(steps())


def test_a_bug_is_not_hidden():
    async def steps():
        async with explorer(run=lambda text, kind: 1 // 0) as (_, pilot):
            await pilot.press("t")
            await settled(pilot, lambda app: app.return_code == 1)

    with pytest.raises(ZeroDivisionError):
        run(steps())


def test_types_go_round_and_one_that_fails_leaves_the_last():
    def run_types(text, kind):
        if kind == "local":
            raise AttnvizError("No local today.")
        return trace(text, kind)

    async def steps():
        async with explorer(run=run_types) as (app, pilot):
            await pilot.press("t")
            await settled(pilot, lambda app: state(app).record.type == "causal")
            assert "causal attention" in screen(app)[0]
            await pilot.press("t")
            await settled(pilot, lambda app: messages(app) == ["No local today."])
            assert state(app).record.type == "causal"
            await pilot.press("i", "end", "x")  # still of that type
            await settled(pilot, lambda app: state(app).stack.query_tokens.labels[-1] == "tiredx")
            assert state(app).record.type == "causal"

    run(steps())


def test_where_there_is_one_type_t_says_so():
    async def steps():
        async with explorer(types=("cross",)) as (app, pilot):
            await pilot.press("t")
            assert messages(app) == [state(app).look.language.say("ui.one_type")]

    run(steps())


@pytest.mark.parametrize("key", ["i", "t"])
def test_a_saved_record_has_no_model(key):
    async def steps():
        async with explorer(record=trace(CAT)) as (app, pilot):
            await pilot.press(key)
            assert messages(app) == [state(app).look.language.say("ui.no_model")]
            await pilot.press("right")
            assert state(app).query == 1

    run(steps())


def test_saving():
    saved = []

    def save(record, path, look):
        saved.append((record, path, look))
        return ["[b]a note[/b]"]

    async def steps():
        async with explorer(save=save) as (app, pilot):
            await pilot.press("l", "l", "s", "o", *["backspace"] * 3, "s", "v", "g", "enter")
            await settled(pilot, lambda app: messages(app))
            (said,) = messages(app)
            assert said.startswith("File saved: attention.svg (")
            assert said.endswith("\n[b]a note[/b]")
            assert saved == [
                (state(app).seen, Path("attention.svg"), Look(0, (1,), scale="linear"))
            ]

    run(steps())


def in_one_go(app, *names):
    """Keys that are all there before the first is looked at, as from a paste or a slow line."""
    for name in names:
        app.post_message(events.Key(name, name if len(name) == 1 else None))


def test_a_name_typed_right_behind_ctrl_u_is_the_whole_name():
    saved = []

    async def steps():
        async with explorer(save=lambda record, path, look: saved.append(path) or []) as (
            app,
            pilot,
        ):
            in_one_go(app, "o", "ctrl+u", *"a/b.svg", "enter")
            await settled(pilot, lambda app: messages(app))
            assert saved == [Path("a/b.svg")]

    run(steps())


def test_a_key_right_behind_escape_is_for_the_screen():
    async def steps():
        async with explorer() as (app, pilot):
            in_one_go(app, "i", "end", *" now", "escape", "l")
            await settled(pilot, lambda app: panel(app, "text")[1].strip() == f"{CAT} now")
            assert state(app).look.heads == (0,)
            in_one_go(app, "slash", *"no such", "escape", "l")
            await settled(pilot, lambda app: state(app).look.heads == (1,))

    run(steps())


def test_the_line_that_asks_for_a_file_tells_the_kinds_and_a_search_does_not():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press("o")
            assert screen(app)[-1].startswith(" save: attention.png")
            assert screen(app)[-1].endswith(".png .svg .pdf .html .htm .json .csv .npz")
            await pilot.press("escape", "slash")
            assert screen(app)[-1].strip() == "search:"

    run(steps())


def test_a_file_that_cannot_be_written_is_a_message():
    def save(_, path, *__):
        raise AttnvizError(f"Cannot write {path}: [b]no[/b].")

    async def steps():
        async with explorer(save=save) as (app, pilot):
            await pilot.press("o", "enter")
            told = "Cannot write attention.png: [b]no[/b]."
            await settled(pilot, lambda app: messages(app) == [told])
            await settled(pilot, lambda app: any(told in line for line in screen(app)))
            await pilot.press("right")
            assert state(app).query == 1

    run(steps())


def test_colours_in_the_editor_are_those_of_the_text():
    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press("i", "end")
            editor = app.screen.query_one("Editor")
            line = editor.get_line(0)
            sheet = state(app).sheet
            shares, _ = sheet.row(state(app).query, "auto")
            painted = {line.plain[span.start : span.end] for span in line.spans}
            names = state(app).stack.key_tokens.labels
            bright = {name for name, share in zip(names, shares, strict=True) if share > 0.1}
            assert bright <= painted
            assert painted < set(names)

    run(steps())


def test_the_editor_shows_what_would_move_the_cursor():
    async def steps():
        async with explorer("a\x1bb c\u202ed") as (app, pilot):
            await pilot.press("i")
            assert app.screen.query_one("Editor").get_line(0).plain == "a␛b c\ufffdd"

    run(steps())


# Texts that a model writes

PATTERN = "18 4 21 10 11 2 22 6 18 4 21"  # `induction` was set to go on with what came after before


def writes(text, tell):
    """Three tokens, each told with the record of the text so far."""
    grown = text
    for word in (" 10", " 11", " 2"):
        grown += word
        tell(grown, trace(grown, "causal"))
    found = attnviz.generate(
        ids=[int(word) for word in text.split()], model="induction", max_new_tokens=3
    )
    return grown, found.record


def test_a_text_grows_as_one_watches_and_has_a_timeline():
    seen = []

    def watched(text, tell):
        def told(grown, record):
            tell(grown, record)
            seen.append(grown)

        return writes(text, told)

    async def steps():
        async with explorer(PATTERN, size=(100, 30), write=watched) as (app, pilot):
            assert "T" not in screen(app)[-1].split()
            await pilot.press("w")
            await settled(pilot, lambda app: state(app).record.settings.steps is not None)
            assert [text.split()[-1] for text in seen] == ["10", "11", "2"]
            assert state(app).stack.query_tokens.labels[-3:] == ("10", "11", "2")
            assert state(app).query == 13
            assert app.screen.query_one("#editor").text == f"{PATTERN} 10 11 2"
            await pilot.press("T")
            await pilot.pause()
            lines = screen(app)
            assert any("100%" in line and " 11 " in line for line in lines), lines
            await pilot.press("escape")
            await pilot.press("home")
            assert state(app).query == 0

    run(steps())


def test_writing_stops_when_told():
    begun, go_on = threading.Event(), threading.Event()

    def slowly(text, tell):
        tell(f"{text} 10", trace(f"{text} 10", "causal"))
        begun.set()
        go_on.wait(60)
        tell(f"{text} 10 11", trace(f"{text} 10 11", "causal"))
        raise AssertionError("it went on")

    async def steps():
        async with explorer(PATTERN, write=slowly) as (app, pilot):
            await pilot.press("w")
            await settled(pilot, lambda _: begun.is_set())
            await pilot.press("w")
            go_on.set()
            await settled(pilot, lambda app: not app.screen.is_writing)
            assert state(app).stack.query_tokens.labels[-1] == "10"
            assert messages(app) == []

    run(steps())


def test_a_model_that_cannot_write_says_so():
    def refuses(*_):
        raise AttnvizError("It predicts a class.")

    async def steps():
        async with explorer() as (app, pilot):
            await pilot.press("w")
            assert messages(app) == [state(app).look.language.say("ui.no_writer")]
        async with explorer(write=refuses) as (app, pilot):
            await pilot.press("w")
            await settled(pilot, lambda app: messages(app) == ["It predicts a class."])
            assert not app.screen.is_writing

    run(steps())


def test_spaces_that_are_a_part_of_their_tokens_are_seen():
    from attnviz.inputs.text import from_spans
    from attnviz.views.explorer.text import WrappedText

    spans = [(0, 3), (3, 7), (7, 8), (8, 9), (9, 11)]
    tokens = from_spans("The cat.\n x", ("The", "Ġcat", ".", "Ċ", "Ġx"), spans, range(5))
    (line,) = WrappedText.of(tokens, 40).lines
    assert [gap for _, gap in line] == ["", " ", "", "", " "]
