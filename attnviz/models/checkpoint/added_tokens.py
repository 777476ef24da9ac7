"""Tokens that stand beside a vocabulary: marks, and words that somebody added to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer

SETTINGS = "tokenizer_config.json"
ADDED, SPECIAL = "added_tokens.json", "special_tokens_map.json"
MORE = ("additional_special_tokens", "extra_special_tokens")
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")


def read_object(file: Path) -> dict[str, Any]:
    """Read a JSON object; an empty one where there is no such file, or where it is none."""
    says = json.loads(file.read_bytes()) if file.is_file() else {}
    return says if isinstance(says, dict) else {}


def add_tokens(tokenizer: Tokenizer, folder: Path, more: Iterable[AddedToken] = ()) -> None:
    """Add the tokens that the files of a folder name, in transformers' order: added_tokens_decoder
    and added_tokens.json by their ids, then special_tokens_map.json, then the settings' own, and
    then `more`.

    A token that the vocabulary has keeps its id; the others are numbered on from its end. What is
    named twice is as the first says.
    """
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    for token in (*_named(folder), *more):
        if token.content and token.content not in known:
            known.add(token.content)
            (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])


def _named(folder: Path) -> Iterator[AddedToken]:
    settings = read_object(folder / SETTINGS)
    special = read_object(folder / SPECIAL)
    marks = {_content(value) for value in [*_marks(special), *_marks(settings)]}
    yield from (_token(value, marks) for _, value in sorted(_numbered(folder, settings)))
    for value in (*_marks(special), *_marks(settings)):
        yield _token(value, marks)


def _numbered(folder: Path, settings: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """Tokens whose ids are stated; id and content are unique, so that they can be sorted."""
    stated = settings.get("added_tokens_decoder")
    found: dict[int, Any] = {}
    for value, number in read_object(folder / ADDED).items():
        if type(number) is int:
            found[number] = value
    if isinstance(stated, dict):
        found |= {int(number): value for number, value in stated.items() if number.isdecimal()}
    yield from found.items()


def _marks(says: Mapping[str, Any]) -> list[Any]:
    """The values of all fields that name special tokens."""
    marks = [value for name, value in says.items() if name.endswith("_token")]
    for name in MORE:
        more = says.get(name)
        marks += more if isinstance(more, list) else []
        marks += more.values() if isinstance(more, dict) else []
    return [value for value in marks if isinstance(_content(value), str)]


def _content(value: Any) -> Any:
    return value.get("content") if isinstance(value, dict) else value


def _token(value: Any, marks: set[Any]) -> AddedToken:
    """A token as it is stated: its name alone, or an object."""
    from tokenizers import AddedToken

    content = _content(value)
    content = content if isinstance(content, str) else ""
    stated = value if isinstance(value, dict) else {}
    special = bool(stated.get("special", False)) or content in marks
    flags = {name: bool(stated[name]) for name in FLAGS if name in stated}
    return AddedToken(content, special=special, **({"normalized": not special} | flags))
