"""What attention costs, as it is shown: it fits, points lie where they have to, files hold all."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from rich.cells import cell_len
from rich.console import Console

from attnviz.analysis.cost import Layers, Report, Series, Timed, predict
from attnviz.attention import masks
from attnviz.digits import grouped
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.views.number_format import amount, duration, size
from attnviz.views.palette import INK, LINES
from attnviz.views.picture.cost import figure, panels, picture
from attnviz.views.screen import Screen
from attnviz.views.terminal import cost as views
from attnviz.views.terminal.loglog import Drawn, loglog
from tests.views.test_palette import SEEN, contrast, linear

LANGUAGES = {"en": ENGLISH, "ary-Latn": DARIJA_LATIN, "ary-Arab": DARIJA_ARABIC}
LENGTHS = (128, 256, 512, 1024, 2048, 4096)
RULES = {
    "self": masks.full(),
    "causal": masks.causal(),
    "cross": masks.full(),
    "local": masks.local(64),
    "global": masks.local(64) | masks.global_([0]),
}
SETTINGS = {"heads": 4, "head_dim": 64, "window": 64, "global_tokens": [0]}


def of_types(way="kept", lengths=LENGTHS, names=("self", "causal", "local", "global")):
    """A report whose times are 1 ns for every score: counted and timed grow alike."""
    series = []
    for name in names:
        layers = (Layers(RULES[name], 4, 64),)
        points = tuple(predict(layers, n) for n in lengths)
        times = tuple(Timed(1e-9 * p.scores if way else None, runs=bool(way)) for p in points)
        series.append(Series(name, layers, points, times))
    return Report(tuple(series), SETTINGS, way)


def partly():
    """The longest was not run, for one of two reasons."""
    report = of_types()
    left = [Timed(left_out="time", expected=12.3), Timed(left_out="memory")] * 2
    series = tuple(
        replace(one, times=(*one.times[:-1], timed))
        for one, timed in zip(report.series, left, strict=True)
    )
    return replace(report, series=series)


def of_model(crossing=2305, positions=512):
    layers = (
        Layers(masks.causal(), 12, 32, 3, n_key_heads=4, cached=2),
        Layers(masks.sliding(16), 12, 32, 3, n_key_heads=4, cached=2),
    )
    points = tuple(predict(layers, n, 10_616_832) for n in (32, 64, 128))
    times = tuple(Timed(p.multiply_adds * 1e-10, p.rest * 1e-10, 5) for p in points)
    about = {
        "name": "tiny", "model_type": "mistral", "parameters": 5, "positions": positions,
        "per_token": 10_616_832, "crossing": crossing,
    }  # fmt: skip
    return Report((Series("tiny", layers, points, times),), {}, "kept", about)


REPORTS = {
    "types": of_types,
    "counted": lambda: of_types(""),
    "partly": partly,
    "five": lambda: of_types("streamed", names=tuple(RULES)),
    "one length": lambda: of_types(lengths=(1,)),
    "millions": lambda: of_types("", lengths=(1000, 1 << 24)),
    "model": of_model,
}


def drawn(report, width=80, colour=False, language=ENGLISH):
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, markup=False, emoji=False,
        color_system="truecolor" if colour else None, no_color=not colour, highlight=False,
    )  # fmt: skip
    console.print(views.cost(report, language, Screen(width, 24, colour)))
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()).splitlines()


IN_WORDS = [  # by default every language with two reports, every report in one
    pytest.param(
        name, tag, marks=[] if tag == "en" or name in ("partly", "model") else pytest.mark.slow
    )
    for name in REPORTS
    for tag in LANGUAGES
]


@pytest.mark.parametrize(("name", "tag"), IN_WORDS)
def test_it_fits_the_screen(name, tag):
    report = REPORTS[name]()
    for width in (60, 80, 99, 100, 200):
        lines = drawn(report, width, language=LANGUAGES[tag])
        assert max(map(cell_len, lines)) <= width
        assert not any("…" in line for line in lines), width  # nothing is cut
        assert sum("┤" in line for line in lines) >= 2


@pytest.mark.parametrize("name", REPORTS)
def test_colour_adds_nothing_but_colour(name):
    report = REPORTS[name]()
    for width in (60, 120):
        assert drawn(report, width, colour=True) == drawn(report, width)


def rows_of(lines):
    """The cells of the table, by columns that are two blanks or more apart."""
    start = next(i for i, line in enumerate(lines) if "tokens " in line and "scores" in line)
    stop = lines.index("", start)
    return [re.split(r" {2,}", line.strip()) for line in lines[start:stop]]


def test_the_table_of_types():
    header, first, second, *rest = rows_of(drawn(of_types(), 120))
    assert header == [
        "type", "tokens", "scores", "multiply-adds", "all weights", "streamed", "time",
    ]  # fmt: skip
    assert first[:5] == ["self", "128", "16\u202f384", "8.39 M", "262 kB"]
    assert first[-1] == "16 µs"
    assert second[:2] == ["256", "65\u202f536"]  # each type is named once
    assert rest[-1][:4] == ["4\u202f096", "532\u202f286", "273 M", "268 MB"]
    assert len(rest) == 22


def test_the_table_of_a_model():
    header, first, *_ = rows_of(drawn(of_model(), 160))
    assert header[:3] == ["tokens", "scores", "multiply-adds"]
    assert "key/value cache" in header
    scores = 3 * (32 * 33 // 2) + 3 * (16 * 32 - 15 * 16 // 2)  # causal, and a window of 16
    assert first[:3] == ["32", grouped(scores), amount(scores * 2 * 32 * 12)]
    narrow = drawn(of_model(), 60)
    (top,) = [line for line in narrow if "m-adds" in line]
    assert top.split()[0] == "tokens"
    assert {"m-adds", "rest", "time"} <= set(top.split())


def test_what_was_not_run_is_said():
    lines = drawn(partly(), 200)
    assert sum("not run" in line for line in lines) == 4
    text = " ".join(lines)
    assert (
        "to stay within the time limit: self 4\u202f096 (≈ 12 s); local 4\u202f096 (≈ 12 s)."
        in text
    )
    assert "does not fit in memory: causal 4\u202f096; global 4\u202f096." in text
    assert "run here with all weights kept" in text
    everything = " ".join(drawn(of_types("streamed"), 200))
    assert "Not run" not in everything
    assert "run here with weights streamed" in everything


def test_what_was_only_counted_says_so():
    lines = drawn(of_types(""), 120)
    assert "counted, not run" in lines[0]
    assert "time" not in rows_of(lines)[0]
    assert not any("quickest" in line for line in lines)


def test_what_could_not_be_run_at_all_was_not_run():
    report = of_types()
    nothing = tuple(
        replace(one, times=(Timed(left_out="memory"),) * 6) for one in report.series
    )  # fmt: skip
    lines = drawn(replace(report, series=nothing), 120)
    assert "counted, not run" in lines[0]
    assert not any("quickest" in line for line in lines)
    assert sum("not run" in line for line in lines[1:]) == 24


def test_growth_is_shown_beside_the_count_s():
    lines = drawn(of_types())
    found = {
        line.split()[0]: line.split()[1:3] for line in lines if "1\u202f024 – 4\u202f096" in line
    }
    assert found["self"] == ["2.00", "2.00"]  # the times were made to grow as the scores
    assert found["causal"] == ["2.00", "2.00"]
    assert found["local"] == found["global"] == ["1.02", "1.02"]


@pytest.mark.parametrize(
    ("crossing", "positions", "said"),
    [
        (
            2305,
            512,
            "From 2\u202f305 tokens on, attention takes more .* has positions for 512 tokens",
        ),
        (2305, None, "From 2\u202f305 tokens on, attention takes more"),
        (100, 512, "From 100 tokens on"),
        (None, 512, "Up to 16\u202f777\u202f216 tokens, attention takes fewer"),
    ],
)
def test_where_attention_becomes_the_larger_part(crossing, positions, said):
    text = " ".join(drawn(of_model(crossing, positions), 200))
    assert re.search(said, text)
    assert ("has positions for" in text) == ("positions for" in said)
    assert "10\u202f616\u202f832 multiply-adds for each token" in text


# The plot of a terminal.


def points_of(lines, mark):
    """Column and row, upward, of a mark on the canvas."""
    canvas = [re.split("[┤│]", line, maxsplit=1)[1] for line in lines[1:-1]]
    return [
        (x, len(canvas) - 1 - y)
        for y, line in enumerate(canvas)
        for x, char in enumerate(line)
        if char == mark and not line[x + 1 : x + 2].isalpha() and not line[x - 1 : x].isalpha()
    ]


def test_points_lie_where_their_logarithms_say():
    xs, ys = (1, 10, 100, 1000), (1.0, 1e2, 1e4, 1e6)
    curve = Drawn("line", xs, ys, "#", LINES[0])
    lines = [t.plain for t in loglog("t", [curve], 70, 14, colour=False, unit=amount, several="")]
    assert len(lines) == 1 + 14
    width = 70 - len("100 k") - 1 - 1 - len(" line")
    expected = [(round(i / 3 * (width - 1)), 4 * i) for i in range(4)]  # 12 rows, 6 decades
    assert sorted(points_of(lines, "#")) == expected
    assert lines[0] == "t"
    assert lines[1].startswith("  1 M┤")
    assert lines[13].startswith("    1┤")
    assert [line[:6].strip(" ┤│") for line in lines[1:-1:2]] == [
        "1 M", "100 k", "10 k", "1 k", "100", "10", "1",
    ]  # fmt: skip
    assert re.split(" +", lines[-1].strip(" ")) == ["1", "10", "100", "1\u202f000"]
    assert lines[1].endswith("# line")


def test_where_points_meet_there_is_a_plus_and_names_are_moved_apart():
    one = Drawn("one", (1, 10), (1.0, 10.0), "a", LINES[0])
    other = Drawn("other", (1, 10), (5.0, 10.0), "b", LINES[1])
    lines = [
        t.plain
        for t in loglog("t", [one, other], 60, 14, colour=False, unit=amount, several="+ = both")
    ]
    assert lines[0].endswith("+ = both")
    assert len(points_of(lines, "+")) == 1
    assert len(points_of(lines, "a")) == len(points_of(lines, "b")) == 1
    assert sum(line.endswith((" one", " other")) for line in lines) == 2
    alone = [
        t.plain for t in loglog("t", [one], 60, 14, colour=False, unit=amount, several="+ = x")
    ]
    assert alone[0] == "t"


# Files.


@pytest.mark.parametrize("name", REPORTS)
def test_json_holds_every_number(name):
    report = REPORTS[name]()
    found = json.loads(views.to_json(report))
    for one, listed in zip(report.series, found["series"], strict=True):
        assert listed["name"] == one.name
        assert [layers["rule"] for layers in listed["layers"]] == [
            json.loads(json.dumps(layers.rule.to_dict())) for layers in one.layers
        ]
        for point, timed, row in zip(one.points, one.times, listed["points"], strict=True):
            for field in ("length", "scores", "multiply_adds", "weight_bytes", "streamed_bytes",
                          "cache_bytes"):  # fmt: skip
                assert row[field] == getattr(point, field)
            assert row["rest_multiply_adds"] == point.rest
            assert row["seconds"] == timed.seconds
            assert row["left_out"] == (timed.left_out or None)
            assert row["expected_seconds"] == timed.expected
    assert found["run_with_weights"] == (report.ran or None)
    assert (found["model"] is None) == (name != "model")
    assert found["settings"] == dict(report.settings)
    assert [g["name"] for g in found["growth"]] == [curve.name for curve in report.curves]


def test_growth_in_json():
    first, *_ = json.loads(views.to_json(of_types()))["growth"]
    assert first["predicted"]["exponent"] == pytest.approx(2)
    assert (first["measured"]["first"], first["measured"]["last"]) == (1024, 4096)
    counted, *_ = json.loads(views.to_json(of_types("")))["growth"]
    assert counted["measured"] is None


@pytest.mark.parametrize("name", REPORTS)
def test_csv_is_one_line_for_each_length(name):
    report = REPORTS[name]()
    rows = list(csv.DictReader(io.StringIO(views.to_csv(report))))
    listed = [
        (one, p, t) for one in report.series for p, t in zip(one.points, one.times, strict=True)
    ]
    assert len(rows) == len(listed)
    for row, (one, point, timed) in zip(rows, listed, strict=True):
        assert row["name"] == one.name
        assert [int(row[n]) for n in ("length", "scores", "multiply_adds", "weight_bytes")] == [
            point.length, point.scores, point.multiply_adds, point.weight_bytes,
        ]  # fmt: skip
        assert row["cache_bytes"] == ("" if point.cache_bytes is None else str(point.cache_bytes))
        assert row["seconds"] == ("" if timed.seconds is None else str(timed.seconds))
        assert row["left_out"] == timed.left_out


# The picture.


def test_the_panels_hold_the_numbers():
    report = of_types()
    counted, run, memory = panels(report)
    assert [line.name for line in counted.lines] == [
        "self 2.00", "causal 2.00", "local 1.02", "global 1.02",
    ]  # fmt: skip
    for line, one in zip(counted.lines, report.series, strict=True):
        assert list(line.xs) == list(LENGTHS)
        assert list(line.ys) == [point.scores for point in one.points]
    solid = [line for line in run.lines if not line.dashed]
    for line, one in zip(solid, report.series, strict=True):
        assert list(line.ys) == [timed.seconds for timed in one.times]
    for line, dashed in zip(solid, [x for x in run.lines if x.dashed], strict=True):
        assert dashed.ys == pytest.approx(line.ys)  # these times grow as the count does
    by_name = {line.name: list(line.ys) for line in memory.lines}
    assert by_name.pop("all weights") == [4 * 4 * n * n for n in LENGTHS]
    assert by_name.keys() == {"self, causal", "global", "local"}  # what is alike is one line
    for one in report.series:
        streamed = [point.streamed_bytes for point in one.points]
        assert any(one.name in name and ys == streamed for name, ys in by_name.items())


def test_what_was_not_run_is_not_drawn_but_expected():
    counted, run, _ = panels(partly())
    for line in run.lines:
        assert len(line.xs) == (6 if line.dashed else 5)
    assert len(counted.lines[0].xs) == 6
    assert len(panels(of_types(""))) == 2


def test_a_model_s_panels():
    counted, run, memory = panels(of_model())
    assert [line.name.split()[0] for line in counted.lines] == ["attention", "rest"]
    assert [line.name for line in memory.lines] == ["all weights", "streamed", "key/value cache"]
    assert len(run.lines) == 4


def test_the_axes_are_logarithmic_whole_decades_over_the_same_lengths():
    drawn_figure = figure(of_types())
    assert len(drawn_figure.axes) == 3
    spans = {axes.get_xlim() for axes in drawn_figure.axes}
    assert len(spans) == 1
    for axes, panel in zip(drawn_figure.axes, panels(of_types()), strict=True):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        low, high = np.log10(axes.get_ylim())
        assert (low, high) == (pytest.approx(round(low)), pytest.approx(round(high)))
        ys = np.array([y for line in panel.lines for y in line.ys])
        assert 10**low <= ys.min()
        assert ys.max() <= 10**high
        for line, shown in zip(panel.lines, axes.get_lines(), strict=True):
            assert np.array_equal(shown.get_xdata(), line.xs)
            assert np.array_equal(shown.get_ydata(), line.ys)
            assert to_rgb(shown.get_color()) == pytest.approx([c / 255 for c in line.colour])
        names = [text for text in axes.texts if text.get_text()]
        assert {t.get_text() for t in names} == {line.name for line in panel.lines if line.name}
        heights = sorted(text.get_position()[1] for text in names)
        assert np.diff(heights).min() > 0.04  # names do not lie upon one another


@pytest.mark.parametrize(("name", "tag"), IN_WORDS)
def test_a_picture_is_whole_in_every_language(name, tag, recwarn):
    drawn_figure = figure(REPORTS[name](), LANGUAGES[tag])
    renderer = FigureCanvasAgg(drawn_figure).get_renderer()
    paper = drawn_figure.bbox
    for text in [*drawn_figure.texts, *(t for axes in drawn_figure.axes for t in axes.texts)]:
        box = text.get_window_extent(renderer)
        assert box.x0 >= paper.x0, text.get_text()
        assert box.x1 <= paper.x1, text.get_text()
        assert box.y0 >= paper.y0, text.get_text()
        assert box.y1 <= paper.y1, text.get_text()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_same_report_gives_the_same_bytes(kind, begins):
    first, again = picture(of_types(), kind), picture(of_types(), kind)
    assert first.startswith(begins)
    assert first == again


def test_names_are_no_mathematics_and_no_markup():
    report = of_model()
    strange = replace(report, model=dict(report.model) | {"name": "$x_$ <b>&\x1b[31m"})
    assert b"&lt;b&gt;" in picture(strange, "svg") or b"<b>" not in picture(strange, "svg")
    assert "\x1b" not in "".join(drawn(strange))


# Colours and quantities.


def lab(light):
    """CIE L*a*b* of linear RGB under D65: equal distances look equally far."""
    to_xyz = np.array(
        [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]
    )
    share = np.clip(light, 0, 1) @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@pytest.mark.parametrize("eyes", SEEN)
def test_lines_are_told_apart_by_every_kind_of_eye(eyes):
    seen_as = lab(linear(LINES) @ SEEN[eyes].T)
    for i, j in itertools.combinations(range(len(LINES)), 2):
        assert np.linalg.norm(seen_as[i] - seen_as[j]) > 20, (i, j)


def test_lines_are_seen_on_paper_and_on_black():
    for colour in LINES:
        assert contrast(colour, (255, 255, 255)) >= 3
        assert colour == INK or contrast(colour, (0, 0, 0)) >= 2.5


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (amount, 0, "0"), (amount, 999, "999"), (amount, 1000, "1 k"), (amount, 1234, "1.23 k"),
        (amount, 16384, "16.4 k"), (amount, 999_499, "999 k"), (amount, 999_500, "1 M"),
        (amount, 8.39e6, "8.39 M"), (amount, 1e24, "1 Y"), (amount, 2.5e28, "25000 Y"),
        (size, 4, "4 B"), (size, 65_536, "65.5 kB"), (size, 268_435_456, "268 MB"),
        (duration, 2.1e-4, "210 µs"), (duration, 4.23e-3, "4.2 ms"), (duration, 1e-3, "1 ms"),
        (duration, 0.9997, "1 s"), (duration, 1.34, "1.3 s"), (duration, 12.7, "13 s"),
        (duration, 3320, "3\u202f320 s"), (duration, 1e-7, "0.1 µs"),
    ],
)  # fmt: skip
def test_quantities(function, value, expected):
    assert function(value) == expected
