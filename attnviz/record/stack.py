"""The attention of one part of a model, and the questions that can be asked of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import measures
from attnviz.attention.rules import Rule, clip
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.record.numbering import numbered
from attnviz.record.summary import Summary, cell_size, pool

Floats = NDArray[np.floating[Any]]
Which = int | Literal["mean"]  # one layer or head, or the mean of all
Size = int | tuple[int, int]  # cells of a map: of a side, or rows and columns

MEASURES = (*measures.PER_QUERY, "normalized_entropy", "received")
FAR = 16  # tokens, and parts of a text, that are far
FAR_AMONG = 8  # strongest keys of each query, among which far links are looked for
SHORT = 64  # tokens of a text that is seen at once
_ROWS_AT_ONCE = 512  # rows measured together, so that temporaries stay small


@dataclass(frozen=True, eq=False)
class PooledMap:
    """One head's weights, pooled to fit: mean and largest weight of each cell.

    mean, max: (cell rows, cell columns). cells: queries and keys per cell; (1, 1) is unpooled.
    For the mean of heads `max` is the largest weight that any head has in the cell.
    """

    mean: Floats
    max: Floats
    cells: tuple[int, int]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.mean, dtype=dtype, copy=copy)


@dataclass(frozen=True)
class HeadRow:
    """One head: its place, its name if it has one, and its measures averaged over queries."""

    layer: int
    head: int
    name: str
    measures: Mapping[str, float]
    key_head: int = 0  # whose keys and values it uses


@dataclass(frozen=True)
class HeadTable:
    """Every head of a stack, in order."""

    rows: tuple[HeadRow, ...]

    def __iter__(self) -> Iterator[HeadRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Link:
    """A query, a key, and the weight that one gives to the other."""

    query: int
    key: int
    weight: float


@dataclass(frozen=True)
class Place:
    """What a part was cut from, and the positions of its rows and columns there."""

    whole: Stack
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stack:
    """The attention of one part of a model: layers of heads over the same tokens.

    weights: (layers, heads, queries, keys), or None when they were streamed and only `summary`
    was kept. masks: one rule per layer, or none known. Layers and heads count from 0;
    `layer_numbers` are those that they have in their checkpoint.
    """

    query_tokens: Tokens
    key_tokens: Tokens
    weights: Floats | None
    summary: Summary | None = None
    masks: tuple[Rule, ...] = ()
    head_names: tuple[str, ...] = ()
    two_texts: bool = False  # queries and keys are different texts: cross-attention
    key_heads: int | None = None  # heads of keys and values, fewer where query heads share them
    place: Place | None = None  # of a part: for views only, not saved and not compared
    vectors: Mapping[str, Floats] = field(default_factory=dict)  # see `query`, `key` …
    numbers: tuple[int, ...] = ()  # of the layers in their checkpoint, where some do not attend
    of_heads: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)  # (layers, heads):
    # what was measured of heads beside their weights; not saved

    def __repr__(self) -> str:
        kept = "streamed" if self.weights is None else str(self.weights.dtype)
        return f"Stack({', '.join([self.size_in_words, kept, *self.vectors])})"

    @property
    def size_in_words(self) -> str:
        """Say how many layers, heads and tokens there are."""
        queries, keys = self.shape
        layers = "1 layer" if self.n_layers == 1 else f"{self.n_layers} layers"
        heads = "1 head" if self.n_heads == 1 else f"{self.n_heads} heads"
        return f"{layers} × {heads}, {queries} × {keys} tokens"

    @property
    def query(self) -> Floats:
        """Queries as they meet the keys, (layers, heads, queries, head_dim), where they were kept.

        This and the next three raise AttnvizError where `trace` was not told to keep them.
        """
        return self._vectors("query")

    @property
    def key(self) -> Floats:
        """Keys, (layers, key heads, keys, head_dim)."""
        return self._vectors("key")

    @property
    def value(self) -> Floats:
        """Values, (layers, key heads, keys, value_dim)."""
        return self._vectors("value")

    @property
    def scores(self) -> Floats:
        """Scores before mask and softmax, (layers, heads, queries, keys): query · key × scale, then
        softcap, then bias."""
        return self._vectors("scores")

    def _vectors(self, name: str) -> Floats:
        if name not in self.vectors:
            raise AttnvizError(
                f"The {name} of this record was not kept.",
                f'Trace with keep=("{name}",).',
                key="err.this_record_not",
                name=name,
            )
        return self.vectors[name]

    def without_media(self) -> Stack:
        """Return the same stack without the small copies of what its tokens were cut from."""
        queries = self.query_tokens.without_media()
        same = self.key_tokens is self.query_tokens
        keys = queries if same else self.key_tokens.without_media()
        return replace(self, query_tokens=queries, key_tokens=keys)

    @property
    def n_layers(self) -> int:
        """Layers in the stack."""
        return int(self._first().shape[0])

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint: with gaps where some have no attention."""
        return numbered(self.numbers, self.n_layers)

    @property
    def names_layers(self) -> bool:
        """Whether a head is named with its layer: there are several, or it has a number."""
        return self.n_layers > 1 or bool(self.numbers)

    @property
    def n_heads(self) -> int:
        """Heads in each layer."""
        return int(self._first().shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(queries, keys)"""
        return len(self.query_tokens), len(self.key_tokens)

    @property
    def streamed(self) -> bool:
        """Whether weights were streamed: all of them, or those around this part."""
        whole = self if self.place is None else self.place.whole
        return whole.weights is None

    def map(self, layer: Which = 0, head: Which = "mean", max_size: Size = 1024) -> PooledMap:
        """Pool the weights of one head, or the mean, in at most max_size × max_size cells.

        max_size: cells of a side, or (rows, columns).

        Streamed stacks keep up to 1,024 cells a side and answer from those, with the same numbers
        that dense ones give for the same cells.
        """
        self._check(layer, head)
        cells = self._cells(max_size)
        if self.summary is None:
            sums = largest = self._select(self._dense(), layer, head)
        else:
            sums = self._select(self.summary.sums, layer, head)
            largest = self._select(self.summary.maxima, layer, head)
        for axis, (cell, kept) in enumerate(zip(cells, self._kept_cells(), strict=True)):
            sums = pool(sums, cell // kept, axis + 2, np.add)
            largest = pool(largest, cell // kept, axis + 2, np.maximum)
        area = np.multiply.outer(*(_lengths(n, c) for n, c in zip(self.shape, cells, strict=True)))
        mean = sums.mean(axis=(0, 1)) / area.astype(sums.dtype)
        return PooledMap(mean, largest.max(axis=(0, 1)), cells)

    def allowed(self, layer: Which = 0, max_size: Size = 1024) -> NDArray[np.bool_]:
        """Return the cells of `map` in which the mask allows anything; all if none is known."""
        self._check(layer, "mean")
        cells = self._cells(max_size)
        rows, columns = (-(-n // c) for n, c in zip(self.shape, cells, strict=True))
        if not self.masks:
            return np.ones((rows, columns), dtype=np.bool_)
        chosen = self.masks if layer == "mean" else self.masks[layer : layer + 1]
        each = [_allowed(rule, self.shape, cells) for rule in chosen]
        anything: NDArray[np.bool_] = np.any(each, axis=0)
        return anything

    def strongest(
        self, layer: int = 0, head: Which = "mean", k: int = 3
    ) -> tuple[NDArray[np.int64], Floats]:
        """Return each query's k strongest keys and their weights: (queries, k) each, strongest
        first.

        Keys that tie come in the order of the text; a weight of 0 means nothing more was seen.
        Streamed stacks keep 8 per query.
        """
        self._check(layer, head)
        if k < 0:
            raise AttnvizError(
                f"{k} keys were asked for.", "Ask for 0 or more.", key="err.keys_asked", value=k
            )
        if self.summary is None:
            return measures.strongest(self._select(self._dense(), layer, head).mean(axis=(0, 1)), k)
        kept = self.summary.strongest_keys.shape[-1]
        if k > kept and kept < self.shape[1]:
            raise AttnvizError(
                f"Only the {kept} strongest keys were kept of this long text.",
                key="err.only_strongest",
                kept=kept,
            )
        row = self.n_heads if head == "mean" else head
        return (
            self.summary.strongest_keys[layer, row, :, :k].astype(np.int64),
            self.summary.strongest_weights[layer, row, :, :k],
        )

    def measure(self, name: str) -> NDArray[np.float64]:
        """Return one measure of every head: (layers, heads, queries), or (…, keys) for "received".

        Names: entropy, normalized_entropy, largest, total, distance, self, previous, next, first,
        received. NaN where a query has no such key. See `attnviz.measures` for definitions.
        """
        if name not in MEASURES:
            raise bad_choice(name, "a measure", MEASURES)
        if self.two_texts and name in measures.WITHIN_ONE_TEXT:
            raise AttnvizError(
                f'"{name}" compares positions in one text,',
                "and cross-attention has two: choose another measure.",
                key="err.compares_positions",
                name=name,
            )
        if name == "normalized_entropy":
            return measures.normalized(self.measure("entropy"), self.allowed_keys()[:, None, :])
        if self.summary is not None:
            kept = self.summary
            return kept.received if name == "received" else kept.measures[name].astype(np.float64)
        if name == "received":
            return measures.received(self._dense())
        return self._measure_rows(name)

    def allowed_keys(self) -> NDArray[np.int64]:
        """Return how many keys each query may see: (layers, queries)."""
        n_queries, n_keys = self.shape
        if not self.masks:
            return np.full((self.n_layers, n_queries), n_keys)
        rules = {id(rule): rule for rule in self.masks}  # most layers share theirs
        made = {name: rule.per_row(n_queries, n_keys) for name, rule in rules.items()}
        return np.stack([made[id(rule)] for rule in self.masks])

    def runs(self, layer: int) -> NDArray[np.int64] | None:
        """Return first key and one past the last that each query may see, (2, queries); None where
        these keys may stand apart."""
        n_queries, n_keys = self.shape
        if not self.masks:
            return np.repeat([[0], [n_keys]], n_queries, axis=1)
        return self.masks[layer].runs(n_queries, n_keys)

    def computed(self) -> int:
        """Return how many scores the mask let through, in one head, averaged over layers."""
        return round(float(self.allowed_keys().sum(axis=1).mean()))

    def heads(self) -> HeadTable:
        """Return every head with its measures averaged over the queries that have them."""
        names = [n for n in MEASURES if n != "received"]
        if self.two_texts:
            names = [n for n in names if n not in measures.WITHIN_ONE_TEXT]
        means = {name: _mean(self.measure(name)) for name in names}
        return HeadTable(
            tuple(
                HeadRow(
                    number,
                    head,
                    self.head_name(head),
                    {n: float(m[layer, head]) for n, m in means.items()},
                    self.key_head(head),
                )
                for layer, number in enumerate(self.layer_numbers)
                for head in range(self.n_heads)
            )
        )

    def head_name(self, head: int) -> str:
        """Return what the head is built to look at, or "" when nobody knows."""
        return self.head_names[head] if self.head_names else ""

    @property
    def shares_keys(self) -> bool:
        """Whether query heads share keys and values (grouped queries, arXiv 2305.13245)."""
        return self.key_heads is not None and self.key_heads < self.n_heads

    def key_head(self, head: int) -> int:
        """Return whose keys and values a query head uses: neighbours share."""
        return head * (self.key_heads or self.n_heads) // self.n_heads

    @property
    def positions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where in the text the rows and columns stand."""
        if self.place is not None:
            return self.place.rows, self.place.columns
        return np.arange(self.shape[0]), np.arange(self.shape[1])

    @property
    def crop_for_minimap(self) -> Place | None:
        """The crop, if the full text is longer than 64 tokens and more than its special tokens are
        left out; else None."""
        if self.place is None or max(self.place.whole.shape) <= SHORT:
            return None
        whole = self.place.whole
        words = int((~whole.query_tokens.special).sum()), int((~whole.key_tokens.special).sum())
        return None if self.shape == words else self.place

    def far_links(self, layer: int = 0, head: Which = "mean", k: int = 8) -> list[Link]:
        """Return the k strongest links between tokens that are far apart, each key once, strongest
        first: at least a sixteenth of the text, and 16 tokens. Streamed stacks know those among the
        strongest keys of each query. None of two texts, where nothing is far."""
        if self.two_texts:
            return []
        keys, weights = self.strongest(layer, head, min(FAR_AMONG, self.shape[1]))
        apart = np.abs(keys - np.arange(len(keys))[:, None])
        far = (apart >= max(FAR, self.shape[1] // FAR)) & (weights > 0)
        query, column = np.nonzero(far)
        found = keys[query, column]
        order = np.argsort(-weights[query, column], kind="stable")
        _, first = np.unique(found[order], return_index=True)
        best = order[np.sort(first)[:k]]
        links = zip(query[best], found[best], weights[query[best], column[best]], strict=True)
        return [Link(int(i), int(j), float(weight)) for i, j, weight in links]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stack) and all(
            same(getattr(self, name), getattr(other, name))
            for name in self.__dataclass_fields__
            if name != "place"
        )

    def _first(self) -> Floats:
        return self._dense() if self.summary is None else self.summary.sums

    def _dense(self) -> Floats:
        assert self.weights is not None  # a stack has weights or a summary
        return self.weights

    def _kept_cells(self) -> tuple[int, int]:
        return (1, 1) if self.summary is None else self.summary.cells

    def _check(self, layer: Which, head: Which) -> None:
        for what, value, n in (("Layer", layer, self.n_layers), ("Head", head, self.n_heads)):
            number = isinstance(value, int | np.integer)
            if value != "mean" and not (number and 0 <= int(value) < n):
                raise out_of_range(what, value, 0, n - 1)

    def _cells(self, max_size: Size) -> tuple[int, int]:
        """Queries and keys per cell of a map of at most `max_size` cells a side."""
        sizes = (max_size, max_size) if isinstance(max_size, int) else max_size
        if min(sizes) < 1:
            raise AttnvizError(
                f"The map size is {max_size}.",
                "It must be 1 or more.",
                key="err.map_size",
                max_size=max_size,
            )
        kept = (None, None) if self.summary is None else self.summary.cells
        rows, columns = map(cell_size, self.shape, sizes, kept)
        return rows, columns

    def _select(self, array: Floats, layer: Which, head: Which) -> Floats:
        layers = slice(None) if layer == "mean" else slice(layer, layer + 1)
        heads = slice(None) if head == "mean" else slice(head, head + 1)
        return array[layers, heads]

    def _measure_rows(self, name: str) -> NDArray[np.float64]:
        weights, (n_queries, n_keys) = self._dense(), self.shape
        values = np.empty(weights.shape[:3])
        for start in range(0, n_queries, _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, n_queries))
            part = weights[:, :, rows[0] : rows[-1] + 1]
            values[:, :, rows] = measures.PER_QUERY[name](part, rows, np.arange(n_keys), n_keys)
        return values


def _lengths(n: int, cell: int) -> NDArray[np.int64]:
    """Tokens in each cell: the last may hold fewer."""
    return np.minimum(cell, n - np.arange(0, n, cell))


def _allowed(rule: Rule, shape: tuple[int, int], cells: tuple[int, int]) -> NDArray[np.bool_]:
    if cells == (1, 1):
        return rule.to_array(*shape)
    if isinstance(rule, Hashable):  # all heads of a layer, and often all layers, ask for the same
        return _kept_cells_allowed(rule, shape, cells)
    return _cells_allowed(rule, shape, cells)


def _cells_allowed(rule: Rule, shape: tuple[int, int], cells: tuple[int, int]) -> NDArray[np.bool_]:
    found = np.zeros([-(-n // c) for n, c in zip(shape, cells, strict=True)], dtype=np.bool_)
    for row in range(found.shape[0]):
        tokens = np.arange(row * cells[0], min((row + 1) * cells[0], shape[0]))
        for low, high in clip(rule.ranges(tokens), shape[1]):
            found[row, low // cells[1] : (high - 1) // cells[1] + 1] = True
    return found


_kept_cells_allowed = lru_cache(maxsize=2)(_cells_allowed)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over the last axis of what is a number; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0).sum(axis=-1)
    means: NDArray[np.float64] = np.divide(
        total, count, out=np.full(total.shape, np.nan), where=count > 0
    )
    return means


def same(first: Any, second: Any) -> bool:
    """Tell whether two values are equal, arrays and what holds them included; NaN equals NaN."""
    if isinstance(first, Summary) and isinstance(second, Summary):
        return same(vars(first), vars(second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(
            first, second, equal_nan=first.dtype.kind == "f"
        )
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return False
    return bool(first == second)
