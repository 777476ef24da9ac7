"""How much memory weights may take: kept whole where they fit, else streamed, with what is kept of
them made to fit, or an error before any work that says what would."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping

from attnviz.attention.blocks import STREAMED_ROWS
from attnviz.attention.prepare import Inputs
from attnviz.attention.streaming import block_shape
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.model import StackShape
from attnviz.record.summary import block_bytes, summary_bytes

AT_MOST = 1 << 30  # bytes
FLOAT = 4  # bytes of a number
BESIDE = 1 << 28  # bytes that tokens and arrays of a run may take beside what weights may
PART = 1 << 27  # bytes that a part may always take, of a text whose weights are not kept
OF_TOKEN = 500  # bytes: its strings, its span and its flags
COPIES = 4, 2  # of queries: what enters and leaves a layer as well; of keys: values as well
MAP_SIZES = (1024, 512, 256, 128, 64)  # cells a side of the map that is kept

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)
_UNITS = ("", "K", "M", "G", "T")


def default_budget() -> int:
    """Return a quarter of the memory that is free, at most 1 GiB; in bytes."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system says
        return AT_MOST
    return min(free // 4, AT_MOST)


def parse_bytes(size: str) -> int:
    """Parse a size such as "500MB", "1.5GiB" or "4096": KB is 1000 bytes, K and KiB are 1024.

    Raises AttnvizError if it is not a size.
    """
    found = _SIZE.fullmatch(size.strip())
    if found is None or len(size) > 30:
        raise AttnvizError(
            f'"{size}" is not a size of memory.',
            "Write 500MB, 1GiB or 4096.",
            key="err.not_size",
            size=size,
        )
    number, unit, binary = found.groups()
    decimal = size.strip()[-1:] in "bB" and not binary and unit
    return int(float(number) * pow(1000.0 if decimal else 1024.0, _UNITS.index(unit.upper())))


def format_bytes(size: int) -> str:
    """Write bytes for people: "12 KiB", "1.5 GiB"."""
    power = min(int(math.log2(max(size, 1))) // 10, 4)
    number = size / (1 << (10 * power))
    return (
        f"{number:.{0 if number >= 10 or not power else 1}f} {('', 'Ki', 'Mi', 'Gi', 'Ti')[power]}B"
    )


@dataclass(frozen=True)
class Storage:
    """How one stack is recorded. map_size: None keeps all weights, else what a streamed stack's
    map has at most a side. room: bytes that blocks may take; None for what they usually do."""

    map_size: int | None = None
    room: int | None = None


def room_left(shapes: Mapping[str, StackShape], budget: int | None) -> int:
    """Return what a budget (None: the usual one) leaves for weights, in bytes: tokens, queries,
    keys and values take it too where they are more than is taken beside it. Raises AttnvizError
    where nothing is left."""
    most = default_budget() if budget is None else budget
    taken = _taken(shapes)
    if taken <= BESIDE:
        return most
    if taken - BESIDE < most:
        return most - (taken - BESIDE)
    n_tokens = max(max(len(shape.queries), len(shape.keys)) for shape in shapes.values())
    smallest = format_bytes(_round_up((taken - BESIDE) * 5 // 4)).replace(" ", "")
    raise AttnvizError(
        f"{grouped(n_tokens)} tokens take {format_bytes(taken)} before any weights, and "
        f"{format_bytes(most + BESIDE)} may be used.",
        f"Give less to read, fewer heads, or `max_memory` {smallest}.",
        key="err.take_before",
        n_tokens=n_tokens,
        taken=format_bytes(taken),
        value=format_bytes(most + BESIDE),
        smallest=smallest,
    )


def check_whole(shapes: Mapping[str, StackShape]) -> None:
    """Refuse a run whose weights cannot all be kept whole in the usual memory."""
    most = room_left(shapes, None)
    whole = sum(
        FLOAT * shape.n_layers * shape.n_heads * len(shape.queries) * len(shape.keys)
        for shape in shapes.values()
    )
    if whole > most:
        raise AttnvizError(
            f"All weights take {format_bytes(whole)} here, and {format_bytes(most)} may be used.",
            "Give less to read.",
            key="err.all_weights_take",
            whole=format_bytes(whole),
            most=format_bytes(most),
        )


def _taken(shapes: Mapping[str, StackShape]) -> int:
    """Count the bytes of the tokens, and of the arrays of the largest stack."""
    tokens = {id(each): len(each) for s in shapes.values() for each in (s.queries, s.keys)}
    arrays = [
        FLOAT * head_dim
        * (COPIES[0] * s.n_heads * len(s.queries) + COPIES[1] * n_key_heads * len(s.keys))
        for s in shapes.values()
        for n_key_heads, head_dim in s.layout.each_size
    ]  # fmt: skip
    return OF_TOKEN * sum(tokens.values()) + max(arrays)


def choose_storage(inputs: Inputs, n_layers: int, budget: int) -> Storage:
    """Choose whether all layers like this one are kept whole, with as much again to work on them,
    or streamed; a budget of 0 always streams. Raises AttnvizError where neither fits."""
    heads, itemsize = inputs.lead[0], inputs.query.dtype.itemsize
    whole = 2 * n_layers * heads * inputs.n_queries * inputs.n_keys * itemsize
    if whole <= budget:
        return Storage()
    if budget == 0:
        return Storage(MAP_SIZES[0])
    shape = heads, inputs.n_queries, inputs.n_keys
    row = _row_bytes(inputs)
    rows = min(STREAMED_ROWS, inputs.n_queries)
    for map_size in MAP_SIZES:
        kept = n_layers * summary_bytes(*shape, map_size)
        if kept + rows * row <= budget:
            return Storage(map_size, budget - kept)
    if kept + row <= budget:
        return Storage(map_size, budget - kept)
    raise _too_small(inputs, n_layers, budget, min(whole, kept + row), kept, row)


def block_rows(inputs: Inputs, room: int | None) -> int | None:
    """Return how many rows of a layer are worked on at once in so much room; None for the usual."""
    usual, _ = block_shape(inputs.rule, inputs.n_queries, inputs.n_keys)
    fitting = usual if room is None else max(room // _row_bytes(inputs), 1)
    return None if usual <= fitting else fitting


def _row_bytes(inputs: Inputs) -> int:
    """Count the bytes of one more row of a block, in all threads."""
    _, columns = block_shape(inputs.rule, inputs.n_queries, inputs.n_keys)
    return block_bytes(inputs.lead[0], 1, columns, inputs.query.dtype.itemsize)


def _too_small(
    inputs: Inputs, n_layers: int, budget: int, least: int, kept: int, row: int
) -> AttnvizError:
    heads, n = inputs.lead[0], inputs.n_queries
    smallest = format_bytes(_round_up(least)).replace(" ", "")
    if row > budget:
        return AttnvizError(
            f"{format_bytes(budget)} of memory do not hold one row of {grouped(inputs.n_keys)} "
            f"weights "
            f"for each thread ({format_bytes(row)}).",
            f"The smallest that works is `max_memory` {smallest}.",
            key="err.memory_do",
            budget=format_bytes(budget),
            value=inputs.n_keys,
            row=format_bytes(row),
            smallest=smallest,
        )
    one = kept // heads
    return AttnvizError(
        f"What is kept of {grouped(n)} tokens in {n_layers} layers of {heads} heads (map, "
        f"strongest keys, "
        f"measures) takes {format_bytes(kept)}, and {format_bytes(budget)} may be used.",
        f"Give fewer heads (about {format_bytes(one)} each), less to read, or `max_memory` "
        f"{smallest}.",
        key="err.what_kept",
        n_tokens=n,
        n_layers=n_layers,
        heads=heads,
        kept=format_bytes(kept),
        budget=format_bytes(budget),
        one=format_bytes(one),
        smallest=smallest,
    )


def _round_up(size: int) -> int:
    """Round up to the digits that `format_bytes` shows."""
    power = min(int(math.log2(max(size, 1))) // 10, 4)
    unit = 1 << (10 * power)
    step = unit if size >= 10 * unit or not power else unit // 8
    return -(-size // step) * step
