"""Functions around the door for attention, Attend → Attend: another mask, a stopwatch."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from attnviz.attention.rules import Rule
from attnviz.models.model import Attend, Floats


def with_mask(attend: Attend, mask: Rule) -> Attend:
    """Put this mask in the place of every self-attention's own."""

    def door(stack: str, *qkv: Floats, **options: Any) -> Floats:
        given = options if stack == "cross" else options | {"mask": mask}
        return attend(stack, *qkv, **given)

    return door


@dataclass
class Stopwatch:
    """The seconds that passed inside of a door."""

    seconds: float = 0.0


def timed(attend: Attend, watch: Stopwatch) -> Attend:
    """Add to the watch how long each call takes."""

    def door(*qkv: Any, **options: Any) -> Floats:
        start = perf_counter()
        output = attend(*qkv, **options)
        watch.seconds += perf_counter() - start
        return output

    return door
