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
from attnviz.views.palette import INK, LINES, MASKED_PAPER
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import DPI, rgb

SIDES = (8.6, 3.6)  # inches
SIZE, TITLE_SIZE = 8.0, 10.0  # points


def picture(found: Check, kind: str, language: Language = ENGLISH) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same check gives the same bytes."""
    return printed(partial(figure, found, language), kind, f"check of {visible(found.model)}")


def figure(found: Check, language: Language = ENGLISH) -> Figure:
    """Draw deletion at the left and insertion at the right, each from no token to all."""
    drawn = Figure(figsize=SIDES, dpi=DPI, facecolor="white")
    title = language.say(
        "check.title", PICTURE, model=visible(found.model), n_texts=found.n_texts,
        what=read_out_name(found.read_out, language, PICTURE),
    )  # fmt: skip
    drawn.text(0.02, 0.965, title, fontsize=TITLE_SIZE, fontweight="bold", va="top", color=rgb(INK),
               parse_math=False)  # fmt: skip
    left = drawn.add_axes((0.07, 0.14, 0.32, 0.68))
    _panel(left, found, "hidden", "deletion", language)
    right = drawn.add_axes((0.46, 0.14, 0.32, 0.68))
    _panel(right, found, "shown", "insertion", language)
    handles, names = right.get_legend_handles_labels()
    drawn.legend(handles, names, loc="upper left", bbox_to_anchor=(0.785, 0.84), fontsize=SIZE,
                 frameon=False)  # fmt: skip
    return drawn


def _panel(axes: Axes, found: Check, kind: str, name: str, language: Language) -> None:
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
    axes.set_title(name, fontsize=SIZE + 1, loc="left", color=rgb(INK))
    axes.set_xlabel(language.say(f"check.{kind}", PICTURE), fontsize=SIZE, parse_math=False)
    axes.tick_params(labelsize=SIZE - 1)
    axes.set_xlim(0, 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
