"""What each layer would answer (the logit lens, nostalgebraist 2020), and what each head adds to
the answer (direct logit attribution, Elhage et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from attnviz.analysis.depths import Array, Attribution, Depth, Depths
from attnviz.errors import AttnvizError, known_arguments
from attnviz.inputs.text import from_ids
from attnviz.models import load_writer
from attnviz.models.layers import Floats, LayerNorm, RMSNorm, merge_heads
from attnviz.models.model import Inputs, Prepared
from attnviz.models.network.blocks import Block, PreNormBlock
from attnviz.models.network.network import State
from attnviz.models.network.prediction_head import MASK, NEXT, softmax
from attnviz.models.network.tower import Tower
from attnviz.models.trained import TrainedModel
from attnviz.tracing.bench import Bench, clean_run
from attnviz.tracing.knock_out import KnockOut, Removal
from attnviz.tracing.read_out import LOG_P, ReadOut, one_id, places_of


class Options(TypedDict, total=False):
    """What is read, as in `trace`."""

    ids: Sequence[int] | None
    source: str | None
    source_ids: Sequence[int] | None


@known_arguments(*Options.__annotations__)
def lens(
    text: str | None = None, *, model: str | Path | TrainedModel, answer: str | None = None,
    against: str | None = None, k: int = 3, **options: Unpack[Options],
) -> Depths:  # fmt: skip
    """Read the prediction at every depth, and with `against` what each head adds to it.

    answer: whose rank is followed; the model's own answer unless given. against: another answer:
    then every part's share of logit(answer) − logit(against) is given too. k: candidates a depth.

    A model whose layers end in a norm (BERT) is read as it stands at each depth. Raises
    AttnvizError for a model without a next token or [MASK], and where shares cannot be told.
    """
    opened = load_writer(model)
    kind = opened.head.kind
    if kind not in (NEXT, MASK):
        raise AttnvizError(
            f"{opened.name} predicts a {kind}, which only its last layer gives.",
            "Choose a model that predicts tokens.",
            key="err.predicts_only",
            model=opened.name,
            kind=kind,
        )
    prepared = opened.prepare(Inputs(text, **options))
    run = _Run(opened, prepared)
    position = places_of(opened, prepared.text, kind)[0]
    rows = [opened.network.end(state)[position : position + 1] for state in run.states]
    shares = softmax(np.concatenate([opened.logits(row) for row in rows]))
    chosen = _chosen(opened, prepared, shares[-1], answer)
    names = ["embedding", *(f"layer {layer}" for layer in range(len(rows) - 1))]
    depths = tuple(
        _depth(opened, name, row, chosen, k) for name, row in zip(names, shares, strict=True)
    )
    label = _label(opened, chosen)
    attribution = None
    if against is not None:
        other = one_id(opened, prepared.text, against)
        without = _without(opened, prepared, position, chosen)
        attribution = _attributed(run, position, (chosen, other), *without)
    at = prepared.text.labels[position]
    return Depths(opened.name, kind, position, at, label, depths, attribution)


class _Run:
    """A run that keeps the states of the writing tower and what each head gives."""

    def __init__(self, model: TrainedModel, prepared: Prepared):
        self.model = model
        self.states: list[State] = []
        self.heads: list[tuple[Floats, Any]] = []  # (heads, tokens, value_dim), and W_O
        self._own = model.network.writer.stack
        self._plain = KnockOut([Removal({})], -1)
        model.resume(model.begin(prepared), self._door, self._keep)

    def _door(self, stack: str, *qkv: Floats, w_output: Any = None, **given: Any) -> Floats:
        output = self._plain.attend(stack, *qkv, w_output=w_output, **given)
        if stack == self._own:
            self.heads.append((output, w_output))
        return output

    def _keep(self, state: State) -> None:
        if state.tower == self._own:
            self.states.append(state)


def _chosen(model: TrainedModel, prepared: Prepared, last: Array, answer: str | None) -> int:
    if answer is None:
        return int(last.argmax())
    return one_id(model, prepared.text, answer)


def _depth(model: TrainedModel, name: str, shares: Array, chosen: int, k: int) -> Depth:
    best = np.argsort(-shares, kind="stable")[:k].tolist()
    labels = from_ids(best, model.namer).labels
    candidates = [(i, label, float(shares[i])) for i, label in zip(best, labels, strict=True)]
    rank = 1 + int((shares > shares[chosen]).sum())
    return Depth(name, tuple(candidates), rank, float(shares[chosen]))


def _label(model: TrainedModel, number: int) -> str:
    return from_ids([number], model.namer).labels[0]


# Attribution


def _without(
    model: TrainedModel, prepared: Prepared, position: int, chosen: int
) -> tuple[Array, float]:
    """The probability of an answer without each head, (layers, heads), and with all of them: what
    a head adds itself need not be what is lost without it."""
    read_out = ReadOut("", LOG_P, (position,), chosen)
    clean = clean_run(model, prepared)
    own = model.network.writer.stack
    bench = Bench(model, prepared, clean, read_out, own)
    heads = range(bench.n_heads)
    changes = [
        bench.from_layer(layer, [Removal({(own, layer): {head: _nothing()}}) for head in heads])
        for layer in range(bench.n_layers)
    ]
    share = float(np.exp(bench.reading()[0, chosen]))
    found: Array = share * np.exp(np.stack(changes))
    return found, share


def _nothing() -> Floats:
    return np.zeros((), np.float32)


def _attributed(
    run: _Run, position: int, pair: tuple[int, int], without: Array, clean: float
) -> Attribution:
    """Share out logit(answer) − logit(against), with the last norm's scale as it is in this run."""
    model = run.model
    norm = _last_norm(model)
    output, multiplier = model.head.output, model.head.multiplier
    gap = multiplier * (_row(output.weight, pair[0]) - _row(output.weight, pair[1]))  # (width,)
    rows = [state.x[position].astype(np.float64) for state in run.states]
    direction = _direction(norm, rows[-1], gap)
    tower = model.network.writer
    blocks = [tower.blocks[number] for number in tower.attending]
    heads = np.stack([
        _of_heads(given, w, position, _before_norm(block, given, position, direction))
        for block, (given, w) in zip(blocks, run.heads, strict=True)
    ])  # fmt: skip
    heads *= _strengths(tower)[:, None]
    steps = np.array([(b - a) @ direction for a, b in pairwise(rows)])
    attending = list(tower.attending)
    constant = 0.0
    if isinstance(norm, LayerNorm) and norm.bias is not None:
        constant += float(norm.bias.astype(np.float64) @ gap)
    if output.bias is not None:
        biases = output.bias.astype(np.float64)
        constant += multiplier * float(biases[pair[0]] - biases[pair[1]])
    embedding = float(rows[0] @ direction)
    total = embedding + float(steps.sum()) + constant
    answer, against = (_label(model, number) for number in pair)
    rest = steps[attending] - heads.sum(axis=1)
    between = float(steps.sum() - steps[attending].sum())
    numbers = model.layouts[tower.stack].numbers
    return Attribution(
        answer, against, heads, rest, embedding, constant, total, without, clean, numbers, between
    )


def _last_norm(model: TrainedModel) -> LayerNorm | RMSNorm:
    """The one norm between the layers and the output; AttnvizError where there are more."""
    tower = model.network.writer
    plain = all(isinstance(block, PreNormBlock) for block in tower.blocks)
    if not plain or tower.last_norm is None or model.head.steps:
        raise AttnvizError(
            f"{model.name} norms every sum of its layers: what a head adds to the answer would "
            "depend on all later norms.",
            "Leave `against` out, or use `effect`, which measures by taking heads away.",
            key="err.norms_every",
            model=model.name,
        )
    return tower.last_norm


def _before_norm(block: Block, output: Floats, position: int, direction: Array) -> Array:
    """The direction as it stands before the norm of what a layer's heads give together (Gemma 2 and
    3), with the norm's scale at this place held; the same where there is none."""
    norm = block.after_attention if isinstance(block, PreNormBlock) else None
    if norm is None:
        return direction
    together = block.attention.output(merge_heads(output[:, position : position + 1]))[0]
    return _direction(norm, together.astype(np.float64), direction)


def _strengths(tower: Tower) -> Array:
    """What the sum of each layer's heads is multiplied by, there and later: (layers,)."""
    own = np.array([block.strength for block in tower.blocks if isinstance(block, PreNormBlock)])
    if tower.strengths:
        own = own * np.cumprod(tower.strengths[::-1])[::-1]
    found: Array = own[list(tower.attending)]
    return found


def _direction(norm: LayerNorm | RMSNorm, x: Array, gap: Array) -> Array:
    """d(gap · norm(x)) / dx with the norm's scale held: γ ∘ gap / σ, centred for a layer norm."""
    if isinstance(norm, LayerNorm):
        direction = norm.weight.astype(np.float64) * gap / np.sqrt(x.var() + norm.eps)
        centred: Array = direction - direction.mean()
        return centred
    scale = np.sqrt((x**2).mean() + norm.eps)
    found: Array = (norm.weight.astype(np.float64) + norm.offset) * gap / scale
    return found


def _of_heads(output: Floats, w_output: Any, position: int, direction: Array) -> Array:
    """What each head's output at one place adds: (heads,)."""
    n_heads, _, dim = output.shape
    maps = np.asarray(w_output, dtype=np.float64).reshape(n_heads, dim, -1)  # (heads, dim, width)
    found: Array = np.einsum("hd,hdw,w->h", output[:, position].astype(np.float64), maps, direction)
    return found


def _row(weight: Any, number: int) -> Array:
    row: Array = np.asarray(weight[number], dtype=np.float64)
    return row
