"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from attnviz.analysis.transform import VALUES, WEIGHTS, Lens, global_labels
from attnviz.attention import masks
from attnviz.attention.masks import Rule
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.inputs.tokens import Tokens, from_ids, open_tokenizer, tokenize
from attnviz.models import HeadsModel, load_model
from attnviz.record.record import AttentionRecord, Model
from attnviz.tracing.recorder import Part, Recorder, Watch

if TYPE_CHECKING:
    from attnviz.analysis.steps import Steps
    from attnviz.models.trained import TrainedModel

TYPES = ("self", "causal", "cross", "local", "global")
HEADS, WINDOW, GLOBAL_TOKENS = 4, 2, (0,)
SOURCES = "A source and --source-ids"


# Told all parts of a run, then stack, layer, and rows just done.
Progress = Callable[[Mapping[str, Part], str, int, int], object]


class Options(TypedDict, total=False):
    """What a run can be asked with; `trace` tells of each."""

    type: str | None
    heads: int | None
    window: int
    global_tokens: Iterable[int | str] | None
    source: str | None
    pair: str | None
    model: str | Path | HeadsModel | TrainedModel
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
        plan.parts,
        budget=max_memory,
        values=lens.measure == VALUES,
        focus={} if focus is None else {shown: focus},
        progress=progress and partial(progress, plan.parts),
    )
    plan.run(recorder)
    record = plan.record(recorder)
    record = record if stack is None else record.looking_at(stack)
    if focus is None or not recorder.focused:
        return replace(lens, query=None).look(record)
    settings = {**record.settings, **global_labels(record.settings, part.queries), **lens.told}
    return lens.after(focus).look(replace(record, settings=settings))


def other_types(model: HeadsModel | TrainedModel) -> list[str]:
    """The types over one text, without the one that a checkpoint has by itself."""
    if isinstance(model, HeadsModel):
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
    stack = "cross" if "cross" in plan.parts else "self"
    part = plan.parts[stack]
    n_heads = plan.n_heads(stack)
    for what, number, n in (("Head", head, n_heads), ("Layer", layer, part.n_layers)):
        if not 0 <= number < n:
            raise out_of_range(what, number, 0, n - 1)
    place = _one_place(part.queries, query)
    recorder = Recorder(plan.parts, watch=Watch(stack, place, head, layer), budget=sys.maxsize)
    plan.run(recorder)
    assert recorder.watched is not None  # the budget keeps every layer dense
    merged = merge(recorder.watched.outputs, recorder.watched.w_output)
    name = plan.head_name(head) if part.n_layers == 1 else f"{layer}.{head}"
    return steps_of(recorder.watched, merged, part.queries, part.keys, place, name)


@dataclass(frozen=True)
class _Plan:
    """What was asked for, checked and read. mask: None leaves a checkpoint its own."""

    kind: str
    tokens: Tokens
    source: Tokens | None
    mask: Rule | None
    model: HeadsModel | TrainedModel
    settings: dict[str, Any]
    global_tokens: Sequence[int] | None = None

    @property
    def parts(self) -> dict[str, Part]:
        return self.model.stacks_of(self.tokens, self.source)

    def shown(self, stack: str | None) -> tuple[str, Part]:
        """The stack that is looked at: the one asked for, else the record's first choice."""
        parts = self.parts
        name = stack if stack in parts else "cross" if "cross" in parts else next(iter(parts))
        return name, parts[name]

    def n_heads(self, stack: str) -> int:
        model = self.model
        return len(model.heads) if isinstance(model, HeadsModel) else model.layouts[stack].n_heads

    def head_name(self, head: int) -> str:
        heads = self.model.heads if isinstance(self.model, HeadsModel) else ()
        return f"{head} {heads[head].name}" if heads else str(head)

    def run(self, recorder: Recorder) -> None:
        if isinstance(self.model, HeadsModel):
            self.model(self.tokens, recorder, self.mask or masks.full(), self.source)
            return
        chosen = self.global_tokens
        self.model(self.tokens, recorder, self.mask, self.source, global_tokens=chosen)

    def record(self, recorder: Recorder) -> AttentionRecord:
        names = self.model.heads if isinstance(self.model, HeadsModel) else ()
        stacks = recorder.stacks(tuple(head.name for head in names))
        model = Model(self.model.name, self.model.origin, self.model.details)
        return AttentionRecord(model, self.kind, stacks, self.settings)


def _plan(text: str | None, **options: Unpack[Options]) -> _Plan:
    kind = options.get("type")
    if kind is not None and kind not in TYPES:
        raise bad_choice(kind, "--type", TYPES)
    model = options.get("model", "builtin")
    if isinstance(model, str) and model in ("builtin", "random"):
        crossing = kind == "cross" or (kind is None and options.get("source") is not None)
        n_heads, seed = options.get("heads"), options.get("seed", 0)
        heads = HEADS if n_heads is None else n_heads
        model = load_model(model, heads=heads, cross=crossing, seed=seed)
    elif isinstance(model, str | Path):
        model = load_model(model)
    if isinstance(model, HeadsModel):
        return _plan_heads(model, text, options)
    return _plan_trained(model, text, options)


def _plan_heads(model: HeadsModel, text: str | None, options: Options) -> _Plan:
    _refuse(
        options, f"the {model.name} heads", "pair", "ids", "source_ids", "target_lang",
        "source_lang", "truncate",
    )  # fmt: skip
    source, tokenizer = options.get("source"), options.get("tokenizer") or "words"
    kind = options.get("type") or ("self" if source is None else "cross")
    tokens = tokenize(_given(text), tokenizer)
    other = _source(kind, source, tokenizer)
    rule, settings = _asked(kind, tokens, options)
    settings = {"tokenizer": tokenizer} | settings
    settings |= {"seed": options.get("seed", 0)} if model.origin == "random" else {}
    return _Plan(kind, tokens, other, rule, model, settings)


def _plan_trained(model: TrainedModel, text: str | None, options: Options) -> _Plan:
    if options.get("heads") is not None:
        raise AttnvizError(
            f"{model.name} has its own number of heads.",
            "Leave --heads out; --head chooses which of them are shown.",
        )
    kind = options.get("type") or model.type
    if kind == "cross" and not model.reads_source:
        raise AttnvizError(
            f"{model.name} ({model.family}) has no cross-attention.", "Leave --type out."
        )
    tokens, source, is_cut = _read(model, text, options)
    own = options.get("type") in (None, "cross")
    rule, settings = (None, {}) if own else _asked(kind, tokens, options)
    if rule is not None and _changes(model, rule):
        settings["replaces"] = "self and causal" if model.reads_source else model.type
    if is_cut:
        settings["truncated"] = model.network.n_positions
    chosen: list[int] | None = None
    if model.has_global_tokens:
        chosen = _chosen(tokens, options.get("global_tokens"), allow_none=True)
        settings["global_tokens"] = chosen
    return _Plan(kind, tokens, source, rule, model, settings, chosen)


def _changes(model: TrainedModel, rule: Rule) -> bool:
    """Whether a mask is another than the model's own, in any self-attention."""
    own = [
        mask for name, layout in model.layouts.items() if name != "cross" for mask in layout.masks
    ]
    return any(mask != rule for mask in own)


def _read(
    model: TrainedModel, text: str | None, options: Options
) -> tuple[Tokens, Tokens | None, bool]:
    """The tokens that a checkpoint is fed, those that its encoder reads, and whether any were cut
    for want of positions."""
    ids, source_ids = options.get("ids"), options.get("source_ids")
    source, pair = options.get("source"), options.get("pair")
    if pair is not None and model.type != "self":
        raise AttnvizError(
            f"{model.name} ({model.family}) takes one text.", "--pair is for encoders, like BERT."
        )
    if not model.reads_source:
        _refuse(options, f"{model.name} ({model.family})", "source_lang", "source_ids")
    for given, ready, what in ((text, ids, "A text and --ids"), (source, source_ids, SOURCES)):
        if given is not None and ready is not None:
            raise AttnvizError(f"{what} were both given.", "Give one of them.")
    if ids is not None and pair is not None:
        raise AttnvizError("--pair and --ids were both given.", "Give two texts, or ids.")

    def read(truncate: bool) -> tuple[Tokens, Tokens | None]:
        how: Any = {"tokenizer": options.get("tokenizer"), "truncate": truncate}
        if ids is not None:
            tokens = model.cut(from_ids(ids, _names(model, options)), truncate=truncate)
        else:
            language, shifted = options.get("target_lang"), model.reads_source
            tokens = model.tokenize(_given(text), pair, language=language, shifted=shifted, **how)
        if source_ids is not None:
            named = from_ids(source_ids, _names(model, options))
            return tokens, model.cut(named, truncate=truncate)
        if source is None:
            return tokens, None
        language = options.get("source_lang")
        return tokens, model.tokenize(source, language=language, what="source", **how)

    if not options.get("truncate"):
        return *read(truncate=False), False
    whole, cut = read(truncate=False), read(truncate=True)
    return *cut, [len(t or ()) for t in whole] != [len(t or ()) for t in cut]


def _names(model: TrainedModel, options: Options) -> Any:
    """What names ready ids: a tokenizer, where there is one."""
    given = options.get("tokenizer")
    if given is not None:
        return open_tokenizer(Path(given))
    try:
        return model.tokenizer
    except AttnvizError:  # ids need no tokenizer: their numbers stand for them
        return None


def _refuse(options: Options, whose: str, *names: str) -> None:
    for name in names:
        given = options.get(name)
        if given is not None and given is not False:
            option = f"--{name.replace('_', '-')}"
            raise AttnvizError(
                f"{option} means nothing to {whose}.", "It is for checkpoints that can use it."
            )


def _given(text: str | None) -> str:
    if text is None:
        raise AttnvizError("There is no text.", "Give one.")
    return text


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


def _source(kind: str, source: str | None, tokenizer: str) -> Tokens | None:
    if kind == "cross" and source is None:
        raise AttnvizError(
            "Cross-attention looks from one text at another, and there is no source.",
            "Give it with --source or --source-file.",
        )
    if kind != "cross" and source is not None:
        raise AttnvizError(
            f"A source is for cross-attention, and the type is {kind}.",
            "Use --type cross, or leave the source out.",
        )
    return None if source is None else tokenize(source, tokenizer, "source")


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
