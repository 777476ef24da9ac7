"""Frozen dataclasses that are made quickly.

The standard library compiles five functions for each class, which took a fifth of a short run.
Here all classes share theirs. `fields`, `replace`, `asdict` and type checkers see no difference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
LONGEST, MOST = 60, 12  # characters, and parts, that an object shows of itself


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def dataclass(*, frozen: Literal[True], eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a frozen dataclass of a class, as `dataclasses.dataclass` does.

    eq: whether two are equal where all fields are; else only what is the same object is.
    """

    def make(cls: type[T]) -> type[T]:
        bases = [base for base in cls.__mro__[1:] if "__dataclass_params__" in vars(base)]
        if not all(vars(base)["__init__"] is _init for base in bases):
            return dataclasses.dataclass(frozen=frozen, eq=eq)(cls)
        own = {**vars(cls)}
        cls.__doc__ = cls.__doc__ or cls.__name__  # else its signature would be worked out
        _call_frozen(bases, False)  # or the library would refuse a class that is not
        made = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        _call_frozen([*bases, made], True)
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr}
        methods |= {"__setattr__": _set, "__delattr__": _set}
        methods |= {"__eq__": _equals, "__hash__": _hash} if eq else {}
        for name in methods.keys() - own:
            setattr(made, name, methods[name])
        return made

    return make


def _call_frozen(classes: list[type[Any]], frozen: bool) -> None:
    for cls in classes:
        cls.__dataclass_params__.frozen = frozen


def _init(self: Any, *given: Any, **named: Any) -> None:
    cls = type(self)
    all_fields = cls.__dataclass_fields__
    names = cls.__match_args__
    values = dict(zip(names, given, strict=False))
    if len(given) > len(names) or values.keys() & named.keys():
        raise TypeError(f"{cls.__name__} takes each of {', '.join(names)} once")
    values.update(named)
    if len(values) < len(all_fields) or values.keys() - names:
        _complete(cls, values)
    self.__dict__.update(values)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _complete(cls: type[Any], values: dict[str, Any]) -> None:
    """Fill in the defaults; refuse what is missing or unknown."""
    unknown = values.keys() - cls.__match_args__
    if unknown:
        raise TypeError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    for name, value, factory, needed in _defaults(cls):  # type: ignore[arg-type]
        if name in values:
            continue
        if value is not dataclasses.MISSING:
            values[name] = value
        elif factory is not dataclasses.MISSING:
            values[name] = factory()
        elif needed:
            raise TypeError(f"{cls.__name__} needs {name}")


@cache
def _defaults(cls: type[Any]) -> tuple[tuple[str, Any, Any, bool], ...]:
    """Each field's name, default, factory and whether it has to be given; asked once a class."""
    return tuple((one.name, one.default, one.default_factory, one.init) for one in fields(cls))


def _repr(self: Any) -> str:
    shown = (
        f"{each.name}={_shortened(getattr(self, each.name))}" for each in fields(self) if each.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _shortened(value: Any) -> str:
    """A value as it shows itself, but for arrays, of which the shape is told, and for what would
    fill a screen."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype"):
        return f"<{' × '.join(map(str, shape)) or 'one'} {value.dtype}>"
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]!r}…"
    if isinstance(value, list | tuple) and len(value) > MOST:
        return f"<{len(value):,} of {type(value[0]).__name__}>"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_shortened(one)}' for name, one in value.items())}}}"
    return repr(value)


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, each.name) for each in fields(self) if each.compare)


def _equals(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _set(self: Any, name: str, *_: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to {name!r} of a {type(self).__name__}")
