"""Other people's files → record: arrays, and the JSON that other viewers read.

A file with several arrays says by name what they are: `attentions`, or `encoder_attentions`,
`decoder_attentions` and `cross_attentions`, or one array per layer whose names count (`layer_0`,
`layer_1` …); `tokens` and `key_tokens` may stand beside them. In JSON also what BertViz writes
(https://github.com/jessevig/bertviz: attn, left_text, right_text) and what CircuitsVis takes
(https://github.com/TransformerLensOrg/CircuitsVis: attention, tokens, attention_head_names).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import AttnvizError, bad_choice, not_found
from attnviz.files.arrays import NOT_READABLE, array_names, read_array, read_arrays, read_json
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.record.from_weights import from_weights
from attnviz.record.record import FORMAT, AttentionRecord, Origin, of_tree, read

PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".joblib", ".ckpt")

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


@dataclass(frozen=True)
class _Found:
    """What a file holds, as `from_weights` takes it."""

    weights: Any
    tokens: Sequence[str] | None = None
    key_tokens: Sequence[str] | None = None
    head_names: Sequence[str] = ()
    notes: Sequence[str] = ()


def open_file(
    path: str | Path,
    tokens: Iterable[object] | None = None,
    key_tokens: Iterable[object] | None = None,
    *,
    type: str | None = None,
) -> AttentionRecord:
    """The record in a file: one that attnviz wrote, or somebody else's arrays.

    tokens, key_tokens: in place of the file's own; where nobody gives any, positions.
    type: as in `from_weights`. Raises AttnvizError for a file that cannot be read or shown.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    _check_place(place, suffix)
    try:
        found = READERS[suffix](place)
    except AttnvizError:
        raise
    except NOT_READABLE as error:
        raise _unreadable(place, str(error) or error.__class__.__name__) from error
    if isinstance(found, AttentionRecord):
        given = {"tokens": tokens, "key tokens": key_tokens, "type": type}
        for what, value in given.items():
            if value is not None:
                raise AttnvizError(
                    f"{place} is a record of attnviz and brings its own {what}.",
                    f"Leave the {what} out.",
                )
        return found
    try:
        record = from_weights(
            found.weights,
            found.tokens if tokens is None else tokens,
            found.key_tokens if key_tokens is None else key_tokens,
            type=type,
        )
    except AttnvizError as error:
        raise AttnvizError(f"{place}: {error.message}", error.hint) from error
    return _named(record, place, found)


def tokens_of(text: str, name: str) -> list[str]:
    """Tokens from the text of a file: a JSON list, or one token per line."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            if name.lower().endswith(".json"):
                raise _unreadable(name, f"it is not JSON: {error}") from error
        else:
            return _labels(listed, name)
    elif name.lower().endswith(".json"):
        raise _unreadable(name, "it holds no JSON list of tokens")
    lines = text.removesuffix("\n").split("\n")
    if not text.strip():
        raise _unreadable(name, "it holds no tokens")
    return [line.removesuffix("\r") for line in lines]


def _check_place(place: Path, suffix: str) -> None:
    if place.is_dir():
        raise AttnvizError(f"{place} is a folder.", "Name a file.")
    if not place.exists():
        raise not_found(place)
    if suffix in PICKLES:
        raise AttnvizError(
            f"{place} is a pickle, which is not opened: a pickle runs code.",
            "Save the arrays with numpy.save, numpy.savez or safetensors.",
        )
    if suffix not in READERS:
        raise bad_choice(place.name, "the suffix of FILE", READERS)
    if not place.is_file():
        raise AttnvizError(f"{place} is not a regular file.", "Name a file.")
    if not place.stat().st_size:
        raise AttnvizError(f"{place} is empty.", f"Give a {suffix} file that holds weights.")


def _unreadable(place: object, why: str) -> AttnvizError:
    return AttnvizError(f"{place} cannot be shown: {why}.")


def _named(record: AttentionRecord, place: Path, found: _Found) -> AttentionRecord:
    """The record under the name of its file, with what else the file told."""
    notes = (*found.notes, *record.notes)
    settings = replace(record.settings, notes=notes or None)
    stacks = {
        name: replace(stack, head_names=tuple(map(visible, found.head_names)))
        if len(found.head_names) == stack.n_heads
        else stack
        for name, stack in record.stacks.items()
    }
    model = Origin(visible(place.name), "given")
    return replace(record, model=model, settings=settings, stacks=stacks)


# One reader per suffix: a record of attnviz, or what somebody else's file holds


def _open_npz(place: Path) -> AttentionRecord | _Found:
    names = array_names(place)
    return read(place) if "record" in names else _of_npz(place, names)


def _open_npy(place: Path) -> _Found:
    return _Found(read_array(place))


def _open_json(place: Path) -> AttentionRecord | _Found:
    tree = read_json(place)
    own = isinstance(tree, dict) and tree.get("format") == FORMAT
    return of_tree(tree, place) if own else _of_json(tree, str(place))


# Arrays by name


def _of_npz(place: Path, names: Sequence[str]) -> _Found:
    plan = _plan(place, names)
    wanted = {name for names in plan.values() for name in names}
    labelled = [name for name in names if name.lower() in (*TOKENS, *KEY_TOKENS)]
    arrays = read_arrays(place, wanted.union(labelled))
    lower = {name.lower(): arrays[name] for name in labelled}
    return _Found(
        _weights(plan, arrays.__getitem__),
        _first(lower, TOKENS, str(place)),
        _first(lower, KEY_TOKENS, str(place)),
    )


def _of_safetensors(place: Path) -> _Found:
    from attnviz.files.safetensors import open_files  # few files are of this kind

    tensors = open_files([place])
    return _Found(_weights(_plan(place, list(tensors)), tensors.array))


def _weights(plan: Mapping[str, Sequence[str]], get: Callable[[str], Any]) -> Any:
    """The arrays of a plan, alone or by their names in transformers."""
    found = {
        known: get(names[0]) if len(names) == 1 else [get(name) for name in names]
        for known, names in plan.items()
    }
    return found["attentions"] if found.keys() == {"attentions"} else found


def _plan(place: object, names: Iterable[str]) -> dict[str, list[str]]:
    """Which arrays make which attentions, by their names."""
    numbered: dict[str, dict[int, str]] = {}
    single: dict[str, str] = {}
    for name in names:
        if name.lower() in (*TOKENS, *KEY_TOKENS, *HEAD_NAMES):
            continue
        parts = re.fullmatch(r"(\D*)(\d{1,6})(\D*)", name)
        if parts is None:
            single[name] = name.lower()
        else:
            stem = f"{parts[1]}{parts[3]}".strip(" ._-/").lower()
            numbered.setdefault(stem, {})[int(parts[2])] = name
    plan = {NAMES[lower]: [name] for name, lower in single.items() if lower in NAMES}
    known = {NAMES[stem]: layers for stem, layers in numbered.items() if stem in NAMES}
    if not plan and not known:
        if len(single) + len(numbered) != 1:
            listed = [*single, *(next(iter(layers.values())) for layers in numbered.values())]
            some = ", ".join(visible(name) for name in listed[:4])
            more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
            raise _unreadable(
                place,
                f"none of its arrays ({some}{more}) is named attentions"
                if listed
                else "it holds no arrays",
            )
        plan = {"attentions": list(single)} if single else {}
        known = dict.fromkeys(["attentions"] if numbered else [], next(iter(numbered.values()), {}))
    return plan | {name: _in_order(place, layers) for name, layers in known.items()}


def _in_order(place: object, layers: Mapping[int, str]) -> list[str]:
    numbers = sorted(layers)
    missing = sorted(set(range(numbers[0], numbers[-1])) - set(numbers)) if numbers else []
    if missing:
        some = visible(layers[numbers[0]])
        raise _unreadable(
            place, f"its layers count from {some}, and number {missing[0]} is missing"
        )
    return [layers[number] for number in numbers]


# JSON


def _of_json(tree: Any, place: str) -> _Found:
    if isinstance(tree, list) and tree and all(isinstance(item, dict) for item in tree):
        return _of_views(tree, place)
    if not isinstance(tree, dict):
        return _Found(tree)
    if "left_text" in tree:
        return _of_views([tree], place)
    views = tree.get("attention")
    if isinstance(views, dict):  # BertViz's neuron view: by name
        views = [{"name": name} | view for name, view in views.items() if isinstance(view, dict)]
    if isinstance(views, list) and views and all(isinstance(view, dict) for view in views):
        return _of_views(views, place)
    lower = {str(name).lower(): value for name, value in tree.items()}
    arrays = {name: value for name, value in tree.items() if isinstance(value, list)}
    return _Found(
        _weights(_plan(place, arrays), arrays.__getitem__),
        _first(lower, TOKENS, place),
        _first(lower, KEY_TOKENS, place),
        _first(lower, HEAD_NAMES, place) or (),
    )


def _of_views(views: Sequence[Mapping[str, Any]], place: str) -> _Found:
    """BertViz: one or more views {name, attn, left_text, right_text}; left are the queries."""
    by_name = {str(view.get("name") or "").strip().lower(): view for view in views}
    parts = {f"{n}_attentions": by_name[n] for n in ("encoder", "decoder", "cross") if n in by_name}
    if len(parts) > 1:
        target = parts.get("decoder_attentions") or parts["cross_attentions"]
        source = parts.get("encoder_attentions", parts.get("cross_attentions", {}))
        source_side = ("left_text",) if "encoder_attentions" in parts else ("right_text",)
        return _Found(
            {name: _attn(view, place) for name, view in parts.items()},
            _first(target, ("left_text",), place),
            _first(source, source_side, place),
        )
    name, view = next(
        ((name, by_name[name]) for name in ("all", "") if name in by_name),
        next(iter(by_name.items())),
    )
    left, right = (_first(view, (side,), place) for side in ("left_text", "right_text"))
    notes = []
    if len(views) > 1:
        which = visible(name) or "the one without a name"
        notes = [f"The file holds {len(views)} views; this is {which}."]
    same = left == right and name != "cross"
    return _Found(_attn(view, place), left, None if same else right, notes=notes)


def _attn(view: Mapping[str, Any], place: str) -> Any:
    names = [name for name in ("attn", "attention", "attentions", "weights") if name in view]
    if not names:
        raise _unreadable(place, "it holds no attn, attention, attentions or weights")
    return view[names[0]]


def _first(tree: Mapping[str, Any], names: Iterable[str], place: str) -> list[str] | None:
    """The labels under the first of these names, or None."""
    for name in names:
        if tree.get(name) is not None:
            return _labels(tree[name], f"{name} in {place}")
    return None


def _labels(given: Any, name: str) -> list[str]:
    """A list of labels; AttnvizError if it is none."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, str):
        given = given.split()
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        given = given[0]  # a batch of one
    if not isinstance(given, list) or not all(
        isinstance(label, str | int | float) for label in given
    ):
        raise _unreadable(name, "tokens are a list of strings")
    return [str(label) for label in given]


READERS: dict[str, Callable[[Path], AttentionRecord | _Found]] = {
    ".npz": _open_npz,
    ".npy": _open_npy,
    ".json": _open_json,
    ".csv": read,
    ".safetensors": _of_safetensors,
}
