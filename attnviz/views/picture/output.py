"""A figure as the bytes of a file: the same bytes every time, and a word on what fonts lack."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from matplotlib import font_manager, rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from attnviz._version import __version__
from attnviz.errors import AttnvizError
from attnviz.views.figure import DPI, USUAL, FigureStyle
from attnviz.views.picture.fit import fitted

# Bytes that no XML may hold, and a text or a name might: all controls but tab and line ends.
NO_XML = bytes({*range(32)} - {9, 10, 13})
MOST_DOTS = 1e8  # of a picture: 400 MB while it is drawn
PACKED = 2  # of 9: a grid is up to 1.7 times as large as at 6, in two thirds of the time
FIRST_LATIN_MISSING = 0x24F  # matplotlib's own font has all letters up to here

# Fonts that have the scripts which matplotlib's own font lacks, where they are installed.
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Hiragino Sans", "PingFang SC", "Microsoft YaHei",
    "Malgun Gothic", "Arial Unicode MS",
)  # fmt: skip


def printed(
    draw: Callable[[FigureStyle], Figure], kind: str, told: str, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of what `draw` draws, the same every time and whatever the reader's own
    settings of matplotlib are.

    Letters are text in a .svg, and TrueType fonts in a .pdf. told: names it for programs, in the
    file. Raises AttnvizError where a size was asked for that is too small, or too large.
    """
    style = replace(style, vector=kind != "png")
    settings: Any = {
        "svg.hashsalt": "attnviz", "svg.fonttype": "none", "pdf.fonttype": 42,
        "font.family": [*_families(), "sans-serif"], "font.sans-serif": ["DejaVu Sans"],
    }  # fmt: skip
    with rc_context(), warnings.catch_warnings():
        rcdefaults()
        rcParams.update(settings)
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # said once, in the notes
        buffer = io.BytesIO()
        drawn: Any = {"pil_kwargs": {"compress_level": PACKED}} if kind == "png" else {}
        figure = fitted(draw, style)
        _check_pixels(figure, style)
        figure.savefig(
            buffer, format=kind, dpi=style.dpi, metadata=_metadata(kind, told),
            transparent=style.transparent, **drawn,
        )  # fmt: skip
    data = buffer.getvalue()
    return data.translate(None, NO_XML) if kind == "svg" else data


def _check_pixels(figure: Figure, style: FigureStyle) -> None:
    """Refuse what would fill the memory."""
    width, height = figure.get_size_inches()
    dots = width * height * style.dpi**2
    if dots > MOST_DOTS and style.dpi > DPI:
        fits = int((MOST_DOTS / (width * height)) ** 0.5)
        raise AttnvizError(
            f"A picture of {width:.1f} × {height:.1f} inches at `dpi` {style.dpi} is too large.",
            f"What fits: `dpi` {fits}.",
            key="err.picture_inches_dpi",
            width=f"{width:.1f}",
            height=f"{height:.1f}",
            dpi=style.dpi,
            fits=fits,
        )


def _metadata(kind: str, drawn: str) -> dict[str, Any]:
    maker = f"attnviz {__version__}"
    if kind == "png":
        return {"Software": maker, "Title": drawn.encode("latin-1", "replace").decode("latin-1")}
    if kind == "svg":
        return {"Creator": maker, "Title": drawn, "Date": None}
    return {"Creator": maker, "Title": drawn, "CreationDate": None}


@lru_cache(maxsize=1)
def _families() -> list[str]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _MORE_FONTS if name in installed)]


def without_glyph(labels: Iterable[str]) -> list[str]:
    """List the characters of some labels that no installed font has."""
    strange = {char for label in labels for char in label if ord(char) > FIRST_LATIN_MISSING}
    for family in _families() if strange else ():
        font = FT2Font(font_manager.findfont(family))
        strange = {c for c in strange if not font.get_char_index(ord(c))}
    return sorted(strange)
