"""Curves of deletion and insertion as a picture: every order beside a band of random ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnviz.analysis.check import GRID, Check
from attnviz.inputs.labels import visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.effect_words import order_name, read_out_name
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.palette import INK, LINES, MASKED_PAPER
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import Paper, rgb

PANEL = (2.75, 2.45)  # inches: width and height
NARROW = 5.5  # inches of paper on which the names stand below
LEAST_PANEL = 0.6  # inches
SIZE = 8.0  # points
APART = 0.12  # inches between the right panel and the legend


def picture(
    found: Check, kind: str, language: Language = ENGLISH, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same check gives the same bytes."""
    return printed(
        partial(figure, found, language), kind, f"check of {visible(found.model)}", style
    )


def figure(found: Check, language: Language = ENGLISH, style: FigureStyle = USUAL) -> Figure:
    """Draw deletion at the left and insertion at the right, each from no token to all."""
    title = language.say(
        "check.title", PICTURE, model=visible(found.model), n_texts=found.n_texts,
        what=read_out_name(found.read_out, language, PICTURE),
    )  # fmt: skip
    paper = Paper([title], style)
    wide, tall = paper.across(PANEL[0]), paper.down(PANEL[1])
    named = [order_name(one.name, language) for one in found.ranked()]
    named.append(language.say("check.random", PICTURE, n=len(found.random)))
    said = [language.say(f"check.{kind}", PICTURE) for kind in ("hidden", "shown")]
    legend = paper.widest(named, SIZE) + paper.beside(0.5 + APART)
    below = style.width is not None and style.width < NARROW * style.ratio
    gap, left, above = paper.beside(0.6), paper.beside(0.5), paper.beside(0.3)
    under = paper.beside(0.5 + (0.19 * len(named) if below else 0.0))
    overhang = max((paper.widest(said, SIZE) - wide) / 2, 0.0)
    beside = overhang if below else max(legend, overhang)
    paper.need(wide, paper.beside(LEAST_PANEL) if style.is_sized else 0.0)
    paper.need(wide + gap, paper.widest(said, SIZE) if style.is_sized else 0.0)
    first = paper.add_axes(
        left, above, wide, tall, right=wide + gap + beside + paper.margin, bottom=under
    )
    _panel(paper, first, found, "hidden", "deletion", language)
    second = paper.place(paper.margin + left + wide + gap, paper.top + above, wide, tall)
    _panel(paper, second, found, "shown", "insertion", language)
    handles, names = second.get_legend_handles_labels()
    # The legend stands apart from the axes, whose band reaches their right edge.
    right = beside - paper.beside(APART) + paper.margin
    corner = (1 - right / paper.width, 1 - (paper.top + above) / paper.height)
    paper.figure.legend(
        handles, names, fontsize=paper.points(SIZE), frameon=False, borderpad=0, handlelength=1.5,
        loc="lower left" if below else "upper left",
        bbox_to_anchor=(0.02, 0.01) if below else corner,
    )  # fmt: skip
    return paper.figure


def _panel(
    paper: Paper, axes: Axes, found: Check, kind: str, name: str, language: Language
) -> None:
    at = np.linspace(0, 1, GRID)
    chance = np.stack([getattr(one, kind).mean(axis=0) for one in found.random])
    middle, spread = chance.mean(axis=0), chance.std(axis=0)
    label = language.say("check.random", PICTURE, n=len(found.random))
    axes.fill_between(at, middle - spread, middle + spread, color=rgb(MASKED_PAPER), label=label)
    for i, one in enumerate(found.ranked()):
        style = "--" if one.name == found.one_by_one.name else "-:"[i // len(LINES) % 2]
        curve = getattr(one.curves, kind).mean(axis=0)
        axes.plot(at, curve, style, color=rgb(LINES[i % len(LINES)]), linewidth=1.4,
                  label=order_name(one.name, language))  # fmt: skip
    axes.set_title(name, fontsize=paper.points(SIZE + 1), loc="left", color=rgb(INK))
    axes.set_xlabel(
        language.say(f"check.{kind}", PICTURE), fontsize=paper.points(SIZE), parse_math=False
    )
    axes.tick_params(labelsize=paper.points(SIZE - 1))
    axes.locator_params(nbins=5 if paper.across(PANEL[0]) > 1.5 * paper.style.ratio else 3)
    axes.set_xlim(0, 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
