"""What the explorer looks at: a record, a head of it, a query; and how each key moves on.

Nothing here draws: a step is a new `State`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.transform import Transform
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import NOT_ON_THE_GRID, Boxes
from attnviz.language.languages import all_languages
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Floats, PooledMap, Stack, Which
from attnviz.record.summary import STRONGEST
from attnviz.views.look import Look
from attnviz.views.overlay import looking_patch
from attnviz.views.scale import SCALES, Shades, shades

WORDS = Transform(merge="words")


@dataclass(frozen=True, eq=False)
class Sheet:
    """The weights of one head, or the mean, as finely as they were kept."""

    stack: Stack
    layer: int
    head: Which
    _bright: dict[str, Shades] = field(default_factory=dict)

    @cached_property
    def map(self) -> PooledMap:
        """Every weight, or of a streamed text the cells that were kept."""
        return self.stack.map(self.layer, self.head, max(self.stack.shape))

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """Where the mask lets anything through, cell by cell."""
        return self.stack.allowed(self.layer, max(self.stack.shape))

    def bright(self, scale: str) -> Shades:
        """Return how bright each cell is."""
        if scale not in self._bright:
            whole = self.map.cells[1] == 1
            self._bright[scale] = shades(self.map.mean, self.allowed, scale, whole=whole)
        return self._bright[scale]

    def row(self, query: int, scale: str) -> tuple[Floats, NDArray[np.bool_]]:
        """Return how bright each key is to one query, and which it may see: (keys,) each."""
        row, cell, n_keys = query // self.map.cells[0], self.map.cells[1], self.stack.shape[1]
        allowed = np.repeat(self.allowed[row], cell)[:n_keys]
        if self.stack.weights is not None:
            return self.bright(scale).shares[row], allowed
        shares, known = np.zeros(n_keys), self.strongest(query, STRONGEST)  # of a streamed text
        for key, weight in known:
            shares[key] = weight / known[0][1]
        return shares, allowed

    @property
    def pooled(self) -> bool:
        """Whether a cell of the map holds several weights."""
        return self.map.cells != (1, 1)

    def weight(self, query: int, key: int) -> float:
        """Return one weight, or the mean of its cell."""
        rows, columns = self.map.cells
        return float(self.map.mean[query // rows, key // columns])

    @cached_property
    def kept(self) -> tuple[NDArray[np.int64], Floats]:
        """The strongest keys of each query, which are kept one by one, and their weights."""
        return self.stack.strongest(self.layer, self.head, min(STRONGEST, self.stack.shape[1]))

    def single(self, rows: slice, columns: slice, scale: str) -> tuple[Floats, Floats, Shades]:
        """Return the kept weights of a part: how bright, how large, and by which scale; NaN where
        the weight was not kept."""
        keys, weights = self.kept
        bright = shades(weights, weights > 0, scale, whole=False)
        at = keys[rows] - columns.start
        shown = (weights[rows] > 0) & (at >= 0) & (at < columns.stop - columns.start)
        place = np.nonzero(shown)[0], at[shown]
        shares = np.full((len(at), columns.stop - columns.start), np.nan)
        found = shares.copy()
        shares[place], found[place] = bright.shares[rows][shown], weights[rows][shown]
        return shares, found, bright

    def sees(self, rows: slice, columns: slice) -> NDArray[np.bool_]:
        """Return which keys of a part its queries may see."""
        queries, keys = (np.arange(part.start, part.stop) for part in (rows, columns))
        if not self.stack.masks:
            return np.ones((len(queries), len(keys)), np.bool_)
        return self.stack.masks[self.layer](queries, keys)

    def strongest(self, query: int, most: int) -> list[tuple[int, float]]:
        """Return the strongest keys of one query and their weights; nothing for what was not
        seen."""
        if self.stack.weights is None:
            keys, weights = self.stack.strongest(self.layer, self.head, min(most, STRONGEST))
            pairs = zip(keys[query].tolist(), weights[query].tolist(), strict=True)
            return [(key, weight) for key, weight in pairs if weight > 0]
        row = self.map.mean[query]
        order = np.argsort(-row, kind="stable")
        seen = order[self.allowed[query][order]][:most]
        return [(int(key), float(row[key])) for key in seen]


@dataclass(frozen=True)
class State:
    """One state of the explorer.

    record: as it was traced or read; seen: the same, or with words for pieces. look: the layer,
    the head, the scale and the language; sheet: that head's weights. query: the token that looks;
    pins: queries that stay in sight. near: single tokens around the query, where the whole text
    only fits pooled; of a picture, the map in its place. column: of a picture, what every patch
    gives the query in place of what the query gives them.
    """

    record: AttentionRecord
    seen: AttentionRecord
    look: Look
    sheet: Sheet
    query: int = 0
    pins: tuple[int, ...] = ()
    near: bool = False
    column: bool = False

    @classmethod
    def at(cls, record: AttentionRecord, look: Look) -> State:
        """Begin at the first query of the layer and head that were chosen; of a picture at the one
        that every view begins with."""
        stack = record.stack
        query = looking_patch(stack, look) if isinstance(stack.query_tokens.where, Boxes) else 0
        return cls(record, record, look, Sheet(stack, look.layer, look.head), query)

    @property
    def stack(self) -> Stack:
        """What is shown."""
        return self.seen.stack

    @property
    def merged(self) -> bool:
        """Whether words stand for pieces."""
        return self.seen is not self.record

    def to_query(self, query: int) -> State:
        """Return another query, as near as there is one."""
        return replace(self, query=min(max(query, 0), self.stack.shape[0] - 1))

    def to_line(self, step: int) -> State:
        """Return the patch below, or above; of anything else, the next query, or the one before."""
        where = self.stack.query_tokens.where
        if not isinstance(where, Boxes) or where.cells[self.query] == NOT_ON_THE_GRID:
            return self.to_query(self.query + step)
        found = np.flatnonzero(where.cells == where.cells[self.query] + step * where.grid[1])
        return self.to_query(int(found[0])) if found.size else self

    def to_head(self, head: Which, layer: int | None = None) -> State:
        """Return another head, and layer."""
        return self._at_head(self.seen, self.sheet.layer if layer is None else layer, head)

    def next_head(self, step: int) -> State:
        """Return the head after, or before: the mean, then 0, 1, 2 … and round again."""
        n = self.stack.n_heads
        ring: list[Which] = ["mean", *range(n)] if n > 1 else [0]
        place = ring.index(self.sheet.head) if self.sheet.head in ring else 0
        return self.to_head(ring[(place + step) % len(ring)])

    def next_layer(self, step: int) -> State:
        """Return the layer after, or before, and round again."""
        return self.to_head(self.sheet.head, (self.sheet.layer + step) % self.stack.n_layers)

    def next_scale(self) -> State:
        """Return the next way to turn weights into colours."""
        scale = SCALES[(SCALES.index(self.look.scale) + 1) % len(SCALES)]
        return replace(self, look=replace(self.look, scale=scale))

    def next_language(self) -> State:
        """Return the next language of all words."""
        languages = [*all_languages().values()]
        place = (languages.index(self.look.language) + 1) % len(languages)
        return replace(self, look=replace(self.look, language=languages[place]))

    def pin(self) -> State:
        """Keep the query in sight, or no longer."""
        others = tuple(pin for pin in self.pins if pin != self.query)
        kept = others if self.query in self.pins else tuple(sorted((*others, self.query)))
        return replace(self, pins=kept)

    def merge(self) -> State:
        """Return words for pieces, or pieces again; AttnvizError for a streamed text."""
        return self._show(self.record, self.record if self.merged else WORDS.apply(self.record))

    def with_record(self, record: AttentionRecord) -> State:
        """Return another record in the same place: the same layer, head and words where it has
        them."""
        seen = WORDS.apply(record) if self.merged and record.stack.weights is not None else record
        return self._show(record, seen)

    def find(self, word: str) -> list[int]:
        """Return every query with that name, or else with that in it; AttnvizError if there is
        none."""
        tokens = self.stack.query_tokens
        try:
            return tokens.find(word)
        except AttnvizError:
            folded = word.casefold()
            found = [i for i, name in enumerate(tokens.names) if folded in name.casefold()]
            if not (found and folded):
                raise
            return found

    def search(self, word: str, step: int = 0) -> State:
        """Return the next query of that name: from here (0), after here (1) or before here (-1)."""
        places = self.find(word)
        if step < 0:
            return self.to_query(([places[-1]] + [p for p in places if p < self.query])[-1])
        return self.to_query(next((p for p in places if p >= self.query + step), places[0]))

    def _show(self, record: AttentionRecord, seen: AttentionRecord) -> State:
        stack, before = seen.stack, self.stack.query_tokens
        head, layer = self.sheet.head, min(self.sheet.layer, stack.n_layers - 1)
        head = "mean" if head != "mean" and head >= stack.n_heads else head
        query, *pins = same_places(before, stack.query_tokens, (self.query, *self.pins))
        moved = replace(self._at_head(seen, layer, head), record=record, seen=seen)
        return replace(moved, query=query, pins=tuple(sorted(set(pins))))

    def _at_head(self, seen: AttentionRecord, layer: int, head: Which) -> State:
        """The same state with the weights of another head, of what is or will be seen."""
        heads = () if head == "mean" else (head,)
        look = replace(self.look, layer=layer, heads=heads)
        return replace(self, look=look, sheet=Sheet(seen.stack, layer, head))


def same_places(before: Tokens, after: Tokens, places: Iterable[int]) -> list[int]:
    """Return where tokens of one cutting of a text are in another: by their characters."""
    return [_same_place(before, after, place) for place in places]


def _same_place(before: Tokens, after: Tokens, place: int) -> int:
    start, stop = before.spans[place].tolist()
    if start == stop:  # a special token: the first stays the first, the last the last
        return 0 if place == 0 else max(len(after) - (len(before) - place), 0)
    return at_character(after, start)


def at_character(tokens: Tokens, character: int) -> int:
    """Return the token that holds a character of the text, or else the last that begins before
    it."""
    begun = (tokens.spans[:, 0] <= character) & (tokens.spans[:, 1] > tokens.spans[:, 0])
    found = np.flatnonzero(begun)
    return int(found[-1]) if found.size else 0
