"""Pictures for papers: their size, letters, colours and files, read back as other programs do."""

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.errors import AttnvizError
from attnviz.views.figure import figure_style, read_size
from attnviz.views.look import Look
from attnviz.views.palette import MASKED_PAPER
from attnviz.views.picture.map import map_figure
from attnviz.views.picture.picture import picture

TEXT = "The cat sat on the mat because it was tired"
RECORD = attnviz.trace(TEXT, type="causal")
POINTS = 72  # in an inch


def drawn(kind="png", record=RECORD, look=None, **how):
    data, _ = picture(record, kind, replace(look or Look(), figure=figure_style(**how)))
    return data


def svg(**how):
    tree = ElementTree.fromstring(drawn("svg", **how))
    return tree, [node for node in tree.iter() if node.tag.endswith("}text")]


def letters_of(nodes):
    found = [re.search(r"font(?:-size)?:[^;]*?([\d.]+)px", node.attrib["style"]) for node in nodes]
    return [float(match[1]) for match in found if match]


def pixels(**how):
    return np.asarray(Image.open(io.BytesIO(drawn(**how))))


@pytest.mark.parametrize(
    ("size", "inches"),
    [("3.3in", (3.3, None)), ("84mm", (84 / 25.4, None)), ("8.4cm", (8.4 / 2.54, None)),
     ("240pt", (240 / 72, None)), ("4", (4, None)), ("3in x 2in", (3, 2)),
     ("84x60mm", (84 / 25.4, 60 / 25.4)), ("3IN×2in", (3, 2))],
)  # fmt: skip
def test_sizes_are_read(size, inches):
    assert read_size(size) == pytest.approx(inches)


@pytest.mark.parametrize(
    "wrong",
    [{"size": "3.3 parsec"}, {"size": ""}, {"size": "0.1in"}, {"size": "61in"}, {"size": "-3in"},
     {"size": "1x2x3in"}, {"size": "nanin"}, {"figure": "poster"},
     {"figure": "page", "size": "3in"}, {"font_size": 3.9}, {"font_size": 73},
     {"font_size": float("nan")}, {"dpi": 29}, {"dpi": 1201}, {"dpi": float("inf")},
     {"cmap": "virids"}, {"cmap": ""}],
)  # fmt: skip
def test_what_is_out_of_range_is_one_line(wrong):
    with pytest.raises(AttnvizError) as error:
        figure_style(**wrong)
    assert "\n" not in str(error.value)
    assert error.value.hint


def test_the_nearest_colour_map_is_named_first():
    with pytest.raises(AttnvizError, match="Choose one of: viridis"):
        figure_style(cmap="virids")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "wide"),
    [({"figure": "column"}, 3.3), ({"figure": "page"}, 6.8), ({"size": "90mm"}, 90 / 25.4)],
)
def test_the_width_is_what_was_asked_for(how, wide):
    for dpi in (100, 300):
        assert pixels(dpi=dpi, **how).shape[1] == pytest.approx(wide * dpi, abs=1)
    tree, _ = svg(**how)
    assert float(tree.attrib["width"].removesuffix("pt")) == pytest.approx(wide * POINTS, abs=0.1)
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", drawn("pdf", **how))
    assert float(box[1]) == pytest.approx(wide * POINTS, abs=0.1)


def test_both_sides():
    assert pixels(size="5in x 3.5in", dpi=100).shape[:2] == (350, 500)


@pytest.mark.parametrize("points", [5, 7, 11])
def test_labels_have_the_letters_that_were_asked_for(points):
    _, texts = svg(size="6in", font_size=points)
    of_tokens = [node for node in texts if node.text in TEXT.split()]
    assert len(of_tokens) == 20
    assert {*letters_of(of_tokens)} == {float(points)}


def test_nothing_is_cut_in_a_column():
    figures = [
        map_figure(RECORD, Look(figure=figure_style(**how))) for how in ({}, {"font_size": 14})
    ]
    for figure in figures:
        renderer = figure.canvas.get_renderer()
        width, height = figure.get_size_inches()
        drawn_box = figure.get_tightbbox(renderer)
        assert -0.01 <= drawn_box.x0 <= drawn_box.x1 <= width + 0.01
        assert -0.01 <= drawn_box.y0 <= drawn_box.y1 <= height + 0.01
    assert figures[1].get_size_inches()[0] > 1.3 * figures[0].get_size_inches()[0]


@pytest.mark.slow
def test_what_fits_is_said_and_is_true():
    with pytest.raises(AttnvizError, match="too small for its text at 9 points") as error:
        drawn(size="2.2in", font_size=9)
    size = re.search(r"`size` ([\d.]+in)", error.value.hint)[1]
    letters = float(re.search(r"`font_size` ([\d.]+)", error.value.hint)[1])
    assert drawn(size=size, font_size=9)
    assert drawn(size="2.2in", font_size=letters)
    with pytest.raises(AttnvizError):
        drawn(size=f"{float(size[:-2]) - 0.5}in", font_size=9)
    with pytest.raises(AttnvizError):
        drawn(size="2.2in", font_size=letters + 1)


def test_letters_of_a_column_shrink_where_none_were_asked_for():
    _, texts = svg(size="2.6in")
    of_tokens = [node for node in texts if node.text in TEXT.split()]
    assert 5 <= max(letters_of(of_tokens)) < 8


def test_a_picture_that_fills_the_memory_is_refused():
    with pytest.raises(AttnvizError, match="too large") as error:
        drawn(size="50in x 50in", dpi=1200)
    fits = int(re.search(r"`dpi` (\d+)", error.value.hint)[1])
    assert 50 * 50 * fits**2 <= 1e8


def test_letters_are_text_and_cells_are_shapes():
    tree, texts = svg()
    assert [node.text for node in texts].count("because") == 2
    assert not [node for node in tree.iter() if node.tag.endswith("}image")]
    n = len(TEXT.split())
    shapes = [node for node in tree.iter() if "stroke-width: 0.6" in node.attrib.get("style", "")]
    assert len(shapes) >= n * n
    red, green, blue = MASKED_PAPER
    grey = [s for s in shapes if f"fill: #{red:02x}{green:02x}{blue:02x}" in s.attrib["style"]]
    assert len(grey) == n * (n - 1) // 2


def test_fonts_of_a_pdf_are_truetype():
    data = drawn("pdf")
    assert b"/Type3" not in data
    assert b"/FontFile2" in data
    assert b"/Subtype /Image" not in data


@pytest.mark.slow
def test_more_cells_than_64_by_64_are_an_image():
    for n, images in ((64, 0), (65, 1)):
        record = attnviz.from_weights(np.full((n, n), 1 / n, dtype=np.float32), range(n))
        tree = ElementTree.fromstring(picture(record, "svg", Look())[0])
        assert sum(node.tag.endswith("}image") for node in tree.iter()) == images


def test_the_grid_of_heads_is_shapes_too():
    tree = ElementTree.fromstring(picture(RECORD, "svg", Look(show="grid"))[0])
    assert not [node for node in tree.iter() if node.tag.endswith("}image")]


@pytest.mark.slow
def test_no_title():
    _, with_title = svg(size="6in")
    _, without = svg(size="6in", title=False)
    assert any("attention" in node.text for node in with_title)
    assert not any("attention" in node.text for node in without)
    assert pixels(size="6in", title=False).shape[0] < pixels(size="6in").shape[0]


@pytest.mark.parametrize("look", [{"annotate": True}, {"show": "table"}])
def test_weights_are_written_into_their_cells(look):
    show = look.pop("show", "auto")
    _, texts = svg(look=Look(heads=(1,), show=show), size="6in", **look)
    n = len(TEXT.split())
    numbers = [node.text for node in texts if node.text.isdecimal()]
    weights = RECORD.stack.weights[0, 1]
    expected = [f"{100 * weights[i, j]:.0f}" for i in range(n) for j in range(i + 1)]
    assert numbers == expected


def test_nothing_behind():
    clear = pixels(transparent=True)
    assert clear.shape[2] == 4
    assert clear[0, 0, 3] == 0
    assert (pixels()[0, 0] == 255).all()
    assert not re.search(
        r'id="patch_1">\s*<path[^>]*fill: #ffffff', drawn("svg", transparent=True).decode()
    )


@pytest.mark.parametrize("name", ["viridis", "Blues", "gray_r"])
def test_colours_are_those_of_matplotlib_s_map(name):
    style = figure_style(cmap=name)
    figure = map_figure(RECORD, Look(heads=(0,), scale="linear", figure=style))
    found = np.asarray(figure.axes[0].images[0].get_array())
    weights = RECORD.stack.weights[0, 0]
    wanted = 255 * mpl.colormaps[name](weights / weights.max())[..., :3]
    allowed = np.tril(np.ones(weights.shape, dtype=bool))
    assert np.abs(found[allowed] - wanted[allowed]).max() <= 4  # a step of 256
    assert (found[~allowed] == MASKED_PAPER).all()


@pytest.mark.slow
def test_from_python(tmp_path):
    RECORD.save(tmp_path / "a.png", size="4in", dpi=100, cmap="Blues", title=False)
    with Image.open(tmp_path / "a.png") as found:
        assert found.size[0] == 400
    with pytest.raises(AttnvizError):
        RECORD.save(tmp_path / "b.png", size="1in", font_size=20)
    with pytest.raises(AttnvizError):
        RECORD.save(tmp_path / "b.png", figure="poster")
    assert not (tmp_path / "b.png").exists()


# What is around a picture.

HOSTILE = [
    {"image.origin": "lower", "image.interpolation": "bilinear", "image.cmap": "jet"},
    {"text.usetex": True, "mathtext.default": "tt", "axes.formatter.use_mathtext": True},
    {"figure.facecolor": "red", "axes.facecolor": "black", "savefig.facecolor": "green"},
    {"font.size": 40, "font.family": "monospace", "axes.titlesize": 40, "text.color": "white"},
    {"figure.autolayout": True, "figure.constrained_layout.use": False},
    {"figure.constrained_layout.use": True, "figure.autolayout": False},
    {"savefig.bbox": "tight", "savefig.pad_inches": 3, "savefig.transparent": True},
    {"savefig.dpi": 20, "figure.dpi": 30, "savefig.format": "pdf", "savefig.edgecolor": "red"},
    {"svg.fonttype": "path", "svg.hashsalt": "x", "svg.id": "y", "pdf.fonttype": 3},
    {"pdf.compression": 0, "pdf.use14corefonts": True, "pdf.inheritcolor": True},
    {"xtick.top": True, "ytick.right": True, "axes.grid": True},
    {"axes.spines.left": False, "axes.linewidth": 9, "path.sketch": (5, 9, 3)},
    {"axes.unicode_minus": False, "axes.formatter.limits": (0, 0), "lines.antialiased": False},
    {"path.simplify": False, "path.snap": False, "agg.path.chunksize": 3},
    {"text.hinting": "none", "text.antialiased": False},
    {"patch.edgecolor": "red", "patch.force_edgecolor": True, "patch.linewidth": 5},
    {"legend.fontsize": 30, "axes.titlelocation": "right", "axes.labelcolor": "yellow"},
    {"pcolor.shading": "nearest", "pcolormesh.snap": False},
    {"axes.xmargin": 0.4, "axes.autolimit_mode": "round_numbers", "axes.axisbelow": False},
]  # fmt: skip


@pytest.mark.slow
def test_no_setting_of_the_reader_changes_a_picture():
    looks = [Look(), Look(show="arcs"), Look(figure=figure_style(size="5in", annotate=True))]
    expected = [picture(RECORD, "png", look)[0] for look in looks]
    everything = {name: value for settings in HOSTILE for name, value in settings.items()}
    with mpl.rc_context(everything):
        before = dict(mpl.rcParams)
        assert [picture(RECORD, "png", look)[0] for look in looks] == expected
        assert dict(mpl.rcParams) == before  # and what was set stays set
    for settings in HOSTILE:
        with mpl.rc_context(settings):
            assert picture(RECORD, "png", looks[0])[0] == expected[0], settings


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_nor_one_of_shapes(kind):
    expected = picture(RECORD, kind, Look())[0]
    for settings in HOSTILE:
        with mpl.rc_context(settings):
            assert picture(RECORD, kind, Look())[0] == expected, settings
    from matplotlib import style

    with style.context(["dark_background", "ggplot"]):
        assert picture(RECORD, kind, Look())[0] == expected


# The view that is named makes the picture.


def texts(record=RECORD, **look):
    tree = ElementTree.fromstring(picture(record, "svg", Look(**look))[0])
    return [node.text for node in tree.iter() if node.tag.endswith("}text")]


@pytest.mark.slow
def test_each_view_is_a_picture_of_its_own():
    found = {
        picture(RECORD, "png", look)[0]
        for look in (Look(), Look(show="table"), Look(show="top"), Look(show="arcs"),
                     Look(show="far"), Look(show="grid"), Look(queries=(8,)))
    }  # fmt: skip
    assert len(found) == 7


def test_arcs_name_the_strongest_other_key():
    weights = RECORD.stack.weights[0, 2]
    tokens = TEXT.split()
    shown = texts(heads=(2,), show="arcs")
    for query in range(1, len(tokens)):
        row = weights[query].copy()
        row[query] = -1
        key = int(row.argmax())
        if row[key] > 0.005:
            assert f"{100 * row[key]:.0f}%  {tokens[key]}" in shown


def test_arcs_of_two_texts_are_between_them():
    record = attnviz.trace("un chat", source="a cat sat")
    shown = texts(record, show="arcs")
    assert [word for word in shown if word in ["un", "chat", "a", "cat", "sat"]] == [
        "un", "chat", "a", "cat", "sat",
    ]  # fmt: skip


def test_arcs_between_two_texts_have_their_weights_beside_them_where_they_are_asked_for():
    weights = np.array([[0.25, 0.75, 0.0], [0.5, 0.1, 0.4]], dtype=np.float32)
    record = attnviz.from_weights(weights, ["un", "chat"], key_tokens=["a", "cat", "sat"])
    shown = texts(record, show="arcs", figure=figure_style(annotate=True))
    assert [word.split() for word in shown if "%" in word] == [["un", "75%"], ["chat", "50%"]]
    assert not [word for word in texts(record, show="arcs") if "%" in word]


def test_the_row_of_a_query_is_every_key_it_may_see():
    weights = RECORD.stack.weights[0, 1, 8]
    shown = texts(heads=(1,), queries=(8,))
    assert f"{TEXT.split()[8]} (8)" in shown
    numbers = [float(word[:-1]) for word in shown if re.fullmatch(r"[\d.]+%", word)]
    np.testing.assert_allclose(numbers, 100 * np.sort(weights[:9])[::-1], atol=0.006)


def test_the_strongest_keys_of_each_query():
    weights = RECORD.stack.weights[0, 0]
    shown = texts(heads=(0,), show="top")
    tokens = TEXT.split()
    first = int(weights[5].argmax())
    assert any(line.startswith(f"{tokens[first]} {100 * weights[5, first]:.0f}%") for line in shown)


def test_several_heads_stand_below_one_another():
    for show in ("arcs", "top", "far"):
        shown = texts(heads=(0, 3), show=show)
        assert any(word.startswith("head 0") for word in shown)
        assert any(word.startswith("head 3") for word in shown)


def test_links_far_apart():
    n = 80
    weights = np.eye(n)
    weights[70, 3], weights[70, 70] = 0.75, 0.25
    record = attnviz.from_weights(weights, [f"w{i}" for i in range(n)])
    shown = texts(record, show="far")
    assert "w70 (70) → w3 (3)" in shown
    assert any(word.startswith("75%") for word in shown)


def test_more_rows_than_a_picture_has_are_refused():
    record = attnviz.from_weights(np.full((500, 500), 1 / 500), range(500))
    for look in (Look(show="arcs"), Look(show="top")):
        with pytest.raises(AttnvizError, match="500"):
            picture(record, "png", look)
