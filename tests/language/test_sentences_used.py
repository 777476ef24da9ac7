"""Every sentence that exists is said somewhere: a key that no code names is dead."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import attnviz
from attnviz.language.english import ENGLISH

HOUSE = Path(attnviz.__file__).parent
TABLES = ("english", "darija_latin", "darija_arabic")
# Parts of errors and notes are found by their English words, not by their keys (`reworded`).
BY_WORDS = ("part.", "note.")


@cache
def named_in_code():
    """The strings of the program, and the shapes of those that it makes up (ui.cost_…)."""
    whole, made_up = set(), set()
    for file in HOUSE.rglob("*.py"):
        if any(file.is_relative_to(HOUSE / "language" / table) for table in TABLES):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole |= {node.value, node.value.replace(" ", "_"), *node.value.split()}
            elif isinstance(node, ast.keyword) and node.arg is not None:
                whole.add(node.arg)
            elif isinstance(node, ast.JoinedStr):
                made_up.add(tuple(
                    part.value if isinstance(part, ast.Constant) else None for part in node.values
                ))  # fmt: skip
    for file in HOUSE.rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        whole |= set(re.findall(r'"([\w.-]+)"', text))
        made_up |= {(begin, None) for begin in re.findall(r"`([\w.-]+)\$\{", text)}
    whole |= set(re.findall(r'^name = "([\w-]+)"', samples(), re.MULTILINE))
    shapes = [parts for parts in made_up if _is_shape(parts)]
    return whole, [re.compile("".join("(.+)" if p is None else re.escape(p) for p in parts))
                   for parts in shapes]  # fmt: skip


def _is_shape(parts):
    """Whether it begins as a key does ("ui.cost_"), or is a key with an end ("_lost")."""
    begin = parts[0]
    if begin is None:
        return len(parts) == 2 and re.fullmatch(r"_[a-z]+", parts[1] or "") is not None
    return re.fullmatch(r"[a-z]\w*[._][\w.-]*", begin) is not None


def samples():
    return (HOUSE.parent / "samples" / "samples.toml").read_text(encoding="utf-8")


def is_said(key):
    """Whether the code has the key, or a shape of it whose gaps are words that it has."""
    whole, shapes = named_in_code()
    return key in whole or any(
        all(map(is_said, found.groups()))
        for shape in shapes
        if (found := shape.fullmatch(key)) and found.groups()
    )


def test_every_sentence_is_said_somewhere():
    dead = [key for key in ENGLISH.sentences
            if not key.startswith(BY_WORDS) and not is_said(key.removesuffix(".one"))]  # fmt: skip
    assert dead == []


def test_a_key_that_nothing_names_is_found():
    assert is_said("run.saved")
    assert not is_said("ui.cost_of_bread")
    assert not is_said("nothing.at.all")
