"""The record as the bytes of a picture."""

from __future__ import annotations

from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.over_time import frames_of
from attnviz.views.overlay import patches_of
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
    "image": overlay_figure,
    "sound": sound_figure,
    "caption": caption_figure,
    "timeline": timeline_figure,
}


def picture(record: AttentionRecord, kind: str, look: Look) -> tuple[bytes, list[str]]:
    """Draw a "png", "svg" or "pdf"; return its bytes, and a note on what the fonts lack.

    Weights of patches are drawn over their picture, those of frames along their sound. Else several
    heads or layers, and the view "grid", give the grid of heads, "timeline" the steps of a written
    text, and one head a map. The same record gives the same bytes.
    """
    name = "grid" if look.show == "grid" or len(look.heads) > 1 or look.layers else "map"
    if look.show in ("auto", "image", "none") and patches_of(record.stack) is not None:
        name = "image"
    if look.show in ("auto", "sound", "none") and frames_of(record.stack) is not None:
        name = "sound"
    if look.show in ("timeline", "caption"):
        name = look.show
    told = f"{title(record)} · scale {look.scale}"
    data = printed(lambda: FIGURES[name](record, look), kind, told)
    return data, _notes(record, look) if name in ("map", "timeline") else []


def _notes(record: AttentionRecord, look: Look) -> list[str]:
    """A note that names the characters no font has, once for the whole picture."""
    shown = (record.stack.query_tokens.names, record.stack.key_tokens.names)
    labels = [label for names in shown for label in axis_labels(names).labels]
    missing = without_glyph([title(record, look.language), *labels])
    if not missing:
        return []
    return [look.language.say("warn.glyph", chars=" ".join(missing[:12]))]
