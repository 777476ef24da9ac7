"""Where sentences end, in any script: the rules of Unicode (UAX #29), bent where texts need it.

The marks that end a sentence are Unicode's (`Sentence_Terminal`), and the ellipsis. Beside its
rules: an abbreviation, an initial or the number of a list ends nothing; a sentence may begin with
a small letter, as Darija in Latin letters often does, but not after an ellipsis or a closing quote;
and a line break alone says nothing.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

_MARK = r"[\p{Sentence_Terminal}…‥]"
_CLOSING = r"[\p{Pe}\p{Pf}\"'*_\p{M}\p{Cf}]|\p{Pi}(?=\s|\z)"  # the last: „so.“
_APART = rf"[ \u00a0\u202f](?:{_MARK}|[\p{{Pe}}»”])"  # "Quoi ? »", ". . ."
STOPS = rf"{_MARK}(?:{_MARK}|{_CLOSING}|{_APART})*"

WITH_SPACE = frozenset(".!?…‥")  # other marks end a sentence without white space after them too
CONTINUE = frozenset(",;:،؛、，；：")  # before these the sentence goes on
DASHES = frozenset("-–—")  # and before these, on the same line

# Abbreviations that end no sentence; none before a number; none before a number or small letter.
BEFORE_NAMES = {
    "dr", "mr", "mrs", "ms", "prof", "st", "mt", "rev", "gen", "col", "capt", "lt", "sgt", "mme",
    "mlle", "v", "vs", "cf", "viz", "approx", "e.g", "i.e",
}  # fmt: skip
BEFORE_NUMBERS = {
    "no", "nos", "fig", "figs", "eq", "vol", "pp", "ch", "sec", "art",
}  # fmt: skip
WITHIN = {
    "etc", "al", "inc", "ltd", "co", "corp", "jr", "sr", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sep", "sept", "oct", "nov", "dec",
}  # fmt: skip
_LONGEST = 24  # characters before a full stop that are looked at for an abbreviation

_SPACE = re.compile(r"\s*")
_FIRST = re.compile(r"[^\w\s]{0,4}(\w?)")
_BEFORE = re.compile(r"(\w+(?:\.\w+)*)\Z")
_LETTERS = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")  # "U.S", "p.m", "Ph.D"
_SURROGATES = re.compile("[\ud800-\udfff]")


def sentence_ends(text: str) -> NDArray[np.int64]:
    """Return the places behind the marks that end each sentence, and behind what closes after them.

    A blank line, which also ends a sentence, is not looked for. Time grows with the text alone.
    """
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    whole = _SURROGATES.sub("\ufffd", text)  # as long as the text
    stops = Split(Regex(STOPS), "removed", invert=True).pre_tokenize_str(whole)
    ends = [stop for _, (start, stop) in stops if _ends(text, start, stop)]
    return np.array(ends, dtype=np.int64)


def _ends(text: str, start: int, stop: int) -> bool:
    """Whether the marks of text[start:stop] end a sentence."""
    after = _end(_SPACE, text, stop)
    following, space = text[after : after + 1], text[stop:after]
    if following in CONTINUE or (following in DASHES and len(f"{space}-".splitlines()) == 1):
        return False
    mark, dots = text[start], text[start] in "…‥" or text[start : start + 2] == ".."
    if mark in WITH_SPACE and following and not space and (dots or _is_cased(following)):
        return False  # "3.5", "x.org", "wait…what"
    first = text[_end(_FIRST, text, after) - 1 : _end(_FIRST, text, after)]
    if first.islower() and (dots or _closes(text[stop - 1])):
        return False  # "well... maybe", "“Really?” he asked"
    return mark != "." or dots or not _is_abbreviation(text, start, first)


def _is_abbreviation(text: str, stop: int, first: str) -> bool:
    """Whether a full stop belongs to the word before it; `first` begins the next word."""
    found = _BEFORE.search(text[max(stop - _LONGEST, 0) : stop])
    word = found[1] if found else ""
    short, small = word.casefold(), first.islower()
    if word.isdecimal():  # "1. The first": the number of a list
        return len(word) <= 3 and _begins_line(text, stop - len(word))
    return (
        (len(word) == 1 and word.isalpha() and _is_initial(word, first))
        or short in BEFORE_NAMES
        or (short in BEFORE_NUMBERS and first.isdecimal())
        or (short in WITHIN and (small or first.isdecimal()))
        or (small and _LETTERS.fullmatch(word) is not None)
    )


def _is_initial(letter: str, first: str) -> bool:
    """ "J. Smith", "د. أحمد", "p. 3"; not "So did I. Then", "3 m. Then"."""
    return letter != "I" and not (letter.islower() and first.isupper())


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _is_cased(char: str) -> bool:
    """Whether it is not a letter of a script without capitals, which may stand without a space."""
    return unicodedata.category(char) != "Lo"


def _closes(char: str) -> bool:
    return char in "\"'" or unicodedata.category(char) in ("Pe", "Pf", "Pi")


def _begins_line(text: str, place: int) -> bool:
    """Whether only white space stands before it on its line."""
    before = text[max(place - _LONGEST, 0) : place]
    return not before or not before.splitlines()[-1].strip() or before[-1] in "\n\r"
