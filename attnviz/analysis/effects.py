"""What changes in an answer when a part of the model, or of the text, is taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz._version import __version__
from attnviz.errors import bad_choice
from attnviz.files.table import table_text
from attnviz.files.write import written_whole
from attnviz.record.numbering import numbered

Array = NDArray[np.float64]

NONE = 1e-6  # an effect below this is rounding
SUFFIXES = (".json", ".csv", ".npz")


@dataclass(frozen=True)
class Edge:
    """One query that may not see one key, everywhere or in some heads, and the effect of that."""

    query: str
    key: str
    effect: float
    heads: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Effects:
    """How much an answer changes, in `unit`.

    table: (layers, heads), each head alone; NaN where it was not asked for. layers: (layers,), all
    heads of a layer together. tokens: (tokens,), each token hidden alone; labels: their names,
    special: which of them the tokenizer added. together: the chosen heads taken away jointly.
    by: what stands in place of a head: "mean" over other texts, "zero", or another "text".
    answer: what the clean run says. numbers: of the layers in the checkpoint, where some have no
    attention. model, stack, read_out: whose, and what was measured.
    """

    model: str
    stack: str
    read_out: str
    unit: str
    by: str
    answer: str
    table: Array
    layers: Array
    tokens: Array
    labels: tuple[str, ...]
    special: tuple[bool, ...]
    heads: tuple[tuple[int, int], ...] = ()
    together: float | None = None
    edges: tuple[Edge, ...] = ()
    n_reference: int = 0
    numbers: tuple[int, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint."""
        return numbered(self.numbers, len(self.layers))

    def ranked(self) -> list[tuple[int, int, float]]:
        """Return layer, head and effect of every head, the largest change first."""
        known = [(layer, head, float(self.table[layer, head]))
                 for layer, head in np.ndindex(self.table.shape)]  # fmt: skip
        return sorted((row for row in known if row[2] == row[2]), key=lambda row: -abs(row[2]))

    def ranked_tokens(self) -> list[tuple[int, float]]:
        """Return position and effect of every token that is no special one, as `ranked`."""
        rows = [(i, float(effect)) for i, effect in enumerate(self.tokens)]
        open_rows = [row for row in rows if row[1] == row[1] and not self.special[row[0]]]
        return sorted(open_rows, key=lambda row: -abs(row[1]))

    def save(self, path: str | Path) -> None:
        """Write the numbers as `.json`, `.csv` or `.npz`, whole or not at all. Raises AttnvizError
        for another suffix or a place that cannot be written."""
        place = Path(path)
        suffix = place.suffix.lower()
        if suffix not in SUFFIXES:
            raise bad_choice(place.suffix or place.name, "the suffix of effects", SUFFIXES)
        with written_whole(place) as file:
            if suffix == ".npz":
                arrays: dict[str, Any] = {"table": self.table, "layers": self.layers,
                                          "tokens": self.tokens}  # fmt: skip
                np.savez_compressed(file, **arrays, effects=np.array(self.to_json()))
            else:
                text = self.to_json() if suffix == ".json" else self.to_csv()
                file.write(text.encode())

    def to_json(self) -> str:
        """Return every number as one JSON document; null where one was not asked for."""
        edges = [{"query": e.query, "key": e.key, "effect": e.effect, "heads": e.heads}
                 for e in self.edges]  # fmt: skip
        tree = {
            "format": "attnviz-effects", "attnviz": __version__, "model": self.model,
            "stack": self.stack, "read_out": self.read_out, "unit": self.unit, "by": self.by,
            "answer": self.answer, "n_reference": self.n_reference,
            "layer_numbers": self.layer_numbers,
            "heads": [_plain(row) for row in self.table], "layers": _plain(self.layers),
            "tokens": [{"label": label, "effect": effect} for label, effect in
                       zip(self.labels, _plain(self.tokens), strict=True)],
            "together": self.together, "chosen": self.heads, "edges": edges,
            "settings": self.settings,
        }  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """Return one line a head, layer, token or edge."""
        return table_text([("of", "place", "label", "effect"), *self._rows()])

    def _rows(self) -> Iterator[tuple[str, str, str, float | None]]:
        for layer, head in np.ndindex(self.table.shape):
            yield (
                "head",
                f"{self.layer_numbers[layer]}.{head}",
                "",
                _number(float(self.table[layer, head])),
            )
        for layer, effect in zip(self.layer_numbers, self.layers.tolist(), strict=True):
            yield "layer", str(layer), "", _number(effect)
        for i, (label, effect) in enumerate(zip(self.labels, self.tokens, strict=True)):
            yield "token", str(i), label, _number(effect)
        for edge in self.edges:
            yield "edge", f"{edge.query}>{edge.key}", "", edge.effect


def _number(value: float) -> float | None:
    return float(value) if value == value else None


def _plain(values: Array) -> list[float | None]:
    return [_number(value) for value in values.tolist()]
