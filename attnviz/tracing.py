"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from attnviz.attention import masks
from attnviz.attention.masks import Rule
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.models import HeadsModel, load_model
from attnviz.record import AttentionRecord, Model
from attnviz.recorder import Recorder, Watch
from attnviz.tokens import Tokens, tokenize

if TYPE_CHECKING:
    from attnviz.steps import Steps

TYPES = ("self", "causal", "cross", "local", "global")


class Options(TypedDict, total=False):
    """What a run can be asked with; `trace` tells of each."""

    type: str | None
    heads: int
    window: int
    global_tokens: Iterable[int | str]
    source: str | None
    model: str
    tokenizer: str
    seed: int


def trace(
    text: str,
    *,
    type: str | None = None,
    heads: int = 4,
    window: int = 2,
    global_tokens: Iterable[int | str] = (0,),
    source: str | None = None,
    model: str = "builtin",
    tokenizer: str = "words",
    seed: int = 0,
    max_memory: int | None = None,
) -> AttentionRecord:
    """Run attention over `text` and return the record of it.

    type: "self", "causal", "cross", "local" or "global"; with a `source` it is "cross" by itself.
    heads: 1 to 64. window: local and global look this many tokens to each side.
    global_tokens: positions or words that see all and are seen by all, for "global".
    source: the text that cross-attention takes its keys and values from.
    model: "builtin" or "random" (drawn with `seed`).
    tokenizer: "words", "characters", "bytes", or the path of a tokenizer.json.
    max_memory: bytes; weights that do not fit are streamed and only summarised.

    Raises AttnvizError for anything that does not fit together.
    """
    options = Options(type=type, heads=heads, window=window, global_tokens=global_tokens)
    options |= {"source": source, "model": model, "tokenizer": tokenizer, "seed": seed}
    plan = _plan(text, **options)
    recorder = Recorder({plan.stack: (plan.tokens, plan.keys)}, budget=max_memory)
    plan.run(recorder)
    return plan.record(recorder)


def trace_steps(text: str, query: str, *, head: int = 0, **options: Unpack[Options]) -> Steps:
    """One query of one head through the four steps; other options as in `trace`.

    query: a word of the text, "word#2" for its second place, or a position. Raises AttnvizError
    when there is no such token, or when it is there more than once.
    """
    from attnviz.steps import merge, steps_of  # few runs are followed step by step

    plan = _plan(text, **options)
    if not 0 <= head < len(plan.model.heads):
        raise out_of_range("Head", head, 0, len(plan.model.heads) - 1)
    place = _one_place(plan.tokens, query)
    watch = Watch(plan.stack, place, head)
    both = {plan.stack: (plan.tokens, plan.keys)}
    recorder = Recorder(both, watch=watch, budget=sys.maxsize)
    plan.run(recorder)
    assert recorder.watched is not None  # the budget keeps every layer dense
    merged = merge(recorder.watched.outputs, plan.model.w_output)
    name = f"{head} {plan.model.heads[head].name}"
    return steps_of(recorder.watched, merged, plan.tokens, plan.keys, place, name)


@dataclass(frozen=True)
class _Plan:
    """What was asked for, checked and read."""

    kind: str
    tokens: Tokens
    source: Tokens | None
    rule: Rule
    model: HeadsModel
    settings: dict[str, Any]

    @property
    def stack(self) -> str:
        return "self" if self.source is None else "cross"

    @property
    def keys(self) -> Tokens:
        return self.tokens if self.source is None else self.source

    def run(self, recorder: Recorder) -> None:
        self.model(self.tokens, recorder, self.rule, self.source)

    def record(self, recorder: Recorder) -> AttentionRecord:
        stacks = recorder.stacks(tuple(head.name for head in self.model.heads))
        model = Model(self.model.name, self.model.origin)
        return AttentionRecord(model, self.kind, stacks, self.settings)


def _plan(
    text: str,
    *,
    type: str | None = None,
    heads: int = 4,
    window: int = 2,
    global_tokens: Iterable[int | str] = (0,),
    source: str | None = None,
    model: str = "builtin",
    tokenizer: str = "words",
    seed: int = 0,
) -> _Plan:
    kind = ("self" if source is None else "cross") if type is None else type
    if kind not in TYPES:
        raise bad_choice(kind, "--type", TYPES)
    tokens = tokenize(text, tokenizer)
    other = _source(kind, source, tokenizer)
    chosen = _positions(tokens, global_tokens) if kind == "global" else []
    heads_model = load_model(model, heads=heads, cross=kind == "cross", seed=seed)
    settings: dict[str, Any] = {"tokenizer": tokenizer}
    settings |= {"window": window} if kind in ("local", "global") else {}
    settings |= {"global_tokens": chosen} if kind == "global" else {}
    settings |= {"seed": seed} if heads_model.origin == "random" else {}
    return _Plan(kind, tokens, other, mask_of(kind, window, chosen), heads_model, settings)


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


def _positions(tokens: Tokens, wanted: Iterable[int | str]) -> list[int]:
    found = sorted({p for word in wanted for p in tokens.find(str(word))})
    if not found:
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
