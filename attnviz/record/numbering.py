"""How layers and heads are named: numbers, from the end too, ranges, and heads of a layer.

Layers are named by their numbers in the checkpoint. Where some have no attention the others keep
theirs, and there are gaps; arrays hold one layer after another without gaps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from attnviz.errors import AttnvizError, out_of_range

# A layer and a head of it, as `heads` prints them: "2.8", "-1.0", "last.3".
OF_LAYER = re.compile(r"(first|last|-?\d{1,9})\.(.+)")
HeadPlace = tuple[int, int | Literal["mean"]]  # a layer, and a head of it or their mean
RANGE = re.compile(r"(first|last|-?\d{1,9})(?:-(first|last|-?\d{1,9}))?")
MOST_NAMED = 12  # layers that a message names one by one


def layers_and_heads(
    layer: str, head: str, layers: Sequence[int], n_heads: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the layers and heads that were named, by their places in a stack; none where it was
    "mean".

    layers: the numbers of those that there are.

    A head may bring its layer, and several the same one: "2.8", "5.3,5.11", "-1.0", "last.3". For
    heads of different layers see `heads_apart`.
    Raises AttnvizError for what is no such name, and for numbers that there are not.
    """
    layer, head = _with_layer(layer, head)
    return _places("layer", layer, layers), _places("head", head, range(n_heads))


def heads_apart(head: str, layers: Sequence[int], n_heads: int) -> tuple[HeadPlace, ...]:
    """Read heads that each bring a layer, where the layers differ, by their places: "2.8,5.3",
    "0.mean,last.mean".

    Return () for heads of one layer, which `layers_and_heads` reads. Raises AttnvizError for
    numbers that there are not.
    """
    parts = [OF_LAYER.fullmatch(part.strip()) for part in head.split(",")]
    named = [part for part in parts if part is not None]
    if len(named) < len(parts) or len({part[1] for part in named}) < 2:
        return ()
    found: list[HeadPlace] = []
    for part in named:
        (layer,), heads = layers_and_heads("first", part[0], layers, n_heads)
        found += [(layer, one) for one in heads] or [(layer, "mean")]
    return tuple(dict.fromkeys(found))


def one_of(layer: str, head: str, layers: Sequence[int], n_heads: int) -> tuple[int, int]:
    """Return the places of the one layer and the one head that were named; AttnvizError where they
    are not one."""
    apart = heads_apart(head, layers, n_heads)
    chosen, heads = ((), ()) if apart else layers_and_heads(layer, head, layers, n_heads)
    if len(chosen) != 1 or len(heads) != 1:
        raise AttnvizError(
            f'`layer` "{layer}" and `head` "{head}" are not one head.',
            'Name one, such as "2.8".',
            key="err.layer_head",
            layer=layer,
            head=head,
        )
    return chosen[0], heads[0]


def layer_number(wanted: str) -> int:
    """Read one layer, which may be counted from the end: -1 is "last", 0 is "first". AttnvizError
    for other words."""
    if re.fullmatch(r"first|last|-?\d{1,9}", wanted.strip()) is None:
        raise AttnvizError(
            f'"{wanted[:40]}" is not a layer.',
            'Give a number ("2", "-1") or last.',
            key="err.not_layer",
            wanted=wanted[:40],
        )
    ends = {"first": 0, "last": -1}
    return ends[wanted.strip()] if wanted.strip() in ends else int(wanted)


def heads_of_layers(wanted: str, layers: Sequence[int], n_heads: int) -> list[tuple[int, int]]:
    """Read layer and head of heads that may be of different layers, by their places: "5.3,2.11",
    "-1.0", "last.0-3".

    Raises AttnvizError for what is no such name, and for numbers that there are not.
    """
    found: list[tuple[int, int]] = []
    for part in map(str.strip, wanted.split(",")):
        if OF_LAYER.fullmatch(part) is None:
            raise AttnvizError(
                f'"{part[:40]}" is not a head.',
                "Write layer.head, such as 5.3, -1.0 or last.0-3.",
                key="err.not_head",
                part=part[:40],
            )
        chosen, heads = layers_and_heads("first", part, layers, n_heads)
        found += [(layer, head) for layer in chosen for head in heads or range(n_heads)]
    return found


def _with_layer(layer: str, head: str) -> tuple[str, str]:
    """The layer that heads bring with them, and the heads without it."""
    parts = [OF_LAYER.fullmatch(part.strip()) for part in head.split(",")]
    named = [part for part in parts if part is not None]
    if not named:
        return layer, head
    layers = list(dict.fromkeys(part[1] for part in named))
    if len(named) < len(parts) or len(layers) > 1:
        raise AttnvizError(
            f'The heads "{head}" do not all name their layer.',
            'Write each as layer.head ("5.3,2.11"), or the layer by itself.',
            key="err.heads_not",
            head=head,
        )
    return layers[0], ",".join(part[2] for part in named)


def numbered(numbers: tuple[int, ...], n_layers: int) -> tuple[int, ...]:
    """Return the number of each of so many layers: 0, 1, 2 … unless they have some of their own."""
    return numbers or tuple(range(n_layers))


def in_runs(layers: Sequence[int]) -> str:
    """Name layers by their numbers, one by one, and of many only some: "3, 7, 11 … 47"."""
    if len(layers) <= MOST_NAMED:
        return ", ".join(map(str, layers))
    return f"{', '.join(map(str, layers[:3]))} … {layers[-1]}"


def _places(what: str, wanted: str, known: Sequence[int]) -> tuple[int, ...]:
    """The places of numbers among those that are known, which rise."""
    if wanted == "mean":
        return ()
    if wanted == "all":
        return tuple(range(len(known)))
    found: list[int] = []
    for part in wanted.split(","):
        ends = RANGE.fullmatch(part.strip())
        first = _counted(ends[1], known) if ends else 0
        last = _counted(ends[2] or ends[1], known) if ends else -1
        if last < first:
            raise AttnvizError(
                f'"{wanted}" is not a {what}.',
                'Give numbers ("0", "0,2", "0-3", "-1"), all, first, last or mean.',
                key="err.not_a",
                value=wanted,
                what=what,
                choices="0, 0,2, 0-3, -1",
            )
        here = [place for place, number in enumerate(known) if first <= number <= last]
        if not here or (first < 0 or last > known[-1]):
            raise _not_there(what, last if 0 <= first <= known[-1] else first, known)
        found += here
    return tuple(dict.fromkeys(found))


def _not_there(what: str, number: int, known: Sequence[int]) -> AttnvizError:
    """The error for a number that there is not, or for a layer that has no attention."""
    if known[-1] == len(known) - 1:
        shown = number if number >= 0 else number - len(known)
        return out_of_range(what.capitalize(), shown, 0, known[-1])
    return AttnvizError(
        f"Layer {number} has no attention to show.",
        f"These layers have: {in_runs(known)}.",
        key="err.no_attention_there",
        layer=number,
        layers=in_runs(known),
    )


def _counted(written: str, known: Sequence[int]) -> int:
    """A number that may be counted from the end."""
    if written in ("first", "last"):
        return known[0 if written == "first" else -1]
    number = int(written)
    if number >= 0:
        return number
    return known[number] if -number <= len(known) else number + len(known)
