"""The room that a view fills on a terminal."""

from __future__ import annotations

from attnviz.frozen import dataclass


@dataclass(frozen=True)
class Screen:
    """Characters across, lines down, and whether there is colour."""

    width: int
    height: int
    colour: bool
