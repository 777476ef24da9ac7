"""Does it matter? Heads, layers, tokens and edges are taken away, and the answer is compared.

Everything below a change is kept from the clean run, and the heads of a layer, or the tokens of a
text, run side by side. A head is replaced by its mean over other texts (`by="mean"`), by nothing
("zero"), or by what it gives for another text, place by place ("text": activation patching). A
token is hidden as an attention mask of transformers hides it; an edge is a score of −∞ ("attention
knock-out", Geva et al. 2023, arXiv 2304.14767).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from attnviz.analysis.effects import Array, Edge, Effects
from attnviz.errors import AttnvizError, bad_choice, known_arguments, out_of_range
from attnviz.files.samples import samples_folder
from attnviz.inputs.tokens import Tokens
from attnviz.models import load_writer
from attnviz.models.layers import Floats
from attnviz.models.model import SOURCE, TEXT, Inputs, Prepared
from attnviz.models.network.network import State
from attnviz.models.trained import TrainedModel
from attnviz.tracing.knock_out import MOST_TOKENS, KnockOut, Place, Removal, side_by_side
from attnviz.tracing.read_out import ReadOut, choose_read_out
from attnviz.tracing.trace import position_of

OF = ("heads", "layers", "tokens", "edges")
BY = ("mean", "zero", "text")
HeadPlace = tuple[int, int]  # layer and head


class Options(TypedDict, total=False):
    """What is read; `effects` explains each."""

    ids: Sequence[int] | None
    pair: str | None
    source: str | None
    source_ids: Sequence[int] | None
    truncate: bool


@known_arguments(*Options.__annotations__)
def effects(
    text: str | None = None, *, model: str | Path | TrainedModel = "minilm", of: str = "heads",
    by: str = "mean", heads: Sequence[HeadPlace] = (),
    edges: Sequence[tuple[int | str, int | str]] = (), reference: Sequence[str] | None = None,
    other: str | None = None, other_ids: Sequence[int] | None = None, answer: str | None = None,
    against: str | None = None, stack: str | None = None,
    progress: Callable[[int, int], object] | None = None, **options: Unpack[Options],
) -> Effects:  # fmt: skip
    """Take parts away one at a time and measure how much the answer changes.

    model: a checkpoint, by name, folder or as `load_model` gave it. ids, pair, source, source_ids,
        truncate: as in `trace`.
    of: "heads" (each alone, all of a layer, and every token), "layers", "tokens" or "edges".
    by: what stands in place of a head: its "mean" over the places of reference texts, "zero", or
        what it gives for another "text" of as many tokens (`other`, or `other_ids`).
    heads: these (layer, head) are also taken away together; with `edges`, only they are cut.
    edges: (query, key) by word or position.
    reference: the texts of the mean; ten bundled sentences unless given.
    answer, against: measure the change of log p(answer), or of the difference of two logits, in
        place of the divergence of the whole distribution.
    stack: of an encoder-decoder, the one whose heads are taken away: "cross" unless given.
    progress: called with runs done and runs to do.

    Raises AttnvizError for what does not fit together.
    """
    _check(of, by, heads, edges, other, other_ids)
    opened = load_writer(model)
    if opened.has_global_tokens:
        raise AttnvizError(
            f"{opened.name} has two kinds of queries, which cannot be taken away alone.",
            "Choose another model.",
        )
    prepared = opened.prepare(Inputs(text, **_inputs(options)))
    clean = _clean_run(opened, prepared)
    read_out = choose_read_out(opened, prepared.text, clean.hidden, answer, against)
    name = _stack_of(opened, stack)
    bench = _Bench(opened, prepared, clean, read_out, name, progress)
    if of in ("tokens", "edges"):
        return _measured(bench, of, by, _nothing, 0, heads, edges)
    instead, n_reference = _instead(bench, by, reference, text, other, other_ids)
    return _measured(bench, of, by, instead, n_reference, heads, edges)


def _check(
    of: str, by: str, heads: Sequence[HeadPlace], edges: Sequence[object],
    other: str | None, other_ids: Sequence[int] | None,
) -> None:  # fmt: skip
    if of not in OF:
        raise bad_choice(of, "`of`", OF)
    if by not in BY:
        raise bad_choice(by, "`by`", BY)
    if of == "edges" and not edges:
        raise AttnvizError("There is no edge to cut.", "Name at least one as (query, key).")
    given = other is not None or other_ids is not None
    if given != (by == "text"):
        raise AttnvizError(
            'Another text stands in place of heads only with by="text", which needs one.',
            'Give `other` with `by` "text", or neither.',
        )
    if len({*heads}) < len(heads):
        raise AttnvizError("A head was named twice.", "Name each head once.")


def _inputs(options: Options) -> Options:
    return {name: value for name, value in options.items() if value is not None}  # type: ignore[return-value]


def _stack_of(model: TrainedModel, wanted: str | None) -> str:
    stacks = [*model.layouts]
    if wanted is not None and wanted not in stacks:
        raise bad_choice(wanted, "`stack`", stacks)
    return wanted or ("cross" if "cross" in stacks else stacks[0])


# The clean run


@dataclass
class _Clean:
    """What a run leaves: the state before each layer, the heads' outputs, the final state."""

    hidden: Floats  # (tokens, width)
    states: dict[Place, State] = field(default_factory=dict)  # by tower and layer
    outputs: dict[Place, Floats] = field(default_factory=dict)  # (heads, queries, value_dim)


def _clean_run(model: TrainedModel, prepared: Prepared) -> _Clean:
    clean = _Clean(np.zeros((0, 0), np.float32))
    plain = KnockOut([Removal({})], -1)  # one copy: nothing has to be taken apart

    def door(stack: str, *qkv: Floats, layer: int = 0, **given: Any) -> Floats:
        output = plain.attend(stack, *qkv, layer=layer, **given)
        clean.outputs[stack, layer] = output
        return output

    def keep(state: State) -> None:
        clean.states[state.tower, state.layer] = state

    clean.hidden = model.resume(model.begin(prepared), door, keep)
    return clean


@dataclass(frozen=True)
class _Bench:
    """Where removals are tried: the model, the text, its clean run, and what is measured."""

    model: TrainedModel
    prepared: Prepared
    clean: _Clean
    read_out: ReadOut
    stack: str
    progress: Callable[[int, int], object] | None = None

    @property
    def tokens(self) -> Tokens:
        """The tokens whose hiding is tried: of the source where an encoder reads one."""
        return self.prepared.tokens.get(SOURCE, self.prepared.text)

    @property
    def n_layers(self) -> int:
        return self.model.layouts[self.stack].n_layers

    @property
    def n_heads(self) -> int:
        return self.model.layouts[self.stack].n_heads

    @property
    def _own(self) -> str:
        """The tower in which the stack's layers lie."""
        return self.model.network.writer.stack if self.stack == "cross" else self.stack

    def from_layer(self, layer: int, removals: Sequence[Removal]) -> Array:
        """The changes when a run goes on from the state before a layer, without these parts."""
        state = self.clean.states[self._own, layer]
        return self._changes(state, removals, self._own == self.model.network.writer.stack)

    def from_start(self, removals: Sequence[Removal]) -> Array:
        """The changes when the whole run goes without these parts."""
        first = self.model.begin(self.prepared)
        return self._changes(first, removals, len(self.prepared.tokens) == 1)

    def _changes(self, state: State, removals: Sequence[Removal], may_fold: bool) -> Array:
        """The change of every removal: several copies side by side, where one tower is left."""
        n = len(state.x)
        at_once = max(MOST_TOKENS // n, 1) if may_fold else 1
        found = []
        for start in range(0, len(removals), at_once):
            part = [*removals[start : start + at_once]]
            door = KnockOut(part, n if len(part) > 1 else -1)
            hidden = self.model.resume(side_by_side(state, len(part)), door.attend)
            copies = hidden.reshape(len(part), -1, hidden.shape[-1])
            hidden_keys = [self._left_out(removal) for removal in part]
            readings = self.read_out.readings(self.model, copies, hidden_keys)
            found.append(self.read_out.change(self.reading(), readings))
        return np.concatenate(found)

    def reading(self) -> Array:
        """What the clean run says."""
        one: Array = self.read_out.readings(self.model, self.clean.hidden[None], [None])[0]
        return one

    def _left_out(self, removal: Removal) -> int | None:
        own = SOURCE not in self.prepared.tokens
        return removal.hidden[1] if removal.hidden is not None and own else None


# What stands in place of a head


def _nothing(_layer: int, _head: int) -> Floats:
    return np.zeros((), np.float32)


def _instead(
    bench: _Bench, by: str, reference: Sequence[str] | None, text: str | None,
    other: str | None, other_ids: Sequence[int] | None,
) -> tuple[Callable[[int, int], Floats], int]:  # fmt: skip
    """What to put in place of a head, by layer and head; and from how many texts."""
    if by == "zero":
        return _nothing, 0
    if by == "text":
        patch = _other_run(bench, other, other_ids).outputs
        return lambda layer, head: patch[bench.stack, layer][head], 1
    texts = _reference(bench.model, reference)
    if text is not None and text.strip() in {one.strip() for one in texts}:
        raise AttnvizError(
            "The text is one of its own reference texts: its ranking would be noise.",
            "Give other reference texts.",
        )
    means = _means(bench, texts)
    return lambda layer, head: means[layer][head], len(texts)


def _reference(model: TrainedModel, given: Sequence[str] | None) -> list[str]:
    """The texts that were given, those that lie beside the checkpoint, or ten bundled sentences."""
    if given is not None:
        texts = [one for one in given if one.strip()]
        if not texts:
            raise AttnvizError("There is no reference text.", "Give at least one.")
        return texts
    own = model.checkpoint.config_file.parent / "reference.txt"
    file = own if own.is_file() else samples_folder() / "corpora" / "reference.txt"
    return file.read_text(encoding="utf-8").splitlines()


def _means(bench: _Bench, texts: Sequence[str]) -> list[Floats]:
    """Each layer's mean output over all places of the texts: (heads, value_dim)."""
    sums: list[Floats] = []
    n = 0
    for text in texts:
        inputs = Inputs(text, source=text if bench.model.reads_source else None, truncate=True)
        outputs = _clean_run(bench.model, bench.model.prepare(inputs)).outputs
        layers = [outputs[bench.stack, layer] for layer in range(bench.n_layers)]
        n += layers[0].shape[1]
        added = [one.sum(axis=1, dtype=np.float64) for one in layers]
        sums = added if not sums else [a + b for a, b in zip(sums, added, strict=True)]
    return [(one / n).astype(np.float32) for one in sums]


def _other_run(bench: _Bench, text: str | None, ids: Sequence[int] | None) -> _Clean:
    source = text if bench.model.reads_source else None
    read = Inputs(None if ids is not None else text, ids=ids, source=source)
    other = bench.model.prepare(read)
    mine, theirs = bench.prepared.text, other.text
    if len(mine) != len(theirs):
        raise AttnvizError(
            f"The text has {len(mine)} tokens and the other {len(theirs)}: "
            f"{' '.join(mine.labels)[:80]} | {' '.join(theirs.labels)[:80]}.",
            "Give a text of as many tokens.",
        )
    return _clean_run(bench.model, other)


# What is measured


def _measured(
    bench: _Bench, of: str, by: str, instead: Callable[[int, int], Floats], n_reference: int,
    heads: Sequence[HeadPlace], edges: Sequence[tuple[int | str, int | str]],
) -> Effects:  # fmt: skip
    _check_heads(bench, heads)
    table = np.full((bench.n_layers, bench.n_heads), np.nan)
    layers = np.full(bench.n_layers, np.nan)
    tokens = np.full(len(bench.tokens), np.nan)
    if of in ("heads", "layers"):
        _fill_layers(bench, instead, table if of == "heads" else None, layers)
    if of in ("heads", "tokens"):
        tokens = _of_tokens(bench)
    together = None
    if heads and of != "edges":
        together = _of_heads(bench, instead, heads)
    return Effects(
        model=bench.model.name, stack=bench.stack, read_out=bench.read_out.what,
        unit=bench.read_out.unit, by=by, answer=_answer(bench), table=table, layers=layers,
        tokens=tokens, labels=bench.tokens.labels,
        special=tuple(map(bool, bench.tokens.special)), heads=tuple(heads), together=together,
        edges=tuple(_of_edges(bench, edges, heads)), n_reference=n_reference,
    )  # fmt: skip


def _check_heads(bench: _Bench, heads: Sequence[HeadPlace]) -> None:
    for layer, head in heads:
        for what, number, n in (("Layer", layer, bench.n_layers), ("Head", head, bench.n_heads)):
            if not 0 <= number < n:
                raise out_of_range(what, number, 0, n - 1)


def _fill_layers(
    bench: _Bench, instead: Callable[[int, int], Floats], table: Array | None, layers: Array
) -> None:
    """Each layer's heads, one by one and together, from the state before the layer."""
    for layer in range(bench.n_layers):
        place = bench.stack, layer
        every = {head: instead(layer, head) for head in range(bench.n_heads)}
        removals = [Removal({place: every})]
        if table is not None:
            removals += [Removal({place: {head: one}}) for head, one in every.items()]
        changes = bench.from_layer(layer, removals)
        layers[layer] = changes[0]
        if table is not None:
            table[layer] = changes[1:]
        if bench.progress is not None:
            bench.progress(layer + 1, bench.n_layers)


def _of_tokens(bench: _Bench) -> Array:
    stacks = frozenset(
        name for name, layout in bench.model.layouts.items()
        if layout.keys == (SOURCE if SOURCE in bench.prepared.tokens else TEXT)
    )  # fmt: skip
    hidden = [Removal({}, (stacks, position)) for position in range(len(bench.tokens))]
    return bench.from_start(hidden) if len(hidden) > 1 else np.full(len(hidden), np.nan)


def _of_heads(
    bench: _Bench, instead: Callable[[int, int], Floats], heads: Sequence[HeadPlace]
) -> float:
    """The change when these heads go together."""
    gone: dict[Place, dict[int, Floats]] = {}
    for layer, head in heads:
        gone.setdefault((bench.stack, layer), {})[head] = instead(layer, head)
    return float(bench.from_layer(min(layer for layer, _ in heads), [Removal(gone)])[0])


def _of_edges(
    bench: _Bench, edges: Sequence[tuple[int | str, int | str]], heads: Sequence[HeadPlace]
) -> Iterator[Edge]:
    """Each edge cut alone: in the chosen heads, or everywhere."""
    shape = bench.model.stacks(bench.prepared)[bench.stack]
    for query, key in edges:
        row, column = _position(shape.queries, query), _position(shape.keys, key)
        cut = tuple((bench.stack, layer, head, row, column) for layer, head in heads)
        everywhere = ((bench.stack, None, None, row, column),)
        effect = float(bench.from_start([Removal({}, edges=cut or everywhere)])[0])
        labels = shape.queries.labels[row], shape.keys.labels[column]
        yield Edge(*labels, effect, tuple(heads))


def _position(tokens: Tokens, one: int | str) -> int:
    if isinstance(one, int):
        if not 0 <= one < len(tokens):
            raise out_of_range("Position", one, 0, len(tokens) - 1)
        return one
    return position_of(one, tokens)


def _answer(bench: _Bench) -> str:
    """The clean answer in a few words; "" of a vector."""
    from attnviz.models.network.prediction_head import CLASS, MASK, NEXT

    try:
        kind = bench.model.head.kind
    except AttnvizError:
        return ""
    if kind == CLASS:
        return bench.model.head.labels[int(bench.reading().argmax())]
    if kind not in (NEXT, MASK):
        return ""
    rows = bench.clean.hidden[list(bench.read_out.places)]
    namer = bench.model.namer
    best = bench.model.logits(rows).argmax(axis=-1).tolist()
    words = [str(i) if namer is None else namer.decode([i]) for i in best]
    return " · ".join(word.strip() or word for word in words)
