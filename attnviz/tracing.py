"""The usual way in: text → tokens → model → record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attnviz.attention import masks
from attnviz.attention.masks import Rule
from attnviz.errors import AttnvizError, bad_choice
from attnviz.models import load_model
from attnviz.record import AttentionRecord, Model
from attnviz.recorder import Recorder
from attnviz.tokens import Tokens, tokenize

TYPES = ("self", "causal", "cross", "local", "global")


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
    kind = ("self" if source is None else "cross") if type is None else type
    if kind not in TYPES:
        raise bad_choice(kind, "--type", TYPES)
    tokens = tokenize(text, tokenizer)
    other = _source(kind, source, tokenizer)
    chosen = _positions(tokens, global_tokens) if kind == "global" else []
    rule = mask_of(kind, window, chosen)
    heads_model = load_model(model, heads=heads, cross=kind == "cross", seed=seed)
    stack = "self" if other is None else "cross"
    recorder = Recorder({stack: (tokens, other or tokens)}, budget=max_memory)
    heads_model(tokens, recorder, rule, other)
    settings: dict[str, Any] = {"tokenizer": tokenizer}
    settings |= {"window": window} if kind in ("local", "global") else {}
    settings |= {"global_tokens": chosen} if kind == "global" else {}
    settings |= {"seed": seed} if heads_model.origin == "random" else {}
    stacks = recorder.stacks(tuple(head.name for head in heads_model.heads))
    return AttentionRecord(Model(heads_model.name, heads_model.origin), kind, stacks, settings)


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
