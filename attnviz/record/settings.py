"""What a run was asked with, and how its record is seen: each setting of a type and range."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from attnviz.attention.attention_types import ATTENTION_TYPES
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.inputs.units import KINDS

# What can stand in place of weights.
MEASURES = ("weights", "values", "contributions", "rollout", "flow")
MOST = 1 << 62
LONGEST_SEED = 4096  # bits
ROUNDING = 1e-3  # what few digits may add to a share


@dataclass(frozen=True, eq=False)
class Settings(Mapping[str, Any]):
    """Settings of a record; None: not set. As a mapping it holds those that are set.

    tokenizer, window, global_tokens (positions), seed: what was asked for. replaces: the type whose
    mask was replaced. truncated: the positions that the text was cut to. notes: what a reader
    should know of weights that were given. prompt, prompt_parts, steps: of a text that a model
    wrote, how many tokens it was given, where its parts begin and end, and what was written.
    measure: what stands in place of weights. hidden: the share of attention on tokens that are not
    shown. merge: the units in place of tokens. rows, columns: the part that is shown.
    global_labels: the global tokens by name, where others stand at their positions now.

    Raises ValueError for a value of another type or outside of its range.
    """

    global_labels: tuple[str, ...] | None = None
    tokenizer: str | None = None
    window: int | None = None
    global_tokens: tuple[int, ...] | None = None
    replaces: str | None = None
    truncated: int | None = None
    seed: int | None = None
    notes: tuple[str, ...] | None = None
    prompt: int | None = None
    prompt_parts: Mapping[str, tuple[int, int]] | None = None
    steps: tuple[Mapping[str, Any], ...] | None = None
    measure: str | None = None
    hidden: float | None = None
    merge: str | None = None
    rows: str | None = None
    columns: str | None = None

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            value = getattr(self, name)
            if value is not None:
                try:
                    object.__setattr__(self, name, check(value))
                except (TypeError, ValueError) as error:
                    raise ValueError(f"the setting {name} is {_short(value)}: {error}") from error

    def __getitem__(self, name: str) -> Any:
        value = getattr(self, name, None) if name in _NAMES else None
        if value is None:
            raise KeyError(name)
        return _as_json(value)

    def __iter__(self) -> Iterator[str]:
        return (name for name in _NAMES if getattr(self, name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.items())})"


_NAMES = tuple(field.name for field in fields(Settings))


def settings_of(given: Any) -> Settings:
    """Make settings of a mapping; ValueError for an unknown name, or a value that cannot be."""
    if not isinstance(given, Mapping):
        raise ValueError(f"its settings are {_short(given)} and no mapping")
    unknown = [name for name in given if name not in _NAMES]
    if unknown:
        raise ValueError(f"there is no setting {_short(unknown[0])}")
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise ValueError(f"the setting {missing[0]} is null")
    return Settings(**given)


# One check per setting: what it returns is kept


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("it has to be text")
    return visible(value)


def _whole(lowest: int = 0, highest: int = MOST) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError("it has to be a whole number")
        if not lowest <= int(value) <= highest:
            raise ValueError(f"it has to be {lowest} or more, and not that large")
        return int(value)

    return check


def _share(value: Any) -> float:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1 + ROUNDING:
        raise ValueError("it has to be a share from 0 to 1")
    return float(value)


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"it has to be one of {', '.join(words)}")
        return str(value)

    return check


def _each(check: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def check_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError("it has to be a list")
        return tuple(map(check, value))

    return check_all


def _spans(value: Any) -> dict[str, tuple[int, int]]:
    found = {}
    for name, span in value.items() if isinstance(value, Mapping) else [("", None)]:
        start, stop = _each(_whole())(span)
        if start > stop:
            raise ValueError("a part ends before it begins")
        found[_text(name)] = start, stop
    return found


def _alternative(value: Any) -> tuple[int, str, float]:
    number, label, probability = _each(lambda part: part)(value)
    return _whole()(number), _text(label), _share(probability)


def _step(value: Any) -> dict[str, Any]:
    """One token that was written: id, label, probability, and the alternatives to it."""
    if not isinstance(value, Mapping):
        raise TypeError("each of it has to be a mapping")
    checks = {
        "id": _whole(),
        "label": _text,
        "probability": _share,
        "alternatives": _each(_alternative),
    }
    if value.keys() != checks.keys():
        raise ValueError(f"each of it has {', '.join(checks)}")
    return {name: check(value[name]) for name, check in checks.items()}


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "global_labels": _each(_text),
    "tokenizer": _text,
    "window": _whole(),
    "global_tokens": _each(_whole()),
    "replaces": _one_of(*ATTENTION_TYPES, "self and causal"),
    "truncated": _whole(),
    "seed": _whole(highest=1 << LONGEST_SEED),
    "notes": _each(_text),
    "prompt": _whole(1),
    "prompt_parts": _spans,
    "steps": _each(_step),
    "measure": _one_of(*MEASURES),
    "hidden": _share,
    "merge": _one_of(*KINDS),
    "rows": _text,
    "columns": _text,
}


def _as_json(value: Any) -> Any:
    """Lists in place of tuples, as a file has them."""
    if isinstance(value, Mapping):
        return {name: _as_json(inner) for name, inner in value.items()}
    return [_as_json(inner) for inner in value] if isinstance(value, tuple) else value


def _short(value: object) -> str:
    try:
        shown = ascii(value)
    except (ValueError, RecursionError):  # a number of too many digits; a nest too deep
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
