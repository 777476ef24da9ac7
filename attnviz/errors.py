"""What a user can cause and mend: one exception, its few kinds, and the exit statuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

EXIT_DONE = 0
EXIT_USER = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class AttnvizError(Exception):
    """Something was wrong that the user can put right.

    message: what was wrong, with the value seen. hint: what to do. key, values: the same sentence
    for translation. Parameters are named `like_this`; the command line calls them --like-this.
    """

    def __init__(self, message: str, hint: str = "", *, key: str = "err.other", **values: object):
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.key = key
        self.values = values or {"reason": str(self)}


class Terminated(BaseException):
    """Somebody told the program to end (SIGTERM): a batch system, a container, `timeout`."""


class ReaderLeft(Exception):  # noqa: N818 not an error: `attnviz … | head` has seen enough
    """Nobody reads standard output any more."""


def bad_choice(
    value: object, option: str, choices: Iterable[str], most: int | None = None
) -> AttnvizError:
    """Make the error for an unknown word where only some are allowed; the nearest is named first.

    option: what it was given for: "`type`", or some words. most: how many are named, the nearest.
    """
    from difflib import get_close_matches  # only needed when something is wrong

    known = list(choices)
    near = get_close_matches(str(value), known, n=most or 1, cutoff=0.6 if most is None else 0.3)
    ordered = near + [choice for choice in known if choice not in near]
    if most is not None and len(ordered) > most:
        ordered = [*ordered[:most], f"… ({len(known)} in all)"]
    listed = ", ".join(ordered)
    return AttnvizError(
        f'"{value}" is not valid for {option}.',
        f"Choose one of: {listed}.",
        key="err.choice",
        value=value,
        option=option,
        choices=ordered,
    )


def out_of_range(what: str, value: object, lowest: int, highest: int) -> AttnvizError:
    """Make the error for a layer, head or other number that does not exist."""
    only = lowest == highest
    return AttnvizError(
        f"{what} {value} does not exist:",
        f"there is only {lowest}." if only else f"choose a number from {lowest} to {highest}.",
        key="err.only" if only else "err.range",
        what=what,
        value=value,
        min=lowest,
        max=highest,
    )


def no_token(token: str, near: Iterable[str] = ()) -> AttnvizError:
    """Make the error for a word that was asked for and is not in the text."""
    near = list(near)
    names = ", ".join(f'"{name}"' for name in near)
    return AttnvizError(
        f'The token "{token}" is not in the text.',
        f"Nearest in the text: {names}." if names else "",
        key="err.no_token_near" if names else "err.no_token",
        token=token,
        tokens=near,
    )


def empty_text(what: str = "text") -> AttnvizError:
    """Make the error for a text with nothing in it but white space."""
    key = "err.empty" if what == "text" else "err.empty_source"
    return AttnvizError(f"The {what} is empty.", "Write at least one word.", key=key)


def both_given(first: str, second: str) -> AttnvizError:
    """Make the error for two things of which there can be one: options, or "A text" and an
    option."""
    return AttnvizError(
        f"{first} and {second} were both given.", "Give one of them.", key="err.both",
        what=first.removeprefix("A "), value=second,
    )  # fmt: skip


def not_found(path: object) -> AttnvizError:
    """Make the error for a file that is not there."""
    return AttnvizError(
        f"File not found: {path}.",
        "Check the path and try again.",
        key="err.not_found",
        path=path,
    )


def cannot_write(path: object, reason: str) -> AttnvizError:
    """Make the error for a file that could not be written, with the system's reason."""
    return AttnvizError(f"Cannot write {path}: {reason}", key="err.write", path=path, reason=reason)


def numbers_are_checked() -> AbstractContextManager[None]:
    """Let NumPy say nothing of its flags in here, in every thread that shares the work.

    Numbers are checked where they come in and go out: what is no weight, no score and no array of
    a model is refused there, with its place. A flag may be raised by what no result holds (rows
    that a mask hides, vectors longer than their array), and its warning would be of no use.
    """
    from numpy import errstate  # not needed for --help

    return errstate(all="ignore")


def known_arguments(
    *more: str,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Let a function refuse an argument that it does not know, with the nearest that it does.

    more: names that it takes as `**options`. Its calls then raise a TypeError, as Python's do.
    """

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        code = function.__code__
        n_named = code.co_argcount + code.co_kwonlyargcount
        known = (*code.co_varnames[code.co_posonlyargcount : n_named], *more)

        @wraps(function)
        def call(*args: Arguments.args, **given: Arguments.kwargs) -> Result:
            for name in given:
                if name not in known:
                    raise _unknown_argument(function.__name__, name, known)
            with numbers_are_checked():
                return function(*args, **given)

        return call

    return decorate


def _unknown_argument(function: str, name: str, known: Iterable[str]) -> TypeError:
    from difflib import get_close_matches  # only needed when something is wrong

    near = get_close_matches(name, [*known], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return TypeError(f"{function}() has no argument {name!r}.{hint}")
