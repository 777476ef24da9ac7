"""What is odd about a checkpoint or its inputs is said in the language of the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.language.language import TERMINAL
from attnviz.language.reworded import reworded_note

HOUSE = Path(attnviz.__file__).parent
NOTES = {key: said for key, said in ENGLISH.sentences.items() if key.startswith("note.")}


def in_code():
    """The text of the program below the languages, f-strings without their seams."""
    rooms = ("models", "record", "tracing")
    text = "".join(f.read_text(encoding="utf-8") for r in rooms for f in (HOUSE / r).rglob("*.py"))
    text = re.sub(r'["\']\s*\n\s*f?["\']', "", text)
    return re.sub(r"\{[^{}]*\}", "{}", text)


def test_every_note_is_one_that_the_program_makes():
    """A note that is put in other words below would be English again: the two change together."""
    text = in_code()
    for key, said in NOTES.items():
        pieces = [p.strip(" .,:") for p, *_ in Formatter().parse(said)]
        assert max(pieces, key=len) in text, key


@pytest.mark.parametrize("language", [DARIJA_LATIN, DARIJA_ARABIC], ids=lambda one: one.tag)
def test_notes_are_reworded_and_their_values_are_not(language):
    note = "2 tokens are unknown to a/none: none rows."
    said = reworded_note(note, language)
    assert "unknown" not in said
    assert "2" in said
    assert "a/none" in said
    assert "none rows" in said  # words of the text, that are parts of other sentences
    assert reworded_note(note, ENGLISH) == note
    assert reworded_note("A line of another program.", language) == "A line of another program."


def test_every_note_is_found_again():
    for key, said in NOTES.items():
        values = {name: "x y" for _, name, *_ in Formatter().parse(said) if name}
        due = DARIJA_ARABIC.say(key, TERMINAL, **values)
        assert reworded_note(ENGLISH.say(key, **values), DARIJA_ARABIC, TERMINAL) == due


def test_the_screen_has_notes_in_darija_and_the_record_keeps_its_own(capsys, tmp_path):
    weights = np.full((3, 3), 1 / 3)
    weights[1], weights[2] = 0, 0.1
    np.save(tmp_path / "w.npy", weights)
    words = ["view", str(tmp_path / "w.npy"), "--lang", "darija"]
    assert run_command_line([*words, "-o", str(tmp_path / "r.json")]) == 0
    told = capsys.readouterr().err.splitlines()
    place = "layer 0, head 0, row"
    zero = f"1 stora mn 3 fihom ghir sfer, lowel f {place} 1: had lquery ma kaychouf walo."
    assert told[0] == zero
    assert told[1].startswith(f"1 stora mn 3 lmajmou3 dialhom 9ell mn 1, 7tal 0.3 f {place} 2: ")
    kept = json.loads((tmp_path / "r.json").read_text())["settings"]["notes"]
    assert kept[0].startswith("1 of 3 rows are all zero")
