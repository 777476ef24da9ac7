"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Unpack

import numpy as np

from attnviz.analysis.transform import (
    CONTRIBUTIONS,
    VALUES,
    WEIGHTS,
    Transform,
    with_global_labels,
)
from attnviz.errors import AttnvizError, bad_choice, known_arguments
from attnviz.inputs.tokens import Tokens
from attnviz.models.model import Floats, StackShape
from attnviz.record.numbering import one_of
from attnviz.record.part import Focus
from attnviz.record.record import AttentionRecord
from attnviz.tracing.doors import KEPT, Watch, with_vectors, with_watch
from attnviz.tracing.plan import Options, Plan, make_plan, shown_stack
from attnviz.tracing.recorder import Recorder

if TYPE_CHECKING:
    from attnviz.analysis.steps import Attended, Steps

# Called with all stacks of a run, then the stack, the layer, and how many of its rows just ended.
Progress = Callable[[Mapping[str, StackShape], str, int, int], object]


@known_arguments(*Options.__annotations__)
def trace(
    text: str | None = None, *, max_memory: int | None = None, transform: Transform | None = None,
    stack: str | None = None, keep: Collection[str] = (), progress: Progress | None = None,
    **options: Unpack[Options],
) -> AttentionRecord:  # fmt: skip
    """Run attention over `text` and return the record of it.

    model: "builtin", "random" (drawn with `seed`), "minilm", the folder of a checkpoint, its id on
        the hub, a GGUF file, or what `load_model` gave.
    adapter: the folder of a LoRA adapter to apply to the checkpoint.
    type: "self", "causal", "cross", "local" or "global"; with a `source` it is "cross" by itself.
        A checkpoint has a type of its own: another one takes the place of the mask of every
        self-attention, to see what the same model does under it.
    heads: 1 to 64 built-in heads, 4 unless given; a checkpoint has its own.
    window: local and global look this many tokens to each side.
    global_tokens: positions or words that see all and are seen by all, for "global" and Longformer;
        the first token unless given.
    source: the text that cross-attention takes its keys and values from, or an encoder reads.
    pair: a second text, for encoders that take two segments.
    image: a picture, whose patches look at one another; with a `text` too, its words look at them.
    audio: a sound, whose frames do so likewise. start, end: the part of it, in seconds.
    tokenizer: "words" (the default of built-in heads), "characters", "bytes", or the path of a
        tokenizer.json; a checkpoint brings its own.
    ids, source_ids: ready token ids in place of the texts; no special tokens are added.
    target_lang, source_lang: the codes that a translation model puts before a text ("ary_Arab").
    truncate: cut what a checkpoint has no positions for.
    measure: "weights"; "values", what each key gives by the length of its value, as a share of the
        row (Kobayashi et al. 2020); "contributions" of words to each layer's places (ALTI, Ferrando
        et al. 2022); "rollout" or "flow" through the layers (Abnar & Zuidema 2020).
    max_memory: bytes; weights that do not fit are streamed and only summarised; 0 always streams.
        A quarter of the free memory, at most 1 GiB, unless given.
    transform: what to apply to it: units in place of tokens, some rows and columns … which a long
        text keeps at full detail while it is streamed. `measure` is short for one.
    stack: of an encoder-decoder, the one to look at.
    keep: which of "query", "key", "value" and "scores" the record keeps beside the weights, as
        `record.stack.query` and so on; not where weights are streamed.
    progress: called while it runs, with how many rows of which layer just ended.

    Raises AttnvizError for anything that does not fit together.
    """
    _check_keep(keep)
    transform = transform or Transform(options.get("measure", WEIGHTS))
    transform.check()  # before a checkpoint is opened, or fetched
    plan = make_plan(text, **options)
    shapes = plan.shapes
    shown, shape = shown_stack(shapes, stack)
    focus = transform.focus(shape.queries, shape.keys)
    recorder = Recorder(
        shapes, budget=max_memory, values=transform.measure == VALUES,
        focus={} if focus is None else {shown: focus},
        progress=progress and partial(progress, shapes),
    )  # fmt: skip
    kept: dict[str, dict[str, list[Floats]]] = {}
    plan.run(with_vectors(recorder.attend, keep, kept) if keep else recorder.attend)
    record = _with_kept(plan.record(recorder), kept)
    record = record if stack is None else record.looking_at(stack)
    record = _contributed(plan, record) if transform.measure == CONTRIBUTIONS else record
    if focus is None or not recorder.focused:
        return replace(transform, query=None).apply(record)
    return _focused(record, transform, focus, shape.queries)


def _contributed(plan: Plan, record: AttentionRecord) -> AttentionRecord:
    """Put contributions in the place of the shown stack's weights."""
    from attnviz.analysis.rollout import followed, reaches  # few runs follow the words
    from attnviz.tracing.contributions import contributions

    stack = record.stack
    if stack.two_texts or stack.weights is None:
        raise AttnvizError(
            "Contributions follow one text whose weights are kept.",
            "Choose a stack of self-attention, or give a shorter text.",
        )
    shares = contributions(plan.model, plan.prepared, record.name, plan.under_mask)
    seen = followed(stack, shares, reaches(stack, 0.5), "contributions through the layers")
    return replace(record, stacks={**record.stacks, record.name: seen})


def _focused(
    record: AttentionRecord, transform: Transform, focus: Focus, queries: Tokens
) -> AttentionRecord:
    """Apply what is left to do where a long text's streaming kept the part already."""
    settings = transform.noted_in(with_global_labels(record.settings, queries))
    return transform.after(focus).apply(replace(record, settings=settings))


def _with_kept(
    record: AttentionRecord, kept: Mapping[str, Mapping[str, list[Floats]]]
) -> AttentionRecord:
    """Lay the layers' vectors into their stacks, (layers, …) each."""
    stacks = dict(record.stacks)
    for name, vectors in kept.items():
        if stacks[name].weights is None:
            raise AttnvizError(
                "The weights of so long a text are streamed, and nothing can be kept beside them.",
                "Trace a shorter text, or give it more `max_memory`.",
            )
        arrays = {what: np.stack(layers) for what, layers in vectors.items()}
        stacks[name] = replace(stacks[name], vectors=arrays)
    return replace(record, stacks=stacks) if kept else record


def _check_keep(keep: Collection[str]) -> None:
    for name in (keep,) if isinstance(keep, str) else keep:
        if name not in KEPT:
            raise bad_choice(name, "`keep`", KEPT)


def trace_steps(
    text: str, query: str, *, head: int | str = 0, layer: int | str = 0, **options: Unpack[Options]
) -> Steps:
    """Follow one query of one head through the four steps; other options as in `trace`.

    query: a word of the text, "word#2" for its second place, or a position. head, layer: numbers,
    or names such as "2.8", "-1" and "last". Raises AttnvizError when there is no such token, head
    or layer, or when the token is there more than once.
    """
    from attnviz.analysis.steps import merge, steps_of  # few runs are followed step by step

    plan = make_plan(text, **options)
    stack, shape = shown_stack(plan.shapes)
    layer, head = one_of(str(layer), str(head), shape.n_layers, shape.n_heads)
    position = position_of(query, shape.queries)
    recorder = Recorder(plan.shapes, budget=sys.maxsize)  # every layer dense, as it is shown
    seen: list[Attended] = []
    plan.run(with_watch(recorder.attend, Watch(stack, position, head, layer), seen))
    (attended,) = seen
    merged = merge(attended.outputs, attended.w_output)
    named = " ".join([str(head), *shape.head_names[head : head + 1]])
    name = named if shape.n_layers == 1 else f"{layer}.{head}"
    return steps_of(attended, merged, shape.queries, shape.keys, position, name)


def position_of(query: str, tokens: Tokens) -> int:
    """Find the one position of a token; AttnvizError where it is there several times."""
    places = tokens.find(query)
    if len(places) == 1:
        return places[0]
    choices = [f"{query}#{nth}" for nth in range(1, len(places) + 1)]
    raise AttnvizError(
        f'The token "{query}" is in the text {len(places)} times.',
        f"Choose one: {', '.join(choices)}, or a position: {', '.join(map(str, places))}.",
        key="err.twice",
        token=query,
        n_times=len(places),
        choices=choices,
    )
