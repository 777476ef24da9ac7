"""Options → a checked plan: a model, what it reads, the mask it runs under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from attnviz.analysis.transform import with_global_labels
from attnviz.attention.attention_types import ATTENTION_TYPES, OF_ONE_TEXT, mask_of
from attnviz.attention.masks import LARGEST
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Boxes
from attnviz.models import load_model
from attnviz.models.model import SOURCE, Attend, Inputs, Model, Prepared, StackShape
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.settings import Settings
from attnviz.tracing.doors import with_mask
from attnviz.tracing.recorder import Recorder

HEADS, WINDOW, GLOBAL_TOKENS = 4, 2, (0,)  # unless given


class Options(TypedDict, total=False):
    """What a run can be asked with; `trace` explains each."""

    type: str | None
    heads: int | None
    window: int
    global_tokens: Iterable[int | str] | None
    source: str | None
    pair: str | None
    model: str | Path | Model
    adapter: str | Path | None
    tokenizer: str | None
    ids: Sequence[int] | None
    source_ids: Sequence[int] | None
    target_lang: str | None
    source_lang: str | None
    truncate: bool
    n_prompt: int | None
    image: str | Path | None
    audio: str | Path | None
    start: float | None
    end: float | None
    measure: str
    seed: int


@dataclass(frozen=True)
class Plan:
    """What was asked for, checked and read. mask: None leaves a model its own."""

    kind: str
    model: Model
    prepared: Prepared
    mask: Rule | None
    settings: Settings

    @property
    def shapes(self) -> dict[str, StackShape]:
        """The stacks of the run, before they are recorded."""
        return self.model.stacks(self.prepared)

    def run(self, attend: Attend) -> None:
        """Run the model through this door, under the mask."""
        self.model.run(self.prepared, self.under_mask(attend))

    def under_mask(self, attend: Attend) -> Attend:
        """Put the mask that was asked for around a door."""
        if self.mask is None:
            return attend
        return with_mask(attend, self.mask, _self_stacks(self.shapes))

    def record(self, recorder: Recorder) -> AttentionRecord:
        """Make a record of what the recorder saw."""
        origin = Origin(self.model.name, self.model.origin, self.model.details)
        seen = recorder.stacks()
        stacks = {name: seen[name] for name in self.shapes if name in seen}
        return AttentionRecord(origin, self.kind, stacks, self.settings)


def make_plan(text: str | None, **options: Unpack[Options]) -> Plan:
    """Open the model, check what was asked against it, and prepare its inputs.

    Raises AttnvizError for anything that does not fit together.
    """
    kind = options.get("type")
    if kind is not None and kind not in ATTENTION_TYPES:
        raise bad_choice(kind, "`type`", ATTENTION_TYPES)
    model = _open_model(text, options)
    kind = _check_type(model, options)
    prepared = model.prepare(_inputs_of(text, options))
    if model.any_type:
        _check_source(kind, prepared)
    _, shape = shown_stack(model.stacks(prepared))
    own = not model.any_type and options.get("type") in (None, "cross")
    mask, settings = (None, Settings()) if own else _mask_for_type(kind, shape.queries, options)
    seen_by_all = _global_stack(model.stacks(prepared))
    if seen_by_all is not None:
        wanted = options.get("global_tokens")
        chosen = _global_positions(seen_by_all.queries, wanted, allow_none=True)
        prepared = replace(prepared, global_tokens=tuple(chosen))
    settings = _settings(model, prepared, mask, settings)
    return Plan(kind, model, prepared, mask, settings)


def shown_stack(shapes: dict[str, StackShape], wanted: str | None = None) -> tuple[str, StackShape]:
    """Choose the stack that is looked at: the one wanted, else the record's first choice."""
    name = wanted if wanted in shapes else "cross" if "cross" in shapes else next(iter(shapes))
    return name, shapes[name]


def _global_stack(shapes: Mapping[str, StackShape]) -> StackShape | None:
    """Find the stack, if any, in which some tokens see all: the encoder of LED."""
    return next((shape for shape in shapes.values() if shape.layout.has_global_tokens), None)


def _open_model(text: str | None, options: Options) -> Model:
    """Open the model of that name, or take the one that was given."""
    model = options.get("model", "builtin")
    if not isinstance(model, str | Path):
        return model
    kind, heads = options.get("type"), options.get("heads")
    over = _looked_at(options)
    beside = options.get("source") if over == "text" else text
    return load_model(
        model,
        heads=HEADS if heads is None else heads,
        cross=kind == "cross" or (kind is None and beside is not None),
        seed=options.get("seed", 0),
        adapter=options.get("adapter"),
        over=over,
    )


def _looked_at(options: Options) -> str:
    """What the heads look at: a text, or a picture, or a sound."""
    image, audio = options.get("image"), options.get("audio")
    if image is not None and audio is not None:
        raise AttnvizError(
            "A picture and a sound were both given.", "Give one of them.", key="err.picture_sound"
        )
    return "image" if image is not None else "audio" if audio is not None else "text"


def _check_type(model: Model, options: Options) -> str:
    """Return the type of attention, asked for or the model's own; refuse what it cannot have."""
    if options.get("heads") is not None and not model.any_type:
        raise AttnvizError(
            f"{model.name} has its own number of heads.",
            "Leave `heads` out: all of them are recorded.",
            key="err.own_number",
            model=model.name,
        )
    crosses = options.get("source") is not None and "source" in model.reads
    kind = options.get("type") or ("cross" if crosses else model.type)
    if kind == "cross" and not any(x.queries != x.keys for x in model.layouts.values()):
        family = model.details.get("model_type")
        whose = f"{model.name} ({family})" if family else model.name
        raise AttnvizError(
            f"{whose} has no cross-attention.", "Leave `type` out.", key="err.no_cross", whose=whose
        )
    return kind


def _inputs_of(text: str | None, options: Options) -> Inputs:
    """Take what there is to read out of the options."""
    names = {each.name for each in fields(Inputs)}
    given: dict[str, Any] = {name: v for name, v in options.items() if name in names}
    return Inputs(text, **given)


def _check_source(kind: str, prepared: Prepared) -> None:
    """Refuse cross-attention without a source, and a source without cross-attention."""
    if kind == "cross" and len(prepared.tokens) < 2:
        raise AttnvizError(
            "Cross-attention looks from one text at another, and there is no source.",
            "Give a `source`.",
            key="err.cross_attention_looks",
        )
    if kind != "cross" and SOURCE in prepared.tokens:
        raise AttnvizError(
            f"A source is for cross-attention, and the type is {kind}.",
            "Make `type` cross, or leave `source` out.",
            key="err.source_cross",
            kind=kind,
        )


def _settings(model: Model, prepared: Prepared, mask: Rule | None, settings: Settings) -> Settings:
    """Say in the record how it was made: what is not there was not chosen."""
    shapes = model.stacks(prepared)
    replaces = None
    if mask is not None and not model.any_type and _changes(model, mask):
        replaces = "self and causal" if "encoder" in shapes else model.type
    seen_by_all = _global_stack(shapes)
    if seen_by_all is not None:
        settings = replace(settings, global_tokens=prepared.global_tokens)
        if seen_by_all is not shown_stack(shapes)[1]:  # they are tokens of the source
            settings = with_global_labels(settings, seen_by_all.queries)
    return replace(
        settings,
        tokenizer=prepared.tokenizer,
        replaces=replaces,
        truncated=prepared.cut_to,
        seed=prepared.seed,
        prompt_parts=prepared.parts or None,
        notes=(*model.notes, *prepared.notes) or None,
    )


# Masks ---------------------------------------------------------------------------------------


def other_types(model: Model) -> list[str]:
    """List the types over one text, without the one that a checkpoint has by itself."""
    return [
        kind for kind in OF_ONE_TEXT  # those with settings are never a checkpoint's own
        if model.any_type or ATTENTION_TYPES[kind].settings or _changes(model, mask_of(kind))
    ]  # fmt: skip


def _self_stacks(shapes: dict[str, StackShape]) -> frozenset[str]:
    """Name the stacks that look from tokens at the same tokens."""
    return frozenset(
        name for name, shape in shapes.items() if shape.layout.queries == shape.layout.keys
    )


def _changes(model: Model, mask: Rule) -> bool:
    """Say whether a mask is another than the model's own, in any self-attention."""
    layouts = model.layouts.values()
    return any(
        own != mask for layout in layouts if layout.queries == layout.keys for own in layout.masks
    )


def _mask_for_type(kind: str, tokens: Tokens, options: Options) -> tuple[Rule, Settings]:
    """Make the mask of a type, and say which settings made it."""
    window, asked = options.get("window", WINDOW), ATTENTION_TYPES[kind].settings
    chosen: list[int] = []
    if "global_tokens" in asked:
        chosen = _global_positions(tokens, options.get("global_tokens"))
    where, grid = tokens.where, None
    if isinstance(where, Boxes):  # on a picture's grid a window is a square of patches
        grid = where.grid[1], int((~where.on_grid).sum())
    mask = mask_of(kind, window, chosen, grid)
    if "window" not in asked:
        return mask, Settings()
    told = min(window, LARGEST)  # beyond the longest text a window means the same
    return mask, Settings(window=told, global_tokens=tuple(chosen) or None)


def _global_positions(
    tokens: Tokens, wanted: Iterable[int | str] | None, *, allow_none: bool = False
) -> list[int]:
    """Find the positions of the tokens that see all, by position or by word."""
    named = GLOBAL_TOKENS if wanted is None else wanted
    found = sorted({p for word in named for p in tokens.find(str(word))})
    if not found and not allow_none:
        raise AttnvizError(
            "No global token was chosen.",
            "Name positions or words of the text.",
            key="err.no_global",
        )
    return found
