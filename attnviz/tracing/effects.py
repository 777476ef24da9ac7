"""Does it matter? Heads, layers, tokens and edges are taken away, and the answer is compared.

Everything below a change is kept from the clean run, and the heads of a layer, or the tokens of a
text, run side by side. A head is replaced by its mean over other texts (`by="mean"`), by nothing
("zero"), or by what it gives for another text, place by place ("text": activation patching). A
token is hidden as an attention mask of transformers hides it; an edge is a score of −∞ ("attention
knock-out", Geva et al. 2023, arXiv 2304.14767).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from attnviz.analysis.effects import NONE, Array, Edge, Effects
from attnviz.errors import AttnvizError, bad_choice, known_arguments, out_of_range
from attnviz.files.samples import samples_folder
from attnviz.inputs.tokens import Tokens
from attnviz.models import load_writer
from attnviz.models.layers import Floats
from attnviz.models.model import Inputs
from attnviz.models.trained import TrainedModel
from attnviz.record.numbering import heads_of_layers
from attnviz.tracing.bench import Bench, Clean, Options, clean_run
from attnviz.tracing.knock_out import Place, Removal
from attnviz.tracing.read_out import COSINE, LIKENESS, ReadOut, choose_read_out, vector_of
from attnviz.tracing.trace import position_of

OF = ("heads", "layers", "tokens", "edges")
BY = ("mean", "zero", "text")
LIKE = "the likeness of two texts"
HeadPlace = tuple[int, int]  # layer and head


@known_arguments(*Options.__annotations__)
def effects(
    text: str | None = None, *, model: str | Path | TrainedModel = "minilm", of: str = "heads",
    by: str = "mean", heads: Sequence[HeadPlace] | str = (),
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
        what it gives for another "text" of as many tokens (`other`, or `other_ids`). With `by`
        "mean" or "zero" the other text is one whose vector is compared with this one's: the change
        of their cosine is measured.
    heads: these (layer, head), or "5.3,-1.0", are also taken away together; with `edges`, only
        they are cut.
    edges: (query, key) by word or position.
    reference: the texts of the mean; ten bundled sentences unless given.
    answer, against: measure the change of log p(answer), or of the difference of two logits, in
        place of the divergence of the whole distribution.
    stack: of an encoder-decoder, the one whose heads are taken away: "cross" unless given.
    progress: called with runs done and runs to do.

    Raises AttnvizError for what does not fit together.
    """
    _check(of, by, edges, other, other_ids)
    opened = load_writer(model)
    if opened.has_global_tokens:
        raise AttnvizError(
            f"{opened.name} has two kinds of queries, which cannot be taken away alone.",
            "Choose another model.",
            key="err.two_kinds",
            model=opened.name,
        )
    prepared = opened.prepare(Inputs(text, **_inputs(options)))
    clean = clean_run(opened, prepared)
    read_out = choose_read_out(opened, prepared.text, clean.hidden, answer, against)
    if by != "text" and (other is not None or other_ids is not None):
        read_out = _likeness(opened, read_out, other, other_ids)
    name = _stack_of(opened, stack)
    bench = Bench(opened, prepared, clean, read_out, name, progress)
    together = _chosen(bench, heads)
    if of in ("tokens", "edges"):
        return _measured(bench, of, by, _nothing, 0, together, edges)
    instead, n_reference = _instead(bench, by, reference, text, other, other_ids)
    return _measured(bench, of, by, instead, n_reference, together, edges)


def _check(
    of: str, by: str, edges: Sequence[object],
    other: str | None, other_ids: Sequence[int] | None,
) -> None:  # fmt: skip
    if of not in OF:
        raise bad_choice(of, "`of`", OF)
    if by not in BY:
        raise bad_choice(by, "`by`", BY)
    if of == "edges" and not edges:
        raise AttnvizError(
            "There is no edge to cut.", "Name at least one as (query, key).", key="err.no_edge"
        )
    if by == "text" and other is None and other_ids is None:
        raise AttnvizError(
            'Nothing stands in place of heads: by="text" needs another text.',
            "Give `other`.",
            key="err.nothing_stands",
        )


def _likeness(
    model: TrainedModel, read_out: ReadOut, other: str | None, ids: Sequence[int] | None
) -> ReadOut:
    """Measure how alike the vectors of both texts are; AttnvizError where the model gives none."""
    if read_out.unit != COSINE:
        raise AttnvizError(
            f"{model.name} gives answers, and another text is compared with vectors.",
            'Leave `other` out, or take heads from it with `by` "text".',
            key="err.gives_answers",
            model=model.name,
        )
    prepared = model.prepare(Inputs(None if ids is not None else other, ids=ids))
    beside = vector_of(clean_run(model, prepared).hidden)
    return replace(read_out, what=LIKE, unit=LIKENESS, beside=beside)


def _inputs(options: Options) -> Options:
    return {name: value for name, value in options.items() if value is not None}  # type: ignore[return-value]


def _stack_of(model: TrainedModel, wanted: str | None) -> str:
    stacks = [*model.layouts]
    if wanted is not None and wanted not in stacks:
        raise bad_choice(wanted, "`stack`", stacks)
    return wanted or ("cross" if "cross" in stacks else model.network.writer.stack)


# What stands in place of a head


def _nothing(_layer: int, _head: int) -> Floats:
    return np.zeros((), np.float32)


def _instead(
    bench: Bench, by: str, reference: Sequence[str] | None, text: str | None,
    other: str | None, other_ids: Sequence[int] | None,
) -> tuple[Callable[[int, int], Floats], int]:  # fmt: skip
    """What to put in place of a head, by layer and head; and from how many texts."""
    if by == "zero":
        return _nothing, 0
    if by == "text":
        run = _other_run(bench, other, other_ids)
        _refuse_same(bench, run)
        patch = run.outputs
        return lambda layer, head: patch[bench.stack, layer][head], 1
    texts = _reference(bench.model, reference)
    if text is not None and text.strip() in {one.strip() for one in texts}:
        raise AttnvizError(
            "The text is one of its own reference texts: its ranking would be noise.",
            "Give other reference texts.",
            key="err.text_own",
        )
    means = _means(bench, texts)
    return lambda layer, head: means[layer][head], len(texts)


def _reference(model: TrainedModel, given: Sequence[str] | None) -> list[str]:
    """The texts that were given, those that lie beside the checkpoint, or ten bundled sentences."""
    if given is not None:
        texts = [one for one in given if one.strip()]
        if not texts:
            raise AttnvizError(
                "There is no reference text.", "Give at least one.", key="err.no_reference"
            )
        return texts
    own = model.checkpoint.config_file.parent / "reference.txt"
    file = own if own.is_file() else samples_folder() / "corpora" / "reference.txt"
    return file.read_text(encoding="utf-8").splitlines()


def _means(bench: Bench, texts: Sequence[str]) -> list[Floats]:
    """Each layer's mean output over all places of the texts: (heads, value_dim)."""
    sums: list[Floats] = []
    n = 0
    for text in texts:
        inputs = Inputs(text, source=text if bench.model.reads_source else None, truncate=True)
        outputs = clean_run(bench.model, bench.model.prepare(inputs)).outputs
        layers = [outputs[bench.stack, layer] for layer in range(bench.n_layers)]
        n += layers[0].shape[1]
        added = [one.sum(axis=1, dtype=np.float64) for one in layers]
        sums = added if not sums else [a + b for a, b in zip(sums, added, strict=True)]
    return [(one / n).astype(np.float32) for one in sums]


def _other_run(bench: Bench, text: str | None, ids: Sequence[int] | None) -> Clean:
    source = text if bench.model.reads_source else None
    read = Inputs(None if ids is not None else text, ids=ids, source=source)
    other = bench.model.prepare(read)
    mine, theirs = bench.prepared.text, other.text
    if len(mine) != len(theirs):
        raise AttnvizError(
            f"The text has {len(mine)} tokens and the other {len(theirs)}: "
            f"{' '.join(mine.labels)[:80]} | {' '.join(theirs.labels)[:80]}.",
            "Give a text of as many tokens.",
            key="err.text_other",
            n_tokens=len(mine),
            n=len(theirs),
            names=" ".join(mine.labels)[:80],
            names2=" ".join(theirs.labels)[:80],
        )
    return clean_run(bench.model, other)


def _refuse_same(bench: Bench, other: Clean) -> None:
    """Refuse a text that gives the same answer: no head could bring anything of it."""
    theirs = bench.read_out.readings(bench.model, other.hidden[None], [()])
    if abs(float(bench.read_out.change(bench.reading(), theirs)[0])) < NONE:
        raise AttnvizError(
            "Both texts give the same answer: there is nothing to recover.",
            "Give another text that the model answers in another way.",
            key="err.both_texts",
        )


# What is measured


def _measured(
    bench: Bench, of: str, by: str, instead: Callable[[int, int], Floats], n_reference: int,
    heads: Sequence[HeadPlace], edges: Sequence[tuple[int | str, int | str]],
) -> Effects:  # fmt: skip
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
        numbers=bench.model.layouts[bench.stack].numbers,
    )  # fmt: skip


def _chosen(bench: Bench, wanted: Sequence[HeadPlace] | str) -> Sequence[HeadPlace]:
    """The heads that were named; AttnvizError where there is no such head, or one twice."""
    if isinstance(wanted, str):
        heads: Sequence[HeadPlace] = heads_of_layers(wanted, bench.layer_numbers, bench.n_heads)
    else:
        heads = wanted
    if len({*heads}) < len(heads):
        raise AttnvizError("A head was named twice.", "Name each head once.", key="err.head_named")
    for layer, head in heads:
        for what, number, n in (("Layer", layer, bench.n_layers), ("Head", head, bench.n_heads)):
            if not 0 <= number < n:
                raise out_of_range(what, number, 0, n - 1)
    return heads


def _fill_layers(
    bench: Bench, instead: Callable[[int, int], Floats], table: Array | None, layers: Array
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


def _of_tokens(bench: Bench) -> Array:
    n = len(bench.tokens)
    return bench.without_tokens([(i,) for i in range(n)]) if n > 1 else np.full(n, np.nan)


def _of_heads(
    bench: Bench, instead: Callable[[int, int], Floats], heads: Sequence[HeadPlace]
) -> float:
    """The change when these heads go together."""
    gone: dict[Place, dict[int, Floats]] = {}
    for layer, head in heads:
        gone.setdefault((bench.stack, layer), {})[head] = instead(layer, head)
    return float(bench.from_layer(min(layer for layer, _ in heads), [Removal(gone)])[0])


def _of_edges(
    bench: Bench, edges: Sequence[tuple[int | str, int | str]], heads: Sequence[HeadPlace]
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


def _answer(bench: Bench) -> str:
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
