"""Colour maps by name: attnviz's own, or matplotlib's."""

from __future__ import annotations

from functools import lru_cache

import matplotlib as mpl
import numpy as np

from attnviz.errors import bad_choice
from attnviz.views.palette import RGB, ramp

STEPS = 256  # of a map of matplotlib's
SHOWN = 8  # names that an error lists, the nearest


def check_colour_map(name: str) -> None:
    """Raise AttnvizError for a name that matplotlib does not know."""
    if name not in mpl.colormaps:
        raise bad_choice(name, "`cmap`", ["attnviz", *mpl.colormaps], SHOWN)


@lru_cache(maxsize=4)
def ramp_of(cmap: str | None) -> tuple[RGB, ...]:
    """Return the colours from no weight to the largest, each three bytes."""
    if cmap is None or cmap == "attnviz":
        return ramp()
    shares = mpl.colormaps[cmap](np.linspace(0, 1, STEPS))[:, :3]
    return tuple(tuple(colour) for colour in np.rint(255 * shares).astype(int).tolist())
