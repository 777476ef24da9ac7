"""Weights that somebody else computed → record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.attention.attention_types import ATTENTION_TYPES, in_full, mask_of
from attnviz.digits import grouped
from attnviz.errors import AttnvizError, bad_choice, known_arguments
from attnviz.inputs.tokens import MOST_TOKENS, Tokens, from_labels
from attnviz.record.checks import (
    DUST,
    check_numbers,
    check_rows,
    first_leak,
    place_of,
    without_dust,
)
from attnviz.record.layouts import GivenWeights, stacks_given
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.settings import Settings
from attnviz.record.stack import Stack


@known_arguments()
def from_weights(
    weights: Any,
    tokens: Iterable[object] | None,
    key_tokens: Iterable[object] | None = None,
    *,
    type: str | None = None,
) -> AttentionRecord:
    """Return a record of weights that are already there.

    weights: (queries, keys), (heads, queries, keys), (layers, heads, queries, keys), or one
    (heads, queries, keys) array per layer, with or without a batch axis of 1; NumPy, nested lists,
    or anything with `__array__` or `detach`; or the path of a file that holds these (.npy, .npz,
    .json, .safetensors, .pt), whose tokens are taken where none are given. Also what transformers
    returns: `outputs.attentions`, the attentions of `generate()` (step by step; they become one
    causal matrix per layer), or the outputs themselves (of a beam search only these tell, by
    `beam_indices`, which rows are the text's), or a mapping with those names, or with those that
    hooks give (a TransformerLens cache, `layer.0`, `layer_0_head_0`): of an encoder-decoder they
    become three stacks, and a Longformer's window and global part one matrix.
    tokens: one string per query, and per key unless `key_tokens` has those; None: positions. Of an
    encoder-decoder `tokens` are the decoder's and `key_tokens` the encoder's.
    type: what is known of their mask: "self" (none), "causal", "local", "global" (the window and
    the global tokens are then read from the weights) or "cross".

    Rows that sum to less than 1 are shown, and `record.notes` tells of them. Raises AttnvizError
    for other shapes, numbers that cannot be weights, rows that sum to more than 1, weights that a
    causal type masks, or tokens that do not match.
    """
    _check_type(type)
    weights, tokens, key_tokens = _opened(weights, tokens, key_tokens)
    given = stacks_given(weights)
    notes: list[str] = []
    if len(given) > 1:
        return _of_encoder_decoder(given, tokens, key_tokens, type, notes)
    ((name, one),) = given.items()
    check_numbers(one.weights, "")
    kind = type or ("cross" if name == "cross" else one.type)
    n_queries, n_keys = one.weights.shape[2:]
    crossing = key_tokens is not None or kind == "cross"
    crossing = crossing or (kind is None and tokens is None and n_queries != n_keys)
    _check_one_text(kind, key_tokens is not None, (n_queries, n_keys))
    if crossing and tokens is not None and key_tokens is None:
        raise AttnvizError(
            "Cross-attention looks at another text, whose tokens were not given.",
            "Give them as `key_tokens`.",
            key="err.cross_attention",
        )
    queries = _labelled(tokens, n_queries, "query", one.steps, notes)
    if crossing:
        keys = _labelled(key_tokens, n_keys, "key", False, notes)
    elif n_queries == n_keys:
        keys = queries
    else:
        raise _mismatch(len(queries), "key", n_keys)
    one = one if type is None else _declared(one, type)
    stack = _stack(one, queries, keys, crossing, "", notes)
    name = "cross" if crossing else "self"
    return _record(kind or name, {name: stack}, one.settings, notes)


def _opened(
    weights: Any, tokens: Iterable[object] | None, key_tokens: Iterable[object] | None
) -> tuple[Any, Iterable[object] | None, Iterable[object] | None]:
    """What a file holds, where a path was given; its tokens where no others were."""
    if not isinstance(weights, str | Path):
        return weights, tokens, key_tokens
    from attnviz.record.array_files import arrays_in  # few are given as files

    found = arrays_in(weights)
    queries = found.tokens if tokens is None else tokens
    return found.weights, queries, found.key_tokens if key_tokens is None else key_tokens


def _check_type(type: str | None) -> None:
    if type is not None and type not in ATTENTION_TYPES:
        raise bad_choice(type, "`type`", ATTENTION_TYPES)


def _check_one_text(kind: str | None, has_keys: bool, shape: tuple[int, int]) -> None:
    """Refuse weights between two texts where their type is within one."""
    if kind in (None, "cross") or (not has_keys and shape[0] == shape[1]):
        return
    size = f"{shape[0]} × {shape[1]}"
    raise AttnvizError(
        f"{in_full(kind)} is within one text, and "
        + ("`key_tokens` were given." if has_keys else f"these weights, {size}, have two."),
        "Leave the type out.",
        key="err.within_one_given" if has_keys else "err.within_one",
        kind=in_full(kind),
        size=size,
    )


# What goes out


def _labelled(
    tokens: Iterable[object] | None, n: int, what: str, steps: bool, notes: list[str]
) -> Tokens:
    """The tokens of an axis: those given, or positions."""
    if n > MOST_TOKENS:
        raise AttnvizError(
            f"The weights have {grouped(n)} {what} tokens, and {grouped(MOST_TOKENS)} are the "
            f"most.",
            "Give a part of them.",
            key="err.weights_tokens",
            n=n,
            what=what,
            most_tokens=MOST_TOKENS,
        )
    if tokens is None:
        return from_labels(range(n))
    if not isinstance(tokens, Iterable):
        raise AttnvizError(
            f"The {what} tokens are {tokens!r}.",
            "Give a list of strings.",
            key="err.tokens",
            what=what,
            value=repr(tokens),
        )
    labels = list(tokens.tolist() if hasattr(tokens, "tolist") else tokens)  # ids in a tensor
    if steps and len(labels) == n + 1:  # the last token that was generated was never fed
        notes.append(f'The last token, "{labels.pop()}", never was a query: it is left out.')
    if len(labels) != n:
        raise _mismatch(len(labels), what, n)
    return from_labels(labels)


def _mismatch(n_tokens: int, what: str, n: int) -> AttnvizError:
    axis = "rows" if what == "query" else "columns"
    return AttnvizError(
        f"There are {n_tokens} {what} tokens and the weights have {n} {axis}.",
        "Give one token for each row, and `key_tokens` if the columns are other tokens.",
        key="err.tokens_weights",
        n=n_tokens,
        what=what,
        n2=n,
        axis=axis,
    )


def _of_encoder_decoder(
    given: Mapping[str, GivenWeights],
    tokens: Iterable[object] | None,
    key_tokens: Iterable[object] | None,
    type: str | None,
    notes: list[str],
) -> AttentionRecord:
    if type not in (None, "cross"):
        raise AttnvizError(
            f"The weights are {', '.join(given)} of an encoder-decoder, and the type is {type}.",
            "Leave the type out.",
            key="err.weights_encoder",
            names=", ".join(given),
            type=type,
        )
    target, source = given.get("decoder") or given["cross"], given.get("encoder")
    n_source = given["cross"].weights.shape[3] if source is None else source.weights.shape[2]
    if tokens is not None and key_tokens is None:
        raise AttnvizError(
            f"The weights are {', '.join(given)} of an encoder-decoder, and the encoder's tokens "
            "were not given.",
            "Give the decoder's as `tokens` and the encoder's as `key_tokens`.",
            key="err.weights_encoder_decoder",
            names=", ".join(given),
        )
    for name, one in given.items():
        check_numbers(one.weights, f"{name}, ")
    queries = _labelled(tokens, target.weights.shape[2], "query", target.steps, notes)
    keys = _labelled(key_tokens, n_source, "key", False, notes)
    stacks = {}
    for name in ("encoder", "decoder", "cross"):
        if name in given:
            one = given[name]
            sides = {"encoder": (keys, keys), "decoder": (queries, queries)}.get(
                name, (queries, keys)
            )
            for side, what, n in zip(sides, ("query", "key"), one.weights.shape[2:], strict=True):
                if len(side) != n:
                    raise _mismatch(len(side), f"{what} tokens of the {name}:", n)
            if name == "decoder" and not one.masks and not first_leak(one.weights, masks.causal()):
                one = replace(one, masks=(masks.causal(),) * len(one.weights))
            stacks[name] = _stack(one, *sides, name == "cross", f"{name}, ", notes)
    return _record("cross" if "cross" in stacks else "self", stacks, Settings(), notes)


def _stack(
    given: GivenWeights, queries: Tokens, keys: Tokens, two_texts: bool, of: str, notes: list[str]
) -> Stack:
    check_rows(given.weights, of, notes)
    weights = without_dust(given.weights, given.masks)
    return Stack(queries, keys, weights, masks=given.masks, two_texts=two_texts)


def _record(
    type: str, stacks: Mapping[str, Stack], settings: Settings, notes: list[str]
) -> AttentionRecord:
    settings = replace(settings, notes=tuple(notes) or None)
    return AttentionRecord(Origin("given", "given"), type, stacks, settings)


def _declared(given: GivenWeights, type: str) -> GivenWeights:
    """The same weights under the mask of a type, which must hide nothing that is there."""
    if ATTENTION_TYPES[type].two_texts:
        return replace(given, masks=(), type=type, settings=Settings())
    settings = _settings_seen(given.weights, type)
    rule = mask_of(type, settings.window or 0, settings.global_tokens or ())
    leak = None if settings else first_leak(given.weights, rule)
    if leak:
        raise AttnvizError(
            f"A weight of {given.weights[leak]:.3g} lies in {place_of('', *leak)}, which "
            f"{in_full(type)} masks.",
            "Leave the type out, or look for what leaks.",
            key="err.weight_lies",
            weights=f"{given.weights[leak]:.3g}",
            where=place_of("", *leak),
            type=in_full(type),
        )
    return replace(given, masks=(rule,) * len(given.weights), type=type, settings=settings)


def _settings_seen(weights: NDArray[Any], type: str) -> Settings:
    """Read off the weights which tokens see all, and how far the others see."""
    wanted, positions = ATTENTION_TYPES[type].settings, list[int]()
    if "window" not in wanted:
        return Settings()
    seen: NDArray[np.bool_] = np.any(weights > DUST, axis=(0, 1))
    if "global_tokens" in wanted:
        positions = np.flatnonzero(seen.all(axis=0) | seen.all(axis=1)).tolist()
        if not positions:
            raise AttnvizError(
                "No token is seen by all or sees all, as global attention has it.",
                "Leave the type out.",
                key="err.no_token_seen",
            )
        seen[positions], seen[:, positions] = False, False
    rows, columns = np.nonzero(seen)
    window = int(np.abs(rows - columns).max(initial=0))
    return Settings(window=window, global_tokens=tuple(positions) or None)
