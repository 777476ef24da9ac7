"""The screen of all heads: it fits, says what it left out, and shows the numbers of the heads."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style

import attnviz
from attnviz.analysis.head_examples import head_examples
from attnviz.analysis.head_labels import look, ranked
from attnviz.analysis.head_measures import MEASURES, OF_HEADS, missing
from attnviz.analysis.head_patterns import MARKS
from attnviz.analysis.names import token_names
from attnviz.attention import masks
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.views.cells import background
from attnviz.views.screen import Screen
from attnviz.views.terminal import heads as views

TEXT = "The cat sat on the mat because it was tired and the cat slept on the mat"
LANGUAGES = {"en": ENGLISH, "ary-Latn": DARIJA_LATIN, "ary-Arab": DARIJA_ARABIC}
SGR = re.compile(r"\x1b\[[0-9;]*m")
SHADES = " ░▒▓█"


def given(n_layers, n_heads, n=12, seed=0, two_texts=False):
    """A record of random weights, causal where there is one text."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(n_layers, n_heads, n, n))
    scores *= np.linspace(0, 8, n_layers * n_heads).reshape(n_layers, n_heads, 1, 1)
    scores = scores if two_texts else np.where(np.tri(n, dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    names = [f"t{i}" for i in range(n)]
    record = attnviz.from_weights(weights, names, [f"s{i}" for i in range(n)] * two_texts or None)
    rule = masks.full() if two_texts else masks.causal()
    ((name, stack),) = record.stacks.items()
    return replace(record, stacks={name: replace(stack, masks=(rule,) * n_layers)})


RECORDS = {
    "1 × 4": lambda: attnviz.trace(TEXT),
    "1 × 1": lambda: attnviz.trace(TEXT, heads=1),
    "1 × 64": lambda: attnviz.trace(TEXT, type="causal", heads=64),
    "12 × 12": lambda: given(12, 12),
    "6 × 12": lambda: given(6, 12),
    "32 × 32": lambda: given(32, 32, n=6),
    "100 × 3": lambda: given(100, 3, n=5),
    "short": lambda: attnviz.trace("The cat"),
    "cross": lambda: given(6, 8, two_texts=True),
    "streamed": lambda: attnviz.trace(TEXT, type="causal", heads=8, max_memory=0),
}
_made = {}


def made(name):
    if name not in _made:
        record = RECORDS[name]()
        _made[name] = record, look(record.stack)
    return _made[name]


def drawn(
    name, width=80, height=24, colour=False, language=ENGLISH, sort=None, top=None, wide=False
):
    """The lines, as they are on paper that is wider than the screen they were made for."""
    # A style, and a sum of styles, keeps the codes of the first console that it was drawn on.
    background.cache_clear()
    Style._add.cache_clear()
    record, looks = made(name)
    screen = Screen(width, height, colour)
    view = views.heads(
        record, looks, ranked(looks, sort), language, screen, sort=sort, top=top, wide=wide
    )
    console = Console(
        file=io.StringIO(), width=1000, height=height, force_terminal=colour, markup=False,
        color_system="truecolor" if colour else None, no_color=not colour, emoji=False,
        highlight=False,
    )  # fmt: skip
    console.print(view)
    return console.file.getvalue().splitlines()


def plain(lines):
    return [SGR.sub("", line) for line in lines]


def table_of(lines):
    """The head, the label and the rest of every row of the table."""
    headers = [f" {language.say('heads.looks_at')}" for language in LANGUAGES.values()]
    bare = [line.replace("\u200e", "") for line in lines]
    start = next(i for i, line in enumerate(bare) if any(one in line for one in headers)
                 and " sure" in line)  # fmt: skip
    rows = []
    for line in lines[start + 1 :]:
        if not (found := re.match(r" *(\d+\.\d+) (.+?) +(–|\d+%)(.*)$", line)):
            break
        rows.append(found.groups())
    return lines[start], rows


# It fits.


def assert_fits(name, tag, width, height, colour, sort, wide):
    lines = plain(drawn(name, width, height, colour, LANGUAGES[tag], sort, wide=wide))
    assert max(map(cell_len, lines)) <= width, (width, height)
    assert len(lines) < height, (width, height)  # the last is the prompt's
    least = min(views.LEAST_ROWS, len(made(name)[1]))
    assert len(table_of(lines)[1]) >= least, (width, height)


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("name", RECORDS)
def test_it_fits_the_screen(name, tag):
    for i, width in enumerate((40, 60, 80, 200)):
        for j, height in enumerate((24, 40, 60)):
            kinds = (None, False), (None, True), ("entropy", height > 24)
            (sort, wide), colour = kinds[(i + j) % 3], i % 2 == 0
            assert_fits(name, tag, width, height, colour, sort, wide)


@pytest.mark.slow
@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("name", RECORDS)
def test_it_fits_every_screen_in_every_way(name, tag):
    ways = product((40, 60, 80, 200), (24, 40, 60), (False, True), (None, "entropy"))
    for width, height, colour, sort in ways:
        for wide in (False, True)[: 1 + (sort is None or height > 24)]:
            assert_fits(name, tag, width, height, colour, sort, wide)


def test_a_very_narrow_screen_keeps_to_its_width():
    for name in RECORDS:
        assert max(map(cell_len, drawn(name, 20))) <= 20


def test_the_whole_of_twelve_by_twelve_fits_eighty_columns():
    lines = drawn("12 × 12")
    assert lines[1].split()[:13] == ["layer", *map(str, range(12))]
    assert [line.split()[0] for line in lines[2:14]] == list(map(str, range(12)))
    assert not [line for line in lines if "--layer" in line]


# What was left out.


def test_what_found_no_room_is_said():
    lines = drawn("32 × 32", 80, 24)
    (note,) = [line for line in lines if "--layer" in line]
    n_hidden, first, last = map(int, re.search(r"(\d+) layers.*--layer (\d+)-(\d+)", note).groups())
    assert (n_hidden, last) == (32 - first, 31)
    grid = [line for line in lines if re.match(r" *\d+ [ ░▒▓█]", line) and "%" not in line]
    assert [int(line.split()[0]) for line in grid] == list(range(first))
    assert "heads more on a wider" not in note
    narrow = drawn("32 × 32", 40, 24)
    (note,) = [line for line in narrow if "--layer" in line]
    assert "15 heads more on a wider screen" in " ".join(narrow)
    tall = drawn("32 × 32", 80, 60)
    assert not [line for line in tall if "--layer" in line]


def test_layers_that_are_left_out_can_be_asked_for_by_their_numbers():
    record = given(40, 4, n=6)
    for layers, rest in ((range(40), r"(\d+)-39"), (range(0, 40, 2), r"\d+,(?:\d+,)*36,38")):
        looks = look(record.stack, layers)
        screen = Screen(80, 24, False)
        view = views.heads(record, looks, ranked(looks), ENGLISH, screen)
        console = Console(file=io.StringIO(), width=1000, color_system=None, markup=False)
        console.print(view)
        assert re.search(rf"layers more: --layer {rest}\b", console.file.getvalue())


def test_heads_that_do_not_fit_stand_below():
    lines = drawn("1 × 64", 80)
    headers = [line for line in lines if line.startswith("layer")]
    assert len(headers) == 2
    marks = [one.label.mark for one in made("1 × 64")[1]]
    rows = [lines[lines.index(header) + 1] for header in headers]
    assert "".join(row[6:][1::2] for row in rows) == "".join(marks)


def test_the_rows_that_are_left_out_are_counted_and_can_be_asked_for():
    lines = drawn("12 × 12")
    shown = len(table_of(lines)[1])
    assert f"{144 - shown} heads more: --top 144" in "\n".join(lines)
    assert shown >= 4
    everything = drawn("12 × 12", top=144)
    assert len(table_of(everything)[1]) == 144
    assert not [line for line in everything if "--top" in line]
    assert len(table_of(drawn("12 × 12", top=2))[1]) == 2
    assert len(table_of(drawn("1 × 4", top=99))[1]) == 4


# It tells the truth.


@pytest.mark.parametrize("name", ["12 × 12", "6 × 12", "cross"])
@pytest.mark.parametrize("sort", [None, "entropy", "sink"])
def test_every_cell_is_its_head_s(name, sort):
    _, looks = made(name)
    lines = drawn(name, 80, 60, sort=sort)
    start = next(i for i, line in enumerate(lines) if line.startswith("layer"))
    n_heads = 1 + max(one.head for one in looks)
    by = sort or "normalized_entropy"
    largest = 1 if sort is None else max(one.measures[by] for one in looks)
    for one in looks:
        row = lines[start + 1 + one.layer].ljust(6 + 3 * n_heads)
        shade, mark = row[6 + 3 * one.head : 8 + 3 * one.head]
        assert mark == one.label.mark
        steps = 4 * one.measures[by] / largest
        assert abs(SHADES.index(shade) - steps) <= 1.1, (one.place, shade, steps)
        assert (shade == " ") == (steps < 0.04)


def test_colours_are_of_the_measure_and_marks_stand_on_them():
    _, looks = made("6 × 12")
    lines = drawn("6 × 12", 80, 60, colour=True)
    start = next(i for i, line in enumerate(plain(lines)) if line.startswith("layer"))
    line = lines[start + 1]
    cells = re.findall(r"\x1b\[38;2;(\d+);\d+;\d+;48;2;(\d+);(\d+);(\d+)m (.)\x1b\[0m", line)
    assert [mark for *_, mark in cells] == [one.label.mark for one in looks[:12]]
    light = [int(r) + int(g) + int(b) for _, r, g, b, _ in cells]
    values = [one.measures["normalized_entropy"] for one in looks[:12]]
    assert np.argmax(light) == np.argmax(values)
    assert np.argmin(light) == np.argmin(values)


def test_the_numbers_of_the_table():
    record, looks = made("6 × 12")
    for sort in (None, *(name for name in MEASURES if name not in missing(record.stack))):
        header, rows = table_of(drawn("6 × 12", 200, 24, sort=sort, wide=True))
        assert [row[0] for row in rows] == [one.place for one in ranked(looks, sort)[: len(rows)]]
        at = {one.place: one for one in looks}
        columns = header.split("sure")[1].split("  ")
        columns = [column.strip() for column in columns if column.strip()]
        names = {each.long: name for name, each in MEASURES.items()}
        assert {names[c] for c in columns} >= {
            name for name, each in MEASURES.items() if each.in_table and OF_HEADS not in each.needs
        }
        assert sort is None or names[columns[0]] == sort
        for place, label, share, numbers in rows:
            one = at[place]
            assert label == str(one.label)
            assert share == ("–" if np.isnan(one.label.share) else f"{one.label.share:.0%}")
            for column, number in zip(columns, numbers.split(), strict=True):
                value = one.measures[names[column]]
                wanted = value * 100 if number.endswith("%") else value
                assert abs(float(number.rstrip("%")) - wanted) <= 0.5001, column
    assert record.stack.n_heads == 12


def test_narrow_tables_lose_the_columns_on_the_right():
    wide, narrow = (table_of(drawn("6 × 12", width, wide=True))[0].split() for width in (80, 60))
    assert len(narrow) < len(wide)
    assert wide[: len(narrow)] == narrow


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_legend_has_the_marks_that_are_there(width):
    for name in RECORDS:
        record, looks = made(name)
        kinds = {one.label.kind for one in looks}
        said = "\n".join(drawn(name, width, 40))
        for kind, mark in MARKS.items():
            meaning = {"sink": "rests", "short": "too short to tell", "unknown": "not kept"}
            meaning = meaning.get(kind, kind)
            assert (f"{mark} {meaning}" in said) == (kind in kinds), (name, kind)
        assert record.stack.n_heads == len({one.head for one in looks})


def test_the_legend_stands_beside_the_grid_where_there_is_room():
    assert drawn("12 × 12", 80)[1].endswith("weight")
    lines = drawn("12 × 12", 40)
    assert any(line.startswith("weight sharp 0") for line in lines)


def test_marks_cannot_be_taken_for_one_another():
    told = {kind: mark for kind, mark in MARKS.items() if kind not in ("short", "unknown")}
    assert len(set(told.values())) == len(told)
    assert not set(told.values()) & {"?", *SHADES}


def test_what_is_not_there_is_said_or_left_out():
    header, _ = table_of(drawn("cross", 200, 40, wide=True))
    for name in ("distance", "previous", "self", "next", "duplicate", "induction"):
        assert name not in header
    lines = drawn("streamed", 200, 40, wide=True)
    header, _ = table_of(lines)
    assert "induction" not in header
    (note,) = [line for line in lines if "streamed" in line]
    assert "duplicate, induction" in note
    assert "were not kept" not in " ".join(drawn("12 × 12", 200, 40, wide=True))


def test_names_of_constructed_heads_stand_beside_their_labels():
    header, rows = table_of(drawn("1 × 4", 200, 40))
    assert "built for" in header
    assert any(row[3].split()[0] == "previous" and row[1] == "previous" for row in rows)
    assert "built for" not in table_of(drawn("6 × 12", 200, 40))[0]


def test_words_are_the_reader_s():
    for language in (DARIJA_LATIN, DARIJA_ARABIC):
        said = "\n".join(drawn("12 × 12", 120, 40, language=language))
        assert language.say("ui.worth") in said
        assert language.say("ui.where_not_why") in said
        assert "worth a look" not in said
        assert language.say("heads.looks_at") in said
        assert "looks at" not in said


def test_a_token_with_right_to_left_letters_keeps_its_side():
    record = attnviz.trace("قطيط ڭلس فوق الزربية حيت كان عيان بزاف و نعس", type="causal", heads=6)
    looks = look(record.stack)
    assert any("ق" in str(one.label) for one in looks)
    view = views.heads(record, looks, ranked(looks), ENGLISH, Screen(80, 24, False))
    console = Console(file=io.StringIO(), width=200, color_system=None, markup=False)
    console.print(view)
    for line in console.file.getvalue().splitlines():
        if re.search("[\u0600-\u06ff]", line):
            assert line.count("\u200e") >= 2


def test_an_example_of_each_head_fits_its_label():
    """The example of every head is a pair that its weights have and its label means."""
    record = attnviz.trace(TEXT, heads=10)
    looks = look(record.stack)
    names = token_names(record.stack.query_tokens)
    offsets = {"previous": (-1,), "next": (1,), "self": (0,), "nearby": (-2, -1, 1, 2)}
    for one, example in zip(looks, head_examples(record, looks), strict=True):
        row, column = names.index(example.query), names.index(example.key)
        weight = record.stack.weights[one.layer, one.head, row, column]
        assert example.weight == pytest.approx(float(weight))
        assert column - row in offsets.get(one.label.kind, range(-99, 99)), one.label
    header, rows = table_of(drawn("1 × 4", 80, 40))
    assert "for example" in header
    assert len(rows) == 4
    assert all(re.search(r"→ \S+ \d+%$", row[3]) for row in rows)


def test_an_example_leaves_special_tokens_out_and_puts_words_first():
    tokens = ["[CLS]", "cat", ",", "sat", "[SEP]"]
    weights = [[1, 0, 0, 0, 0], [0.6, 0, 0.3, 0.1, 0], [0.9, 0.1, 0, 0, 0],
               [0.5, 0.2, 0.3, 0, 0], [1, 0, 0, 0, 0]]  # fmt: skip
    record = attnviz.from_weights(weights, tokens)
    ((name, stack),) = record.stacks.items()
    special = np.array([True, False, False, False, True])
    marked = replace(stack.query_tokens, special=special)
    record = replace(record, stacks={name: replace(stack, query_tokens=marked, key_tokens=marked)})
    (example,) = head_examples(record, look(record.stack))
    assert (example.query, example.key) == ("sat", "cat")
    assert example.weight == pytest.approx(0.2)


# For programs.


@pytest.mark.parametrize("name", ["6 × 12", "cross", "streamed", "short"])
def test_json_and_csv_have_every_number_in_full(name):
    _, looks = made(name)
    objects = json.loads(views.to_json(looks))
    lines = list(csv.DictReader(io.StringIO(views.to_csv(looks))))
    assert len(objects) == len(lines) == len(looks)
    for one, found, line in zip(looks, objects, lines, strict=True):
        assert found.keys() == line.keys()
        assert (found["layer"], found["head"], found["label"]) == (
            one.layer, one.head, str(one.label),
        )  # fmt: skip
        for measure, value in {**one.measures, "share": one.label.share}.items():
            if np.isnan(value):
                assert found[measure] is None
                assert line[measure] == ""
            else:
                assert found[measure] == value == float(line[measure])


def test_a_token_with_quotes_and_commas_is_one_field():
    record = attnviz.from_weights(np.eye(8)[[3] * 8], ["a", "b", "c", 'd",\n', "e", "f", "g", "h"])
    looks = look(record.stack)
    (line,) = csv.DictReader(io.StringIO(views.to_csv(looks)))
    assert line["label"] == str(looks[0].label)
    assert looks[0].label.kind == "one key"
    assert "\n" not in line["label"]
