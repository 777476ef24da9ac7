"""A language: sentences by key, how things are counted, and how values stand in a sentence.

Every sentence has the same placeholders in every language, and what a placeholder holds follows
from its name: a token of the user's text, a share, a counted thing, a plain number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from math import floor
from string import Formatter
from typing import Any

from attnviz.digits import grouped
from attnviz.frozen import dataclass
from attnviz.language.runs import guard_runs

TOKENS = ("query", "key", "token", "other", "word")
LISTS = ("tokens", "items")
SHARES = ("pct", "threshold", "without", "low", "high", "left")
DECIMALS = ("entropy", "other_entropy", "max_entropy", "distance", "sim")
COUNTED = {
    "n_tokens": "token",
    "limit_tokens": "token",
    "n_heads": "head",
    "n_layers": "layer",
    "total_scores": "score",
    "extra_scores": "score",
    "n_times": "time",
    "n_keys": "key",
    "n_texts": "text",
    "far": "token",
}

LEFT_TO_RIGHT_MARK, RIGHT_TO_LEFT_MARK = "\u200e", "\u200f"
FIRST_STRONG, LEFT_TO_RIGHT, RIGHT_TO_LEFT, END = "\u2068", "\u2066", "\u2067", "\u2069"


class Saving(float):
    """A share of work that was left out: 99.96% is never rounded up to all of it."""


def has_right_to_left(text: str) -> bool:
    """Tell whether any letter is written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


@dataclass(frozen=True)
class Guard:
    """What stands around values so that two directions of writing do not mix them up."""

    token: Callable[[str], str] = str
    number: Callable[[str], str] = str
    phrase: Callable[[str], str] = str
    sentence: Callable[[str], str] = str


PLAIN = Guard()


def _marked(text: str) -> str:
    return f"{LEFT_TO_RIGHT_MARK}{text}{LEFT_TO_RIGHT_MARK}" if has_right_to_left(text) else text


# Terminals: marks only, because some of them break on isolates.
TERMINAL = Guard(
    token=_marked,
    sentence=lambda text: guard_runs(
        text, lambda run: f"{LEFT_TO_RIGHT_MARK}{run}{LEFT_TO_RIGHT_MARK}"
    ),
)


def _isolated(text: str) -> str:
    """An Arabic sentence with its runs of Latin letters, digits and signs in isolates."""
    return guard_runs(text, lambda run: f"{LEFT_TO_RIGHT}{run}{END}")


# Pictures: isolates, and a mark that makes a sentence with Arabic letters start at the right.
PICTURE = Guard(
    token=lambda text: f"{FIRST_STRONG}{text}{END}" if has_right_to_left(text) else text,
    number=lambda text: f"{LEFT_TO_RIGHT}{text}{END}",
    phrase=lambda text: f"{RIGHT_TO_LEFT}{text}{END}" if has_right_to_left(text) else text,
    sentence=lambda text: (
        f"{RIGHT_TO_LEFT_MARK}{_isolated(text)}" if has_right_to_left(text) else text
    ),
)

# Web pages: every value in isolates, which a page turns into elements of their own.
PAGE = Guard(
    token=lambda text: f"{FIRST_STRONG}{text}{END}",
    number=lambda text: f"{LEFT_TO_RIGHT}{text}{END}",
    phrase=lambda text: f"{FIRST_STRONG}{text}{END}",
    sentence=_isolated,
)


def _two_decimals(number: float) -> float:
    """A mean as it is shown; a whole number is counted as one: 1 token, not 1.0 tokens."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


@dataclass(frozen=True)
class Example:
    """The texts that the lesson computes with for readers of one language."""

    text: str
    query: str
    target: str
    source: str
    global_token: str
    order: tuple[str, str]  # the same three words in two orders
    writer: str  # its last word was there before, and a head tells what followed
    line: str  # stations, in their order
    station: str  # the one that all see
    question: str
    passage: str  # which has the question's words again
    far: str  # the same word twice, far apart
    repeated: str
    tiny: str  # four words


@dataclass(frozen=True)
class Language:
    """One language. `fallback` answers for sentences that are missing here."""

    tag: str  # BCP 47
    name: str  # its own
    sentences: Mapping[str, str]
    count: Callable[[float, str], str]
    comma: str
    quotes: tuple[str, str]
    less_than_one: str
    example: Example
    fallback: Language | None = None
    right_to_left: bool = False

    def say(self, key: str, guard: Guard = PLAIN, /, **values: Any) -> str:
        """Return the sentence `key` with its values in their places.

        Where only one does something (k = 1), the sentence `key.one` is said if there is one.
        """
        if values.get("k") == 1 and f"{key}.one" in self.sentences:
            key = f"{key}.one"
        if key not in self.sentences and self.fallback is not None:
            return self.fallback.say(key, guard, **values)
        template = self.sentences[key]
        wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
        shown = {name: self._value(name, values[name], guard) for name in wanted}
        sentence = template.format_map(shown)
        return guard.sentence(sentence) if self.right_to_left else sentence

    def percent(self, share: float) -> str:
        """Return a share as whole percent, rounded half to even.

        What is not nothing is never 0%, but "less than 1%".
        """
        whole = round(100 * share)
        if whole == 100 and isinstance(share, Saving):
            return f"{floor(1000 * share) / 10:g}%"
        return self.less_than_one if share > 0 and not whole else f"{whole}%"

    def listed(self, parts: Iterable[str]) -> str:
        """Return parts in a row, each in quotes."""
        before, after = self.quotes
        return self.comma.join(f"{before}{part}{after}" for part in parts)

    def _value(self, name: str, value: Any, guard: Guard) -> str:
        if name in TOKENS:
            return guard.token(str(value))
        if name in LISTS:
            return self._list(value, guard)
        if name == "choices" and not isinstance(value, str):
            return self.comma.join(guard.token(str(choice)) for choice in value)
        if name in SHARES:
            return self._share(value, guard)
        if name in DECIMALS:
            return guard.number(f"{value:.2f}".removesuffix(".00"))
        if name in COUNTED:
            return guard.phrase(self.count(_two_decimals(value), COUNTED[name]))
        return guard.number(grouped(value)) if isinstance(value, int) else str(value)

    def _share(self, share: float, guard: Guard) -> str:
        """A share; "less than 1%" is words, and is read as the sentence is."""
        shown = self.percent(share)
        return guard.phrase(shown) if shown == self.less_than_one else guard.number(shown)

    def _list(self, parts: Iterable[Any], guard: Guard) -> str:
        """Labels, or pairs of a label and a share."""
        before, after = self.quotes
        pairs = [part if isinstance(part, tuple) else (part, None) for part in parts]
        return self.comma.join(
            f"{before}{guard.token(label)}{after}"
            + ("" if share is None else f" {self._share(share, guard)}")
            for label, share in pairs
        )
