"""Which of many named arrays are attention, by their names: files, caches of hooks, mappings.

Numbers in names count layers, and heads where "head" stands before them: `attentions_0`,
`blocks.3.attn.hook_pattern` (https://github.com/TransformerLensOrg/TransformerLens),
`layer_2_head_5`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.inputs.labels import visible

# What arrays are called, and what transformers calls the same.
NAMES = {
    **dict.fromkeys(
        ("attentions", "attention", "attn", "weights", "attention_weights", "attn_weights"),
        "attentions",
    ),
    **{
        f"{part}_{name}": f"{part}_attentions"
        for part in ("encoder", "decoder", "cross")
        for name in ("attentions", "attention", "attn")
    },
    "global_attentions": "global_attentions",
    "encoder_global_attentions": "encoder_global_attentions",
}
TOKENS = ("tokens", "query_tokens", "decoder_tokens", "left_text", "labels")
KEY_TOKENS = ("key_tokens", "source_tokens", "encoder_tokens", "right_text")
HEAD_NAMES = ("attention_head_names", "head_names")
# The last part of a dotted name that a hook gives to attention.
HOOKED = (
    "hook_pattern", "pattern", "attn_weights", "attention_weights", "attention_probs", "attn_probs",
    "attentions",
)  # fmt: skip

Layers = Mapping[int, "str | list[str]"]  # number of a layer → its array, or those of its heads


def plan(place: object, names: Iterable[str]) -> dict[str, list[Any]]:
    """Choose which arrays make which attentions, by their names: for each of transformers' names
    the one array, or one for each layer, or a list of one for each head of a layer.

    Raises AttnvizError where no name tells, or a layer or head is missing; place: whose they are.
    """
    groups = _groups(name for name in names if name.lower() not in _LABELS)
    known: dict[str, list[Any]] = {}
    for stem, found in groups.items():
        name = NAMES.get(stem.replace("#", "").strip(" ._-/"))
        if name is not None:
            known.setdefault(name, _in_order(place, stem, found))
    if known:
        return known
    hooked = {stem: found for stem, found in groups.items() if _is_hooked(stem)}
    if hooked:
        return _of_hooks(place, hooked)
    if len(groups) == 1:
        ((stem, found),) = groups.items()
        return {"attentions": _in_order(place, stem, found)}
    raise _untold(place, [next(iter(found.values())) for found in groups.values()])


def picked(wanted: Mapping[str, Sequence[Any]], get: Callable[[str], Any]) -> Any:
    """Return the arrays of a plan, alone or by their names in transformers."""
    found = {}
    for known, names in wanted.items():
        arrays = [
            [get(head) for head in name] if isinstance(name, list) else get(name) for name in names
        ]
        found[known] = arrays[0] if len(arrays) == 1 else arrays
    return found["attentions"] if found.keys() == {"attentions"} else found


def names_of(wanted: Mapping[str, Sequence[Any]]) -> set[str]:
    """List every array that a plan names."""
    return {
        name
        for names in wanted.values()
        for one in names
        for name in (one if isinstance(one, list) else [one])
    }


_LABELS = (*TOKENS, *KEY_TOKENS, *HEAD_NAMES)
_Found = dict[tuple[int, ...], str]


def _groups(names: Iterable[str]) -> dict[str, _Found]:
    """Names that differ in numbers alone, under what they share; numbers that are the same in all
    of them are a part of the name."""
    alike: dict[str, _Found] = {}
    for name in names:
        numbers = tuple(int(number) for number in re.findall(r"\d{1,6}", name))
        alike.setdefault(re.sub(r"\d{1,6}", "#", name).lower(), {})[numbers] = name
    found = {}
    for stem, numbered in alike.items():
        varying = _varying(list(numbered))
        if len(numbered) > 1 and varying:
            parts = stem.split("#")
            kept = "".join(
                part + ("#" if i in varying else "") for i, part in enumerate(parts[:-1])
            )
            some = {tuple(key[i] for i in varying): name for key, name in numbered.items()}
            found[kept + parts[-1]] = some
        else:
            found[stem] = numbered
    return found


def _varying(numbers: Sequence[tuple[int, ...]]) -> list[int]:
    return [i for i in range(len(numbers[0])) if len({key[i] for key in numbers}) > 1]


def _in_order(place: object, stem: str, found: _Found) -> list[Any]:
    """One array after the other: of layers, or lists of heads of layers."""
    width = len(next(iter(found)))
    parts = stem.split("#")
    if len(found) == 1:
        return list(found.values())
    if width < 2:
        return [found[(n,)] for n in _counted(place, found, [key[0] for key in found])]
    if width > 2 or "head" not in stem:
        raise _untold(place, list(found.values()))
    head = 0 if "head" in parts[0] and "layer" not in parts[0] else 1
    layers = _counted(place, found, [key[1 - head] for key in found])
    heads = _counted(place, found, [key[head] for key in found])
    if len(found) != len(layers) * len(heads):
        raise _unreadable(place, f"some of its {len(layers)} × {len(heads)} heads are missing")
    return [[found[(h, layer) if head == 0 else (layer, h)] for h in heads] for layer in layers]


def _counted(place: object, found: _Found, numbers: Sequence[int]) -> list[int]:
    """The numbers in order; AttnvizError where one between them is missing."""
    ordered = sorted(set(numbers))
    missing = sorted(set(range(ordered[0], ordered[-1])) - set(ordered))
    if missing:
        first = visible(found[min(found)])
        raise _unreadable(
            place, f"its layers count from {first}, and number {missing[0]} is missing"
        )
    return ordered


def _is_hooked(stem: str) -> bool:
    parts = re.split(r"[./]", stem)
    return len(parts) > 1 and parts[-1] in HOOKED


def _of_hooks(place: object, hooked: Mapping[str, _Found]) -> dict[str, list[Any]]:
    """Attention that hooks kept, of one stack or of an encoder, a decoder and between them."""
    found: dict[str, list[Any]] = {}
    for stem, arrays in hooked.items():
        kind = "cross" if "cross" in stem or "encoder_attn" in stem else ""
        kind = kind or next((part for part in ("decoder", "encoder") if part in stem), "")
        name = f"{kind}_attentions" if kind else "attentions"
        if name in found:
            both = [next(iter(each.values())) for each in hooked.values()]
            raise _untold(place, both)
        found[name] = _in_order(place, stem, arrays)
    if len(found) == 1 and "cross_attentions" not in found:  # BERT's too are an encoder's
        return {"attentions": next(iter(found.values()))}
    return found


def _untold(place: object, listed: Sequence[str]) -> AttnvizError:
    some = ", ".join(visible(name) for name in listed[:4])
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return _unreadable(
        place,
        f"none of its arrays ({some}{more}) is named attentions"
        if listed
        else "it holds no arrays",
    )


def _unreadable(place: object, why: str) -> AttnvizError:
    return AttnvizError(
        f"{place} cannot be shown: {why}.", key="err.cannot_shown", place=place, why=why
    )
