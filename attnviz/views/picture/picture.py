"""The record as the bytes of a picture."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.figure import Figure

from attnviz.record.record import AttentionRecord
from attnviz.views.figure import FigureStyle
from attnviz.views.look import Look
from attnviz.views.over_time import frames_of
from attnviz.views.overlay import patches_of
from attnviz.views.picture.arcs import arcs_figure
from attnviz.views.picture.bars import far_figure, query_figure, top_figure
from attnviz.views.picture.grid import grid_figure
from attnviz.views.picture.map import map_figure
from attnviz.views.picture.output import printed, without_glyph
from attnviz.views.picture.overlay import caption_figure, overlay_figure
from attnviz.views.picture.paper import axis_labels
from attnviz.views.picture.sound import sound_figure
from attnviz.views.picture.timeline import timeline_figure
from attnviz.views.titles import title

# name → (record, look) → Figure
FIGURES = {
    "grid": grid_figure,
    "map": map_figure,
    "top": top_figure,
    "arcs": arcs_figure,
    "far": far_figure,
    "query": query_figure,
    "image": overlay_figure,
    "sound": sound_figure,
    "caption": caption_figure,
    "timeline": timeline_figure,
}

VIEWS = ("grid", "top", "arcs", "far")  # that draw several heads by themselves
NAMED = ("map", "timeline", "top", "arcs", "far", "query")  # figures that have tokens as labels


def picture(record: AttentionRecord, kind: str, look: Look) -> tuple[bytes, list[str]]:
    """Draw a "png", "svg" or "pdf"; return its bytes, and a note on what the fonts lack.

    Weights of patches are drawn over their picture, those of frames along their sound. Else the
    view decides, as on the terminal, and rows of queries that were asked for are drawn in full;
    several heads or layers give the grid of heads. The same record gives the same bytes.
    """
    told = f"{title(record)} · scale {look.scale}"

    def draw(style: FigureStyle) -> Figure:
        return figure_of(record, replace(look, figure=style))

    data = printed(draw, kind, told, look.figure)
    return data, _notes(record, look) if _name(record, look) in NAMED else []


def figure_of(record: AttentionRecord, look: Look) -> Figure:
    """Draw the figure that a look means."""
    return FIGURES[_name(record, look)](record, look)


def _name(record: AttentionRecord, look: Look) -> str:
    """Which figure a look means."""
    if look.show in ("auto", "image", "none") and patches_of(record.stack) is not None:
        return "image"
    if look.show in ("auto", "sound", "none") and frames_of(record.stack) is not None:
        return "sound"
    if look.show in ("timeline", "caption"):
        return look.show
    if look.queries:
        return "query"
    if look.show in VIEWS:
        return look.show
    return "map" if look.shows_one else "grid"


def _notes(record: AttentionRecord, look: Look) -> list[str]:
    """A note that names the characters no font has, once for the whole picture."""
    shown = (record.stack.query_tokens.names, record.stack.key_tokens.names)
    labels = [label for names in shown for label in axis_labels(names).labels]
    missing = without_glyph([title(record, look.language), *labels])
    if not missing:
        return []
    return [look.language.say("warn.glyph", chars=" ".join(missing[:12]))]
