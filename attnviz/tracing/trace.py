"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack, overload

import numpy as np

from attnviz.analysis.transform import (
    CONTRIBUTIONS,
    VALUES,
    WEIGHTS,
    Transform,
    with_global_labels,
)
from attnviz.errors import AttnvizError, bad_choice, known_arguments
from attnviz.frozen import dataclass
from attnviz.inputs.text import last_word
from attnviz.inputs.tokenizer_size import within
from attnviz.inputs.tokens import Tokens
from attnviz.models import load_model
from attnviz.models.model import Attend, Floats, StackShape
from attnviz.record.numbering import one_of
from attnviz.record.part import Focus
from attnviz.record.record import AttentionRecord
from attnviz.tracing.batch import run_plans
from attnviz.tracing.doors import KEPT, Watch, with_vectors, with_watch
from attnviz.tracing.memory import check_whole, room_left
from attnviz.tracing.plan import Options, Plan, make_plan, shown_stack
from attnviz.tracing.recorder import Recorder

if TYPE_CHECKING:
    from attnviz.analysis.steps import Attended, Steps

Texts = Iterable[str | tuple[str, str]]
Found = TypeVar("Found")
# Called with all stacks of a run, then the stack, the layer, and how many of its rows just ended.
Progress = Callable[[Mapping[str, StackShape], str, int, int], object]


@overload
def trace(
    text: str | None = None, *, texts: None = None, max_memory: int | None = None,
    transform: Transform | None = None, stack: str | None = None, keep: Collection[str] = (),
    progress: Progress | None = None, **options: Unpack[Options],
) -> AttentionRecord: ...  # fmt: skip


@overload
def trace(
    text: None = None, *, texts: Texts, max_memory: int | None = None,
    transform: Transform | None = None, stack: str | None = None, keep: Collection[str] = (),
    **options: Unpack[Options],
) -> list[AttentionRecord]: ...  # fmt: skip


@known_arguments(*Options.__annotations__)
def trace(
    text: str | None = None, *, texts: Texts | None = None, max_memory: int | None = None,
    transform: Transform | None = None, stack: str | None = None, keep: Collection[str] = (),
    progress: Progress | None = None, **options: Unpack[Options],
) -> AttentionRecord | list[AttentionRecord]:  # fmt: skip
    """Run attention over `text` and return the record of it; over `texts`, a list of records.

    texts: texts, or pairs of two each, in place of `text`; a checkpoint takes them together, and
        the numbers of each are those it has alone.
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
    n_prompt: how many ids a model that reads pictures among words did not write itself, or all.
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
    how = _How(max_memory, transform or Transform(options.get("measure", WEIGHTS)), stack, keep)
    how.check()  # before a checkpoint is opened, or fetched
    if texts is None:
        with within(max_memory):
            run = _begun(text, options, how, progress)
        run.plan.run(run.attend)
        return run.record()
    if text is not None or progress is not None:
        raise AttnvizError(
            "`texts` stands alone.", "Leave `text` and `progress` out.", key="err.texts_stands"
        )
    with within(max_memory):
        found = [*chain.from_iterable(_together([*_each(texts, options)], how))]
    for one in found:
        if isinstance(one, AttnvizError):
            raise one
    return [one for one in found if isinstance(one, AttentionRecord)]


def trace_all(
    asked: Sequence[tuple[str | None, Options]],
    *,
    max_memory: int | None = None,
    stack: str | None = None,
) -> Iterator[list[AttentionRecord | AttnvizError]]:
    """Run over many texts, each with its options; yield each one's record, or its error, those that
    ran together in one list. Only their records are kept at a time."""
    return _together(asked, _How(max_memory, Transform(WEIGHTS), stack, ()))


def _together(
    asked: Sequence[tuple[str | None, Options]], how: _How
) -> Iterator[list[AttentionRecord | AttnvizError]]:
    begun: list[_Run | AttnvizError | None] = [
        _tried(partial(_begun, text, options, how)) for text, options in asked
    ]
    plans = {i: run.plan for i, run in enumerate(begun) if isinstance(run, _Run)}
    places = [*plans]

    def attend(place: int) -> Attend:
        run = begun[places[place]]
        assert isinstance(run, _Run)
        return run.attend

    n_told = 0
    try:
        for group in run_plans([*plans.values()], attend):
            upto = places[group[-1]] + 1
            told = [_told(run) for run in begun[n_told:upto]]
            begun[n_told:upto] = [None] * len(told)  # weights are kept no longer
            n_told = upto
            yield told
            del told
    except AttnvizError:  # of one of them: each by itself tells which
        for text, options in asked[n_told:]:
            yield [_tried(partial(_alone, text, options, how))]
        return
    if n_told < len(begun):
        yield [_told(run) for run in begun[n_told:]]


def _told(run: _Run | AttnvizError | None) -> AttentionRecord | AttnvizError:
    assert run is not None
    return run if isinstance(run, AttnvizError) else run.record()


def _alone(text: str | None, options: Options, how: _How) -> AttentionRecord:
    run = _begun(text, options, how)
    run.plan.run(run.attend)
    return run.record()


def _tried(work: Callable[[], Found]) -> Found | AttnvizError:
    try:
        return work()
    except AttnvizError as error:
        return error


@dataclass(frozen=True)
class _How:
    """How a run is recorded, as `trace` explains."""

    max_memory: int | None
    transform: Transform
    stack: str | None
    keep: Collection[str]

    def check(self) -> None:
        """Raise AttnvizError for what cannot be."""
        _check_keep(self.keep)
        self.transform.check()


@dataclass(frozen=True)
class _Run:
    """A run that has a plan and a recorder, before or after it."""

    plan: Plan
    how: _How
    recorder: Recorder
    focus: Focus | None
    attend: Attend
    kept: dict[str, dict[str, list[Floats]]]

    def record(self) -> AttentionRecord:
        """Make a record of what was seen."""
        record, transform = (
            _with_kept(self.plan.record(self.recorder), self.kept),
            self.how.transform,
        )
        stack = self.how.stack
        record = record if stack is None else record.looking_at(stack)
        if transform.measure == CONTRIBUTIONS:
            record = _contributed(self.plan, record)
        if self.focus is None or not self.recorder.focused:
            return replace(transform, query=None).apply(record)
        _, shape = shown_stack(self.plan.shapes, stack)
        return _focused(record, transform, self.focus, shape.queries)


def _begun(text: str | None, options: Options, how: _How, progress: Progress | None = None) -> _Run:
    """Plan a run and make its recorder."""
    plan = make_plan(text, **options)
    shapes, transform = plan.shapes, how.transform
    shown, shape = shown_stack(shapes, how.stack)
    focus = transform.focus(shape.queries, shape.keys)
    recorder = Recorder(
        shapes, budget=room_left(shapes, how.max_memory), values=transform.measure == VALUES,
        focus={} if focus is None else {shown: focus},
        progress=progress and partial(progress, shapes),
    )  # fmt: skip
    kept: dict[str, dict[str, list[Floats]]] = {}
    attend = with_vectors(recorder.attend, how.keep, kept) if how.keep else recorder.attend
    return _Run(plan, how, recorder, focus, attend, kept)


def _each(texts: Texts, options: Options) -> Iterator[tuple[str, Options]]:
    """Each text with the options of its run; a checkpoint is opened once."""
    model = options.get("model", "builtin")
    if isinstance(model, str | Path) and str(model) not in ("builtin", "random"):
        opened = load_model(model, adapter=options.get("adapter"))
        options = {**options, "model": opened, "adapter": None}
    for number, item in enumerate(texts):
        text, pair = item if isinstance(item, tuple) and len(item) == 2 else (item, None)
        if not isinstance(text, str) or not isinstance(pair, str | None):
            raise AttnvizError(
                f"Text {number} is not a text.",
                "Give texts, or pairs of two texts each.",
                key="err.text_not",
                number=number,
            )
        yield text, options if pair is None else with_pair(options, pair)


def with_pair(options: Options, pair: str) -> Options:
    """Put a second text where the model reads it: beside the first, or as its source."""
    model = options.get("model", "builtin")
    if not isinstance(model, str | Path) and "pair" in model.reads:
        return {**options, "pair": pair}
    return {**options, "source": pair}


def _contributed(plan: Plan, record: AttentionRecord) -> AttentionRecord:
    """Put contributions in the place of the shown stack's weights."""
    from attnviz.analysis.rollout import followed, reaches  # few runs follow the words
    from attnviz.tracing.contributions import contributions

    stack = record.stack
    if stack.two_texts or stack.weights is None:
        raise AttnvizError(
            "Contributions follow one text whose weights are kept.",
            "Choose a stack of self-attention, or give a shorter text.",
            key="err.contributions_follow_text",
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
                key="err.weights_so_long",
            )
        arrays = {what: np.stack(layers) for what, layers in vectors.items()}
        stacks[name] = replace(stacks[name], vectors=arrays)
    return replace(record, stacks=stacks) if kept else record


def _check_keep(keep: Collection[str]) -> None:
    for name in (keep,) if isinstance(keep, str) else keep:
        if name not in KEPT:
            raise bad_choice(name, "`keep`", KEPT)


def trace_steps(
    text: str,
    query: str | None = None,
    *,
    head: int | str = 0,
    layer: int | str = "first",
    **options: Unpack[Options],
) -> Steps:
    """Follow one query of one head through the four steps; other options as in `trace`.

    query: a word of the text, "word#2" for its second place, or a position; the last word unless
    given. head, layer: numbers, or names such as "2.8", "-1" and "last". Raises AttnvizError when
    there is no such token, head or layer, or when the token is there more than once.
    """
    from attnviz.analysis.steps import merge, steps_of  # few runs are followed step by step

    plan = make_plan(text, **options)
    stack, shape = shown_stack(plan.shapes)
    layer, head = one_of(str(layer), str(head), shape.layer_numbers, shape.n_heads)
    last = query is None
    position = last_word(shape.queries) if last else position_of(str(query), shape.queries)
    check_whole(plan.shapes)
    recorder = Recorder(plan.shapes, budget=sys.maxsize)  # every layer dense, as it is shown
    seen: list[Attended] = []
    plan.run(with_watch(recorder.attend, Watch(stack, position, head, layer), seen))
    (attended,) = seen
    merged = merge(attended.outputs, attended.w_output)
    named = " ".join([str(head), *shape.head_names[head : head + 1]])
    name = named if shape.n_layers == 1 else f"{shape.layer_numbers[layer]}.{head}"
    return steps_of(attended, merged, shape.queries, shape.keys, position, name)


def position_of(query: str, tokens: Tokens) -> int:
    """Find the one position of a token; AttnvizError where it is there several times."""
    places = tokens.find(query)
    if len(places) == 1:
        return places[0]
    choices = [f"{query}#{nth}" for nth in range(1, len(places) + 1)]
    raise AttnvizError(
        f'"{query}" appears {len(places)} times in the text.',
        f"Choose one: {', '.join(choices)}, or a position: {', '.join(map(str, places))}.",
        key="err.twice",
        token=query,
        n_times=len(places),
        choices=choices,
        places=", ".join(map(str, places)),
    )
