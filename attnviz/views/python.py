"""A record from Python: on axes of matplotlib, as a file, as a page, as a table of heads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.analysis.head_labels import as_rows
from attnviz.analysis.head_labels import look as look_at
from attnviz.errors import bad_choice
from attnviz.files.write import written_whole
from attnviz.language.languages import find_language
from attnviz.record.record import AttentionRecord
from attnviz.views.figure import figure_style
from attnviz.views.files import SUFFIXES, write
from attnviz.views.look import Look, choose, with_query
from attnviz.views.page.page import page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = int | str | Iterable[int]


def plot(
    record: AttentionRecord,
    ax: Axes | None = None,
    *,
    layer: int | str = "first",
    head: int | str = "mean",
    scale: str = "auto",
    annotate: bool = False,
    cmap: str | None = None,
) -> Axes:
    """Draw one head, or the mean of all, as a heatmap and return its axes.

    ax: axes to draw on; pyplot's current ones unless given. scale: as on the command line.
    annotate: write each weight, in percent, into its cell. cmap: a colour map of matplotlib's in
    place of attnviz's own. Raises AttnvizError for a layer, head or
    scale that there is not.
    """
    from attnviz.views.picture.axes import draw_on  # matplotlib, only to draw

    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    style = figure_style(annotate=annotate, cmap=cmap)
    draw_on(ax, record, replace(_look(record, layer, head, scale), figure=style))
    return ax


def save(
    record: AttentionRecord,
    path: str | Path,
    *,
    layer: Numbers = "first",
    head: Numbers = "mean",
    show: str = "auto",
    scale: str = "auto",
    lang: str | None = None,
    query: str | int | None = None,
    **figure: Any,
) -> None:
    """Write what the suffix says, whole or not at all: a picture, a page, numbers or the record.

    layer, head: a number, several, "all" or "mean". query: a word or a position whose row is drawn.
    figure: how a picture is drawn: figure="column", size="3.3in", font_size=8, dpi=300,
    title=False, annotate=True, transparent=True, cmap="viridis". Raises AttnvizError for another
    suffix, a place that cannot be written, or what there is not.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise bad_choice(place.suffix or place.name, "the suffix of `path`", SUFFIXES)
    look = _look(record, layer, head, scale, show, lang)
    if query is not None:
        look = with_query(record, look, str(query))
    data, _ = write(record, suffix, replace(look, figure=figure_style(**figure)))
    with written_whole(place) as file:
        file.writelines(data)


def to_html(record: AttentionRecord) -> str:
    """Return the page as one HTML document."""
    return page(record, Look()).decode()


def heads(record: AttentionRecord) -> list[dict[str, Any]]:
    """Return one row a head: layer, head, what it looks at, and its measures."""
    return list(as_rows(look_at(record.stack)))


def _look(
    record: AttentionRecord,
    layer: Numbers,
    head: Numbers,
    scale: str,
    show: str = "auto",
    lang: str | None = None,
) -> Look:
    language = find_language(lang)
    return choose(record.stack, _listed(layer), _listed(head), show, scale=scale, language=language)


def _listed(numbers: Numbers) -> str:
    if isinstance(numbers, str | int):
        return str(numbers)
    return ",".join(map(str, numbers))
