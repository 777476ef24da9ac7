"""Other people's files: arrays, and the JSON that other viewers read.

A file with several arrays says by name what they are (see `named_arrays`): `attentions`, or
`encoder_attentions`, `decoder_attentions` and `cross_attentions`, or one array per layer whose
names count; `tokens` and `key_tokens` may stand beside them. Tensors of PyTorch's own files are
read without running what these hold. In JSON also what BertViz writes
(https://github.com/jessevig/bertviz: attn, left_text, right_text) and what CircuitsVis takes
(https://github.com/TransformerLensOrg/CircuitsVis: attention, tokens, attention_head_names).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import AttnvizError, bad_choice, not_found
from attnviz.files.arrays import NOT_READABLE, array_names, read_array, read_arrays, read_json
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.record.named_arrays import HEAD_NAMES, KEY_TOKENS, TOKENS, names_of, picked, plan


@dataclass(frozen=True)
class Found:
    """Give what a file holds, as `from_weights` takes it."""

    weights: Any
    tokens: Sequence[str] | None = None
    key_tokens: Sequence[str] | None = None
    head_names: Sequence[str] = ()
    notes: Sequence[str] = ()


def arrays_in(path: str | Path) -> Found:
    """Return what a file of arrays holds. Raises AttnvizError for another file."""
    place = Path(path)
    if not place.is_file():
        raise not_found(visible(str(place)))
    if place.suffix.lower() not in ARRAYS:
        raise bad_choice(place.name, "the suffix of a file of weights", ARRAYS)
    try:
        return ARRAYS[place.suffix.lower()](place)
    except NOT_READABLE as error:
        raise unreadable(place, str(error) or error.__class__.__name__) from error


def unreadable(place: object, why: str) -> AttnvizError:
    """Make the error for a file that holds no weights."""
    return AttnvizError(
        f"{place} cannot be shown: {why}.", key="err.cannot_shown", place=place, why=why
    )


# Arrays by name


def of_npz(place: Path, names: Sequence[str]) -> Found:
    """Return what the arrays of these names in a .npz file are."""
    if not names:
        from attnviz.files.pickled import is_torch  # hardly any file is of this kind

        if is_torch(place):
            return _of_torch(place)
    chosen = plan(place, names)
    labelled = [name for name in names if name.lower() in (*TOKENS, *KEY_TOKENS)]
    arrays = read_arrays(place, names_of(chosen).union(labelled))
    lower = {name.lower(): arrays[name] for name in labelled}
    return Found(
        picked(chosen, arrays.__getitem__),
        _first(lower, TOKENS, str(place)),
        _first(lower, KEY_TOKENS, str(place)),
    )


def _of_safetensors(place: Path) -> Found:
    from attnviz.files.safetensors import open_files  # few files are of this kind

    tensors = open_files([place])
    return Found(picked(plan(place, list(tensors)), tensors.array))


def _of_torch(place: Path) -> Found:
    from attnviz.files.pickled import open_pickled  # few files are of this kind

    try:
        tensors = open_pickled(place, nested=True)
    except AttnvizError as error:
        raise AttnvizError(
            f"{place} cannot be shown: of a pickle only tensors are read, and nothing is run. "
            f"{error.message}",
            "Save the tensors alone with torch.save, or the arrays with numpy.savez.",
            key="err.cannot_shown_pickle",
            place=place,
            value=error.message,
        ) from error
    return Found(picked(plan(place, list(tensors)), tensors.array))


# JSON


def of_json(tree: Any, place: str) -> Found:
    """Return what a JSON document that another program wrote holds."""
    if isinstance(tree, list) and tree and all(isinstance(item, dict) for item in tree):
        return _of_views(tree, place)
    if not isinstance(tree, dict):
        return Found(tree)
    if "left_text" in tree:
        return _of_views([tree], place)
    views = tree.get("attention")
    if isinstance(views, dict):  # BertViz's neuron view: by name
        views = [{"name": name} | view for name, view in views.items() if isinstance(view, dict)]
    if isinstance(views, list) and views and all(isinstance(view, dict) for view in views):
        return _of_views(views, place)
    lower = {str(name).lower(): value for name, value in tree.items()}
    arrays = {name: value for name, value in tree.items() if isinstance(value, list)}
    return Found(
        picked(plan(place, arrays), arrays.__getitem__),
        _first(lower, TOKENS, place),
        _first(lower, KEY_TOKENS, place),
        _first(lower, HEAD_NAMES, place) or (),
    )


def _of_views(views: Sequence[Mapping[str, Any]], place: str) -> Found:
    """BertViz: one or more views {name, attn, left_text, right_text}; left are the queries."""
    by_name = {str(view.get("name") or "").strip().lower(): view for view in views}
    parts = {f"{n}_attentions": by_name[n] for n in ("encoder", "decoder", "cross") if n in by_name}
    if len(parts) > 1:
        target = parts.get("decoder_attentions") or parts["cross_attentions"]
        source = parts.get("encoder_attentions", parts.get("cross_attentions", {}))
        source_side = ("left_text",) if "encoder_attentions" in parts else ("right_text",)
        return Found(
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
    return Found(_attn(view, place), left, None if same else right, notes=notes)


def _attn(view: Mapping[str, Any], place: str) -> Any:
    names = [name for name in ("attn", "attention", "attentions", "weights") if name in view]
    if not names:
        raise unreadable(place, "it holds no attn, attention, attentions or weights")
    return view[names[0]]


def _first(tree: Mapping[str, Any], names: Iterable[str], place: str) -> list[str] | None:
    """The labels under the first of these names, or None."""
    for name in names:
        if tree.get(name) is not None:
            return labels_of(tree[name], f"{name} in {place}")
    return None


def labels_of(given: Any, name: str) -> list[str]:
    """Return a list of labels; AttnvizError if it is none."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, str):
        given = given.split()
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        given = given[0]  # a batch of one
    if not isinstance(given, list) or not all(
        isinstance(label, str | int | float) for label in given
    ):
        raise unreadable(name, "tokens are a list of strings")
    return [str(label) for label in given]


ARRAYS: dict[str, Callable[[Path], Found]] = {
    ".npz": lambda place: of_npz(place, array_names(place)),
    ".npy": lambda place: Found(read_array(place)),
    ".json": lambda place: of_json(read_json(place), str(place)),
    ".safetensors": _of_safetensors,
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt"), _of_torch),
}
