"""How layers and heads are named: numbers, from the end too, ranges, and heads of a layer."""

from __future__ import annotations

import re
from typing import Literal

from attnviz.errors import AttnvizError, out_of_range

# A layer and a head of it, as `heads` prints them: "2.8", "-1.0", "last.3".
OF_LAYER = re.compile(r"(last|-?\d{1,9})\.(.+)")
HeadPlace = tuple[int, int | Literal["mean"]]  # a layer, and a head of it or their mean
RANGE = re.compile(r"(last|-?\d{1,9})(?:-(last|-?\d{1,9}))?")


def layers_and_heads(
    layer: str, head: str, n_layers: int, n_heads: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the layers and heads that were named; none where it was "mean".

    A head may bring its layer, and several the same one: "2.8", "5.3,5.11", "-1.0", "last.3". For
    heads of different layers see `heads_apart`.
    Raises AttnvizError for what is no such name, and for numbers that there are not.
    """
    layer, head = _with_layer(layer, head)
    return _numbers("layer", layer, n_layers), _numbers("head", head, n_heads)


def heads_apart(head: str, n_layers: int, n_heads: int) -> tuple[HeadPlace, ...]:
    """Read heads that each bring a layer, where the layers differ: "2.8,5.3", "0.mean,last.mean".

    Return () for heads of one layer, which `layers_and_heads` reads. Raises AttnvizError for
    numbers that there are not.
    """
    parts = [OF_LAYER.fullmatch(part.strip()) for part in head.split(",")]
    named = [part for part in parts if part is not None]
    if len(named) < len(parts) or len({part[1] for part in named}) < 2:
        return ()
    found: list[HeadPlace] = []
    for part in named:
        layers, heads = layers_and_heads("0", part[0], n_layers, n_heads)
        found += [(layers[0], one) for one in heads] or [(layers[0], "mean")]
    return tuple(dict.fromkeys(found))


def one_of(layer: str, head: str, n_layers: int, n_heads: int) -> tuple[int, int]:
    """Return the one layer and the one head that were named; AttnvizError where they are not
    one."""
    apart = heads_apart(head, n_layers, n_heads)
    layers, heads = ((), ()) if apart else layers_and_heads(layer, head, n_layers, n_heads)
    if len(layers) != 1 or len(heads) != 1:
        raise AttnvizError(
            f'`layer` "{layer}" and `head` "{head}" are not one head.',
            'Name one, such as "2.8".',
            key="err.layer_head",
            layer=layer,
            head=head,
        )
    return layers[0], heads[0]


def layer_number(wanted: str) -> int:
    """Read one layer, which may be counted from the end: -1 is "last". AttnvizError for other
    words."""
    if re.fullmatch(r"last|-?\d{1,9}", wanted.strip()) is None:
        raise AttnvizError(
            f'"{wanted[:40]}" is not a layer.',
            'Give a number ("2", "-1") or last.',
            key="err.not_layer",
            wanted=wanted[:40],
        )
    return -1 if wanted.strip() == "last" else int(wanted)


def heads_of_layers(wanted: str, n_layers: int, n_heads: int) -> list[tuple[int, int]]:
    """Read layer and head of heads that may be of different layers: "5.3,2.11", "-1.0", "last.0-3".

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
        layers, heads = layers_and_heads("0", part, n_layers, n_heads)
        found += [(layer, head) for layer in layers for head in heads or range(n_heads)]
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


def _numbers(what: str, wanted: str, n: int) -> tuple[int, ...]:
    if wanted == "mean":
        return ()
    if wanted == "all":
        return tuple(range(n))
    found: list[int] = []
    for part in wanted.split(","):
        ends = RANGE.fullmatch(part.strip())
        first = _counted(ends[1], n) if ends else 0
        last = _counted(ends[2] or ends[1], n) if ends else -1
        if last < first:
            raise AttnvizError(
                f'"{wanted}" is not a {what}.',
                'Give numbers ("0", "0,2", "0-3", "-1"), all, last or mean.',
                key="err.not_a",
                value=wanted,
                what=what,
                choices="0, 0,2, 0-3, -1",
            )
        for number in (first, last):
            if not 0 <= number < n:
                raise out_of_range(
                    what.capitalize(), number if number >= n else number - n, 0, n - 1
                )
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def _counted(written: str, n: int) -> int:
    """A number that may be counted from the end."""
    number = n - 1 if written == "last" else int(written)
    return number if number >= 0 else number + n
