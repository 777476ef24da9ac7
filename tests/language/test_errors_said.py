"""Every place that raises an error has a key, and the sentence of that key is what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import attnviz
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH

HOUSE = Path(attnviz.__file__).parent
COUNTED = re.compile(r"\0 (tokens|heads|layers|keys|texts|times|scores|words)\b")
A_COUNT = re.compile(
    r"\{n_(?:tokens|heads|layers|keys|texts|times|scores|words)\}|\{limit_tokens\}"
)


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Each place that makes an error, and the call."""
    for file in sorted(HOUSE.rglob("*.py")):
        text = file.read_text()
        if "AttnvizError(" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            is_call = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            if is_call and call.func.id == "AttnvizError":
                yield f"{file.relative_to(HOUSE)}:{call.lineno}", call


def written(part: ast.expr) -> str | None:
    """A sentence as it stands in the code, with \\0 for what is put in; None if it is made up of
    other things."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    if not isinstance(part, ast.JoinedStr):
        return None
    pieces = [x.value if isinstance(x, ast.Constant) else "\0" for x in part.values]
    return "".join(map(str, pieces))


def test_every_place_that_raises_has_a_sentence_in_every_language():
    wrong = {}
    for place, call in raised():
        keys = [keyword.value for keyword in call.keywords if keyword.arg == "key"]
        if not keys:
            wrong[place] = "no key"
            continue
        for key in (node for node in ast.walk(keys[0]) if isinstance(node, ast.Constant)):
            if str(key.value).startswith("err."):
                for language in (ENGLISH, DARIJA_LATIN, DARIJA_ARABIC):
                    if key.value not in language.sentences:
                        wrong[place] = f"{key.value} is missing in {language.tag}"
    assert wrong == {}


# Said with values that the code names one by one.
SPELT_OUT = {"err.nothing_to_compare", "err.lang", "err.too_long", "err.not_a", "err.needs_query",
             "err.needs", "err.several", "err.no_text"}  # fmt: skip


def test_the_english_sentence_is_the_one_that_is_raised():
    """The sentence of the table, which translations are made from, and the one in the code."""
    differ = {}
    for place, call in raised():
        key = next((keyword.value for keyword in call.keywords if keyword.arg == "key"), None)
        parts = [written(part) for part in call.args]
        if not isinstance(key, ast.Constant) or None in parts or key.value in SPELT_OUT:
            continue
        said = COUNTED.sub("\0", " ".join(filter(None, parts)))
        template = ENGLISH.sentences[str(key.value)]
        known = re.sub(r"\{\w+\}", "\0", A_COUNT.sub("\0", template))
        known = COUNTED.sub("\0", known.replace("{{", "{").replace("}}", "}"))
        if said.strip() != known:
            differ[place] = (said, known)
    assert differ == {}


def test_every_value_of_a_sentence_is_given():
    missing = {}
    for place, call in raised():
        key = next((keyword.value for keyword in call.keywords if keyword.arg == "key"), None)
        given = {keyword.arg for keyword in call.keywords}
        if isinstance(key, ast.Constant) and None not in given:
            template = ENGLISH.sentences[str(key.value)]
            wanted = set(re.findall(r"(?<!\{)\{(\w+)\}", template))
            if not wanted <= given:
                missing[place] = wanted - given
    assert missing == {}
