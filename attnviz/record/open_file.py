"""A file → record: one that attnviz wrote, or what `array_files` reads of other people's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from attnviz.errors import AttnvizError, bad_choice, not_found
from attnviz.files.arrays import NOT_READABLE, array_names, read_json
from attnviz.inputs.labels import visible
from attnviz.record.array_files import ARRAYS, Found, labels_of, of_json, of_npz, unreadable
from attnviz.record.from_weights import from_weights
from attnviz.record.record import FORMAT, AttentionRecord, Origin, of_tree, read

PICKLES = (".pkl", ".pickle", ".joblib")


def open_file(
    path: str | Path,
    tokens: Iterable[object] | None = None,
    key_tokens: Iterable[object] | None = None,
    *,
    type: str | None = None,
) -> AttentionRecord:
    """Return the record in a file: one that attnviz wrote, or somebody else's arrays.

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
        raise unreadable(place, str(error) or error.__class__.__name__) from error
    if isinstance(found, AttentionRecord):
        given = {"tokens": tokens, "key tokens": key_tokens, "type": type}
        for what, value in given.items():
            if value is not None:
                raise AttnvizError(
                    f"{place} is a record of attnviz and brings its own {what}.",
                    f"Leave the {what} out.",
                    key="err.record_attnviz",
                    place=place,
                    what=what,
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
        raise AttnvizError(
            f"{place}: {error.message}", error.hint, key="err.in_file", place=place, reason=error
        ) from error
    return _named(record, place, found)


def tokens_of(text: str, name: str) -> list[str]:
    """Return tokens from the text of a file: a JSON list, or one token per line."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            if name.lower().endswith(".json"):
                raise unreadable(name, f"it is not JSON: {error}") from error
        else:
            return labels_of(listed, name)
    elif name.lower().endswith(".json"):
        raise unreadable(name, "it holds no JSON list of tokens")
    lines = text.removesuffix("\n").split("\n")
    if not text.strip():
        raise unreadable(name, "it holds no tokens")
    return [line.removesuffix("\r") for line in lines]


def _check_place(place: Path, suffix: str) -> None:
    if place.is_dir():
        raise AttnvizError(
            f"{place} is a folder.", "Name a file.", key="err.folder_name_file", place=place
        )
    if not place.exists():
        raise not_found(place)
    if suffix in PICKLES:
        raise AttnvizError(
            f"{place} is a pickle, which is not opened: a pickle runs code.",
            "Save the arrays with numpy.save, numpy.savez or safetensors.",
            key="err.pickle_not",
            place=place,
        )
    if suffix not in READERS:
        raise bad_choice(place.name, "the suffix of FILE", READERS)
    if not place.is_file():
        raise AttnvizError(
            f"{place} is not a regular file.", "Name a file.", key="err.not_regular", place=place
        )
    if not place.stat().st_size:
        raise AttnvizError(
            f"{place} is empty.",
            f"Give a {suffix} file that holds weights.",
            key="err.empty_file",
            place=place,
            suffix=suffix,
        )


def _named(record: AttentionRecord, place: Path, found: Found) -> AttentionRecord:
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


def _open_npz(place: Path) -> AttentionRecord | Found:
    names = array_names(place)
    return read(place) if "record" in names else of_npz(place, names)


def _open_json(place: Path) -> AttentionRecord | Found:
    tree = read_json(place)
    own = isinstance(tree, dict) and tree.get("format") == FORMAT
    return of_tree(tree, place) if own else of_json(tree, str(place))


READERS: dict[str, Callable[[Path], AttentionRecord | Found]] = {
    **ARRAYS,
    ".npz": _open_npz,
    ".json": _open_json,
    ".csv": read,
}
