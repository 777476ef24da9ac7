"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from attnviz.analysis.transform import VALUES, WEIGHTS, Lens, global_labels
from attnviz.attention import masks
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.inputs.tokens import Tokens
from attnviz.models import load_model
from attnviz.models.model import SOURCE, Attend, Inputs, Model, Prepared, StackShape
from attnviz.record.record import AttentionRecord
from attnviz.record.record import Model as Origin
from attnviz.tracing.doors import with_mask
from attnviz.tracing.recorder import Recorder, Watch

if TYPE_CHECKING:
    from attnviz.analysis.steps import Steps

TYPES = ("self", "causal", "cross", "local", "global")
HEADS, WINDOW, GLOBAL_TOKENS = 4, 2, (0,)

# Told all parts of a run, then stack, layer, and rows just done.
Progress = Callable[[Mapping[str, StackShape], str, int, int], object]


class Options(TypedDict, total=False):
    """What a run can be asked with; `trace` tells of each."""

    type: str | None
    heads: int | None
    window: int
    global_tokens: Iterable[int | str] | None
    source: str | None
    pair: str | None
    model: str | Path | Model
    tokenizer: str | None
    ids: Sequence[int] | None
    source_ids: Sequence[int] | None
    target_lang: str | None
    source_lang: str | None
    truncate: bool
    measure: str
    seed: int


def trace(
    text: str | None = None, *, max_memory: int | None = None, lens: Lens | None = None,
    stack: str | None = None, progress: Progress | None = None, **options: Unpack[Options],
) -> AttentionRecord:  # fmt: skip
    """Run attention over `text` and return the record of it.

    model: "builtin", "random" (drawn with `seed`), "minilm", the folder of a checkpoint, its id on
        the hub, or what `load_model` gave.
    type: "self", "causal", "cross", "local" or "global"; with a `source` it is "cross" by itself.
        A checkpoint has a type of its own: another one takes the place of the mask of every
        self-attention, to see what the same model does under it.
    heads: 1 to 64 built-in heads, 4 unless given; a checkpoint has its own.
    window: local and global look this many tokens to each side.
    global_tokens: positions or words that see all and are seen by all, for "global" and Longformer;
        the first token unless given.
    source: the text that cross-attention takes its keys and values from, or an encoder reads.
    pair: a second text, for encoders that take two segments.
    tokenizer: "words" (the default of built-in heads), "characters", "bytes", or the path of a
        tokenizer.json; a checkpoint brings its own.
    ids, source_ids: ready token ids in place of the texts; no special tokens are added.
    target_lang, source_lang: the codes that a translation model puts before a text ("ary_Arab").
    truncate: cut what a checkpoint has no positions for.
    measure: "weights"; "values", what each key gives by the length of its value, as a share of the
        row (Kobayashi et al. 2020); "rollout" or "flow" through the layers (Abnar & Zuidema 2020).
    max_memory: bytes; weights that do not fit are streamed and only summarised; 0 always streams.
        A quarter of the free memory, at most 1 GiB, unless given.
    lens: how to look at it: units in place of tokens, some rows and columns … which a long text
        keeps at full detail while it is streamed. `measure` is short for one.
    stack: of an encoder-decoder, the one to look at.
    progress: told how many rows of which layers are done, while it runs.

    Raises AttnvizError for anything that does not fit together.
    """
    lens = lens or Lens(options.get("measure", WEIGHTS))
    lens.check()  # before a checkpoint is opened, or fetched
    plan = _plan(text, **options)
    shown, part = plan.shown(stack)
    focus = lens.focus(part.queries, part.keys)
    recorder = Recorder(
        plan.shapes,
        budget=max_memory,
        values=lens.measure == VALUES,
        focus={} if focus is None else {shown: focus},
        progress=progress and partial(progress, plan.shapes),
    )
    plan.run(recorder.attend)
    record = plan.record(recorder)
    record = record if stack is None else record.looking_at(stack)
    if focus is None or not recorder.focused:
        return replace(lens, query=None).look(record)
    settings = {**record.settings, **global_labels(record.settings, part.queries), **lens.told}
    return lens.after(focus).look(replace(record, settings=settings))


def other_types(model: Model) -> list[str]:
    """The types over one text, without the one that a checkpoint has by itself."""
    if model.any_type:
        return [kind for kind in TYPES if kind != "cross"]
    plain = {"self": masks.full(), "causal": masks.causal()}  # the others are made to a measure
    return [
        kind for kind in TYPES
        if kind != "cross" and (kind not in plain or _changes(model, plain[kind]))
    ]  # fmt: skip


def trace_steps(
    text: str, query: str, *, head: int = 0, layer: int = 0, **options: Unpack[Options]
) -> Steps:
    """One query of one head through the four steps; other options as in `trace`.

    query: a word of the text, "word#2" for its second place, or a position. Raises AttnvizError
    when there is no such token, or when it is there more than once.
    """
    from attnviz.analysis.steps import merge, steps_of  # few runs are followed step by step

    plan = _plan(text, **options)
    stack = "cross" if "cross" in plan.shapes else "self"
    part = plan.shapes[stack]
    for what, number, n in (("Head", head, part.n_heads), ("Layer", layer, part.n_layers)):
        if not 0 <= number < n:
            raise out_of_range(what, number, 0, n - 1)
    place = _one_place(part.queries, query)
    recorder = Recorder(plan.shapes, watch=Watch(stack, place, head, layer), budget=sys.maxsize)
    plan.run(recorder.attend)
    assert recorder.watched is not None  # the budget keeps every layer dense
    merged = merge(recorder.watched.outputs, recorder.watched.w_output)
    named = " ".join([str(head), *part.head_names[head : head + 1]])
    name = named if part.n_layers == 1 else f"{layer}.{head}"
    return steps_of(recorder.watched, merged, part.queries, part.keys, place, name)


@dataclass(frozen=True)
class _Plan:
    """What was asked for, checked and read. mask: None leaves a model its own."""

    kind: str
    model: Model
    prepared: Prepared
    mask: Rule | None
    settings: dict[str, Any]

    @property
    def shapes(self) -> dict[str, StackShape]:
        return self.model.stacks(self.prepared)

    def shown(self, stack: str | None) -> tuple[str, StackShape]:
        """The stack that is looked at: the one asked for, else the record's first choice."""
        shapes = self.shapes
        name = stack if stack in shapes else "cross" if "cross" in shapes else next(iter(shapes))
        return name, shapes[name]

    def run(self, attend: Attend) -> None:
        self.model.run(self.prepared, attend if self.mask is None else with_mask(attend, self.mask))

    def record(self, recorder: Recorder) -> AttentionRecord:
        origin = Origin(self.model.name, self.model.origin, self.model.details)
        return AttentionRecord(origin, self.kind, recorder.stacks(), self.settings)


def _plan(text: str | None, **options: Unpack[Options]) -> _Plan:
    kind = options.get("type")
    if kind is not None and kind not in TYPES:
        raise bad_choice(kind, "`type`", TYPES)
    model = _opened(options)
    if options.get("heads") is not None and not model.any_type:
        raise AttnvizError(
            f"{model.name} has its own number of heads.",
            "Leave `heads` out: all of them are recorded.",
        )
    crosses = options.get("source") is not None and "source" in model.reads
    kind = kind or ("cross" if crosses else model.type)
    if kind == "cross" and "source" not in model.reads:
        whose = " ".join([model.name, *(f"({t})" for t in [model.details.get("model_type")] if t)])
        raise AttnvizError(f"{whose} has no cross-attention.", "Leave `type` out.")
    prepared = model.prepare(_inputs(text, options))
    if model.any_type:
        _check_source(kind, prepared)
    shapes = model.stacks(prepared)
    own = not model.any_type and options.get("type") in (None, "cross")
    rule, asked = (None, {}) if own else _asked(kind, prepared.text, options)
    settings = ({"tokenizer": prepared.tokenizer} if prepared.tokenizer else {}) | asked
    if rule is not None and not model.any_type and _changes(model, rule):
        settings["replaces"] = "self and causal" if "encoder" in shapes else model.type
    if prepared.cut_to is not None:
        settings["truncated"] = prepared.cut_to
    if any(shape.layout.has_global_tokens for shape in shapes.values()):
        chosen = _chosen(prepared.text, options.get("global_tokens"), allow_none=True)
        settings["global_tokens"] = chosen
        prepared = replace(prepared, global_tokens=tuple(chosen))
    if model.origin == "random":
        settings["seed"] = options.get("seed", 0)
    return _Plan(kind, model, prepared, rule, settings)


def _opened(options: Options) -> Model:
    """The model of that name, or the one that was given."""
    model = options.get("model", "builtin")
    if not isinstance(model, str | Path):
        return model
    kind, heads = options.get("type"), options.get("heads")
    crosses = kind == "cross" or (kind is None and options.get("source") is not None)
    return load_model(
        model,
        heads=HEADS if heads is None else heads,
        cross=crosses,
        seed=options.get("seed", 0),
    )


def _inputs(text: str | None, options: Options) -> Inputs:
    """What there is to read."""
    names = {each.name for each in fields(Inputs)}
    given: dict[str, Any] = {name: v for name, v in options.items() if name in names}
    return Inputs(text, **given)


def _changes(model: Model, rule: Rule) -> bool:
    """Whether a mask is another than the model's own, in any self-attention."""
    own = [
        mask for name, layout in model.layouts.items() if name != "cross" for mask in layout.masks
    ]
    return any(mask != rule for mask in own)


def _asked(kind: str, tokens: Tokens, options: Options) -> tuple[Rule, dict[str, Any]]:
    """The mask of a type, and the settings that made it."""
    window, settings = options.get("window", WINDOW), dict[str, Any]()
    if kind in ("local", "global"):
        settings["window"] = window
    chosen: list[int] = []
    if kind == "global":
        chosen = settings["global_tokens"] = _chosen(tokens, options.get("global_tokens"))
    return mask_of(kind, window, chosen), settings


def mask_of(kind: str, window: int, positions: list[int]) -> Rule:
    """The mask that a type of attention means."""
    if kind == "causal":
        return masks.causal()
    if kind == "local":
        return masks.local(window)
    if kind == "global":
        return masks.local(window) | masks.global_(positions)
    return masks.full()


def _check_source(kind: str, prepared: Prepared) -> None:
    if kind == "cross" and SOURCE not in prepared.tokens:
        raise AttnvizError(
            "Cross-attention looks from one text at another, and there is no source.",
            "Give a `source`.",
        )
    if kind != "cross" and SOURCE in prepared.tokens:
        raise AttnvizError(
            f"A source is for cross-attention, and the type is {kind}.",
            "Make `type` cross, or leave `source` out.",
        )


def _chosen(
    tokens: Tokens, wanted: Iterable[int | str] | None, *, allow_none: bool = False
) -> list[int]:
    """Positions of the global tokens."""
    named = GLOBAL_TOKENS if wanted is None else wanted
    found = sorted({p for word in named for p in tokens.find(str(word))})
    if not found and not allow_none:
        raise AttnvizError("No global token was chosen.", "Name positions or words of the text.")
    return found


def _one_place(tokens: Tokens, query: str) -> int:
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
