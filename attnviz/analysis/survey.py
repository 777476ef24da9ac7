"""What every head does over many texts: sums that are merged, never the weights themselves.

A text's value of a measure is the mean over its queries (`head_labels.look`); mean, standard
deviation and quantiles are over texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.head_labels import kinds_of
from attnviz.analysis.head_measures import MEASURES, measured
from attnviz.analysis.head_patterns import KINDS
from attnviz.analysis.moments import Array, Moments, Quantiles
from attnviz.analysis.significance import Difference, differences
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.inputs.labels import shortened
from attnviz.record.numbering import numbered
from attnviz.record.shown_by import shower
from attnviz.record.stack import Floats, Stack

USUAL = "normalized_entropy"  # the measure that orders and colours heads
N_EXAMPLES = 5  # of each head
CONTEXT = 8  # tokens on each side of an example's query that are kept
LONGEST_CONTEXT = 200  # characters of it
MAP_SIDE = 24  # tokens of an example's map, down and across
LONGEST_LABEL = 24  # characters of a token beside it


@dataclass(frozen=True)
class ExampleMap:
    """One head's weights around an example's pair. queries, keys: the tokens down and across;
    cells: a byte for each of the weights, row by row, 255 for 1; pair: its row and column."""

    queries: tuple[str, ...]
    keys: tuple[str, ...]
    cells: bytes
    pair: tuple[int, int]

    @property
    def weights(self) -> NDArray[np.uint8]:
        """The weights in steps of 1/255: (queries, keys)"""
        flat = np.frombuffer(self.cells, np.uint8)
        return flat.reshape(len(self.queries), len(self.keys))


@dataclass(frozen=True, order=True)
class Example:
    """Where a head put much of one query's weight: the largest first, then the earliest text."""

    sort: tuple[float, int]  # −weight, number of the text
    place: str
    query: str
    key: str
    context: str
    map: ExampleMap | None = field(default=None, compare=False)  # older files have none

    @property
    def weight(self) -> float:
        """The weight of the pair, from 0 to 1."""
        return -self.sort[0]


@dataclass(frozen=True)
class Strongest:
    """Each head's strongest pair of one text. weights, cells: (layers, heads), the weight and the
    place of the pair in the flat matrix, −1 where there is none; an example is made of it when it
    is among the strongest of all texts. every: the weights of all, which live no longer."""

    weights: Array
    cells: NDArray[np.int64]
    queries: Sequence[str]
    keys: Sequence[str]
    number: int
    place: str
    every: Floats  # (layers, heads, queries, keys)

    def example(self, layer: int, head: int) -> Example:
        """Return the pair with the words around it."""
        query, key = divmod(int(self.cells[layer, head]), len(self.keys))
        around = self.queries[max(query - CONTEXT, 0) : query + CONTEXT + 1]
        sort = (-float(self.weights[layer, head]), self.number)
        context = " ".join(around)[:LONGEST_CONTEXT]
        near = self._map(layer, head, query, key)
        return Example(sort, self.place, self.queries[query], self.keys[key], context, near)

    def _map(self, layer: int, head: int, query: int, key: int) -> ExampleMap:
        """The head's weights around the pair: the same tokens down and across where they fit."""
        apart = abs(query - key) >= MAP_SIDE or len(self.queries) != len(self.keys)
        middle = (query, key) if apart else ((query + key) // 2,) * 2
        down, across = _near(middle[0], len(self.queries)), _near(middle[1], len(self.keys))
        weights = np.clip(self.every[layer, head, down, across], 0, 1)
        queries, keys = (
            tuple(shortened(label, LONGEST_LABEL) for label in labels)
            for labels in (self.queries[down], self.keys[across])
        )
        cells = np.rint(255 * weights).astype(np.uint8).tobytes()
        return ExampleMap(queries, keys, cells, (query - down.start, key - across.start))


def _near(middle: int, n: int) -> slice:
    """The tokens around one of n that a map shows."""
    start = max(min(middle - (MAP_SIDE - 1) // 2, n - MAP_SIDE), 0)
    return slice(start, min(start + MAP_SIDE, n))


@dataclass(frozen=True)
class TextValues:
    """One text's share in a survey. measures: (measures, layers, heads), NaN where a text has no
    such value; kinds: (layers, heads), places in KINDS. numbers: of the layers in the checkpoint,
    where some have no attention."""

    measures: Array
    kinds: NDArray[np.int64]
    strongest: Strongest
    n_tokens: int
    group: str | None = None
    numbers: tuple[int, ...] = ()


def text_values(stack: Stack, number: int, place: str, group: str | None = None) -> TextValues:
    """Measure every head of one text's stack, whose weights are all kept."""
    numbers = measured(stack, range(stack.n_layers))
    measures = np.array([numbers[name] for name in MEASURES], np.float64)
    strongest = _strongest(stack, number, place)
    return TextValues(measures, kinds_of(stack), strongest, stack.shape[0], group, stack.numbers)


def _strongest(stack: Stack, number: int, place: str) -> Strongest:
    """Each head's strongest pair, the first and the special tokens set aside as keys."""
    weights = stack.weights
    assert weights is not None  # a survey keeps the weights of one batch
    open_keys = ~np.asarray(stack.key_tokens.special, bool)
    open_keys[0] &= stack.two_texts  # the first token of a text is where heads rest
    columns = np.flatnonzero(open_keys)
    shape = weights.shape[:2]
    if columns.size:
        seen = weights[..., columns].reshape(*shape, -1)  # in the order of the text
        best = seen.argmax(axis=-1)
        largest = np.take_along_axis(seen, best[..., None], axis=-1)[..., 0].astype(np.float64)
        query, column = np.divmod(best, columns.size)
        cells = query * stack.shape[1] + columns[column]
    else:
        largest, cells = np.full(shape, -1.0), np.full(shape, -1)
    labels = stack.query_tokens.labels, stack.key_tokens.labels
    return Strongest(largest, cells, *labels, number, place, weights)


@dataclass
class Part:
    """The sums of some texts: what a chunk of a survey leaves behind."""

    shape: tuple[int, int]  # layers, heads
    numbers: tuple[int, ...] = ()  # of the layers in the checkpoint, where some do not attend
    moments: Moments = field(init=False)  # (measures, layers, heads)
    quantiles: Quantiles = field(init=False)
    kinds: NDArray[np.int64] = field(init=False)  # (kinds, layers, heads): texts with each label
    groups: dict[str, Moments] = field(default_factory=dict)
    examples: dict[tuple[int, int], list[Example]] = field(default_factory=dict)
    least: Array = field(init=False)  # (layers, heads): what an example has to be stronger than
    n: int = 0
    n_tokens: int = 0
    n_cut: int = 0  # texts that were longer than the model's positions, and were cut

    def __post_init__(self) -> None:
        self.moments = Moments((len(MEASURES), *self.shape))
        self.quantiles = Quantiles((len(MEASURES), *self.shape))
        self.kinds = np.zeros((len(KINDS), *self.shape), np.int64)
        self.least = np.full(self.shape, -1.0)

    def add(self, texts: Sequence[TextValues]) -> None:
        """Take in several texts, which come after those that were taken in."""
        self.n += len(texts)
        self.n_tokens += sum(text.n_tokens for text in texts)
        values = np.stack([text.measures for text in texts])
        self.moments.add(values)
        self.quantiles.add(values)
        layers, heads = np.indices(self.shape)
        np.add.at(self.kinds, (np.stack([text.kinds for text in texts]), layers, heads), 1)
        for group in dict.fromkeys(text.group for text in texts):
            if group is not None:
                self._group(group).add(values[[text.group == group for text in texts]])
        self._keep_strongest([text.strongest for text in texts])

    def _keep_strongest(self, texts: Sequence[Strongest]) -> None:
        """Make examples of those pairs alone that are among the strongest."""
        weights = np.stack([text.weights for text in texts])
        order = np.argsort(-weights, axis=0, kind="stable")[:N_EXAMPLES]
        stronger = np.take_along_axis(weights, order, axis=0) > self.least
        for layer, head in np.argwhere(stronger.any(axis=0)).tolist():
            best = order[stronger[:, layer, head], layer, head].tolist()
            self._keep((layer, head), [texts[i].example(layer, head) for i in best])

    def merge(self, other: Part) -> None:
        """Take in what another part has, whose texts come later."""
        self.n += other.n
        self.n_tokens += other.n_tokens
        self.n_cut += other.n_cut
        self.moments.merge(other.moments)
        self.quantiles.merge(other.quantiles)
        self.kinds += other.kinds
        for name, moments in other.groups.items():
            self._group(name).merge(moments)
        for head, examples in other.examples.items():
            self._keep(head, examples)

    def _group(self, name: str) -> Moments:
        return self.groups.setdefault(name, Moments((len(MEASURES), *self.shape)))

    def _keep(self, head: tuple[int, int], examples: list[Example]) -> None:
        kept = sorted([*self.examples.get(head, []), *examples], key=lambda one: one.sort)
        self.examples[head] = kept[:N_EXAMPLES]
        if len(kept) >= N_EXAMPLES:
            self.least[head] = kept[N_EXAMPLES - 1].weight


@dataclass(frozen=True)
class Failed:
    """A text that could not be run, and why."""

    number: int
    place: str
    reason: str


@dataclass(frozen=True)
class Survey:
    """Every head of a model over many texts.

    model: its name. settings: what was asked for, JSON-ready. failed: texts that could not be run.
    """

    model: str
    details: Mapping[str, Any]
    settings: Mapping[str, Any]
    part: Part
    failed: tuple[Failed, ...] = ()
    n_empty: int = 0

    def save(self, path: str | Path, **look: Any) -> None:
        """Write what the suffix says, whole or not at all: every sum (.npz, which `attnviz view`
        and `compare` open), tables, a picture, a page; `sort`: the measure that colours them."""
        shower("survey")(self, path, **look)

    @property
    def n(self) -> int:
        """How many texts were measured."""
        return self.part.n

    @property
    def shape(self) -> tuple[int, int]:
        """Layers and heads."""
        return self.part.shape

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint."""
        return numbered(self.part.numbers, self.shape[0])

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the measures that some text has a value of."""
        n = self.part.moments.n
        return tuple(name for place, name in enumerate(MEASURES) if n[place].any())

    @property
    def usual(self) -> str:
        """The measure that orders and colours heads unless another is named: their effect where it
        was measured, for it took longest."""
        return "effect" if "effect" in self.measures else USUAL

    def mean(self, name: str) -> Array:
        """Return a measure's mean over texts, (layers, heads); NaN without a value."""
        place = self._place(name)
        n = self.part.moments.n[place]
        mean: Array = np.where(n > 0, self.part.moments.mean[place], np.nan)
        return mean

    def sd(self, name: str) -> Array:
        """Return its standard deviation over texts (n − 1), (layers, heads)."""
        sd: Array = self.part.moments.sd[self._place(name)]
        return sd

    def count(self, name: str) -> NDArray[np.int64]:
        """Return how many texts have a value of it, (layers, heads)."""
        n: NDArray[np.int64] = self.part.moments.n[self._place(name)]
        return n

    def quantile(self, name: str, share: float) -> Array:
        """Return its quantile over texts, (layers, heads), within 1.6 % of itself."""
        found: Array = self.part.quantiles.at([share])[0, self._place(name)]
        return found

    @property
    def labels(self) -> list[list[str]]:
        """The most frequent label of each head, by layer and head."""
        return [[KINDS[kind] for kind in row] for row in self.part.kinds.argmax(axis=0)]

    @property
    def label_share(self) -> Array:
        """The share of texts that have the most frequent label, (layers, heads)."""
        share: Array = self.part.kinds.max(axis=0) / max(self.n, 1)
        return share

    def examples(self, layer: int, head: int) -> list[Example]:
        """Return where a head is strongest, the strongest first, each with its weights around the
        pair (`map`); AttnvizError for no such head."""
        for what, number, n in (("Layer", layer, self.shape[0]), ("Head", head, self.shape[1])):
            if not 0 <= number < n:
                raise out_of_range(what, number, 0, n - 1)
        return self.part.examples.get((layer, head), [])

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in alphabetical order."""
        return tuple(sorted(self.part.groups))

    def group_mean(self, name: str, group: str) -> Array:
        """Return a measure's mean over one group's texts, (layers, heads)."""
        if group not in self.part.groups:
            raise bad_choice(group, "group", self.groups)
        moments = self.part.groups[group]
        mean: Array = np.where(moments.n > 0, moments.mean, np.nan)[self._place(name)]
        return mean

    def differences(self, name: str) -> Difference:
        """Return how a measure differs between two groups, head by head.

        Raises AttnvizError unless there are exactly two groups.
        """
        if len(self.groups) != 2:
            raise AttnvizError(
                f"There are {len(self.groups)} groups of texts, and two can be compared.",
                "Choose a column with two values.",
                key="err.groups_texts",
                n=len(self.groups),
            )
        first, second = (self.part.groups[group] for group in self.groups)
        return differences(first, second, self._place(name))

    def _place(self, name: str) -> int:
        return _place(name)


def _place(name: str) -> int:
    if name not in MEASURES:
        raise bad_choice(name, "a measure", MEASURES)
    return list(MEASURES).index(name)


def compare_surveys(first: Survey, second: Survey, name: str) -> Difference:
    """Return how a measure differs from one survey to another, head by head, tested together.

    Raises AttnvizError where they have other layers or heads.
    """
    if first.shape != second.shape:
        shapes = " and ".join(
            f"{layers} × {heads}" for layers, heads in (first.shape, second.shape)
        )
        raise AttnvizError(
            f"The surveys have {shapes} heads.",
            "Compare models with as many layers and heads.",
            key="err.surveys_heads",
            shapes=shapes,
        )
    gap = differences(first.part.moments, second.part.moments, _place(name))
    return replace(gap, numbers=first.part.numbers)
