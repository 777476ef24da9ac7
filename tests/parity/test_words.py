"""Where words end, against the word boundaries of the library `regex` (Unicode, UAX #29)."""

import random

import regex

from attnviz.inputs.text import tokenize

# What is left out differs by intention: hyphens, apostrophes and letters beside separators, runs
# of full stops, and format characters with nothing before them, which are shown alone.
FORMAT = "\u200c\u200d\xad\u200f\u2060"
LETTERS = "ab" + "قطخ" + "\u0301\u064e" + FORMAT
NUMBERS = "12" + "٣٤" + FORMAT
SEPARATORS = ".,\u066b\u066c"


def test_words_are_those_of_the_library():
    draw = random.Random(0)
    for _ in range(3000):
        words = ["a" + "".join(draw.choices(LETTERS, k=draw.randrange(5)))]
        parts = ["1" + "".join(draw.choices(NUMBERS, k=draw.randrange(4))) for _ in range(3)]
        words.append("".join(part + draw.choice(SEPARATORS) for part in parts) + "7")
        text = draw.choice([" ", "\n"]).join(draw.sample(words, 2))
        expected = [word for word in regex.split(r"\b", text, flags=regex.WORD) if word.strip()]
        assert list(tokenize(text).pieces) == expected, ascii(text)
