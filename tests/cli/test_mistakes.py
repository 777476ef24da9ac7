"""Everyday mistakes with every command, in both scripts of Darija: no English sentence, and what to
do about it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attnviz.cli import COMMANDS, run_command_line

TEXT = "The cat sat on the mat"
# Words that English sentences are made of, and that are no terms, no names and no options.
ENGLISH = re.compile(
    r"\b(the|is|are|was|were|of|to|with|without|this|that|there|not|cannot|does|give|choose|must|"
    r"which|and|or|for|from|at|it|its|has|have|one|two|an|be|use|leave|needs?|name|write|allowed|"
    r"found|missing|given|check|valid|value|nothing|only|several|than|number|folder|"
    r"picture|sound|such|more|less|empty|too)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(
    r"\"[^\"]*\"|«[^»]*»|`[^`]*`|'[^']*'|--?[\w-]+(?: \w+)?|attnviz [^.,،]*|\S*[./_*\\]\S*"
)
ARABIC = re.compile("[\u0621-\u064a]")
# Terms of the field and of the product, which stay as they are.
TERMS = {"value", "check", "position", "file"}

MISTAKES = [
    # Texts
    ["run"],
    ["run", " "],
    ["run", "--file", "none.txt"],
    ["run", "--file", "."],
    ["run", TEXT, "--file", "none.txt"],
    ["run", "--sample", "no"],
    ["run", TEXT, "--sample", "x"],
    ["run", "--file", "nul.txt"],
    ["run", "--file", "latin.txt"],
    ["rnu", TEXT],
    ["run", "a", "b"],
    # Options
    ["run", TEXT, "--zzz"],
    ["run", TEXT, "--colour"],
    ["run", TEXT, "--heads"],
    ["run", TEXT, "--heads", "x"],
    ["run", TEXT, "--heads", "0"],
    ["run", TEXT, "--quiet=1"],
    ["run", TEXT, "--type", "lokal"],
    ["run", TEXT, "--type", "cross"],
    ["run", TEXT, "--source", "Le chat", "--type", "self"],
    ["run", TEXT, "--show", "tabel"],
    ["run", TEXT, "--type", "local", "--window", "-1"],
    ["run", TEXT, "--model", "random", "--seed", "-2"],
    ["run", TEXT, "--head", "9"],
    ["run", TEXT, "--layer", "3"],
    ["run", TEXT, "--head", "x"],
    ["run", TEXT, "--query", "dog"],
    ["run", TEXT, "--query", "catt"],
    ["run", TEXT, "--key", "cat"],
    ["run", TEXT, "--tokenizer", "none"],
    ["run", TEXT, "--scale", "loud"],
    ["run", TEXT, "--max-memory", "lots"],
    ["run", TEXT, "--ids", "1,2", "--source", "x"],
    ["run", TEXT, "--type", "global", "--global-tokens", "dog"],
    ["run", TEXT, "--rows", "9:12"],
    ["run", TEXT, "--rows", "1,,2"],
    ["run", TEXT, "--merge", "rows"],
    ["run", TEXT, "--json", "--csv"],
    ["run", TEXT, "--measure", "loud"],
    ["run", TEXT, "--color", "green"],
    # Files that are written
    ["run", TEXT, "-o", "map.bmp"],
    ["run", TEXT, "-o", "no/map.png"],
    ["run", TEXT, "-o", "dir.png"],
    ["run", TEXT, "-o", "a.png", "--size", "wide"],
    ["run", TEXT, "-o", "a.png", "--size", "1mm"],
    ["run", TEXT, "-o", "a.png", "--dpi", "x"],
    ["run", TEXT, "-o", "a.png", "--cmap", "mud"],
    # Models
    ["run", TEXT, "--model", "gpt"],
    ["run", TEXT, "--model", "./none"],
    ["run", TEXT, "--model", "empty"],
    ["run", TEXT, "--model", "note.txt"],
    ["run", TEXT, "--model", "broken"],
    ["run", TEXT, "--model", "odd"],
    ["models", "./none"],
    # Pictures and sounds
    ["run", "--image", "note.txt"],
    ["run", "--image", "none.png"],
    ["run", "--image", "."],
    ["run", "--audio", "note.txt"],
    ["run", "--audio", "none.wav"],
    ["run", TEXT, "--start", "1"],
    ["run", "--image", "note.txt", "--audio", "note.txt"],
    # The other commands
    ["explore", TEXT],
    ["explore"],
    ["view"],
    ["view", "none.npz"],
    ["view", "note.txt"],
    ["view", "bad.npz"],
    ["view", "sums.npy"],
    ["view", "."],
    ["view", "bad.json"],
    ["compare", TEXT],
    ["compare", TEXT, "a", "--type", "self,local"],
    ["compare", TEXT, "b", "--tolerance", "-1"],
    ["compare", TEXT, "c", "--sort", "x"],
    ["heads", TEXT, "--top", "0"],
    ["heads", TEXT, "--random", "3"],
    ["heads", TEXT, "--effect"],
    ["heads", TEXT, "--sort", "loud"],
    ["heads", "--probe", "--model", "builtin", TEXT],
    ["heads"],
    ["steps", TEXT, "--query", "dog"],
    ["steps", TEXT, "--query", "the#3"],
    ["steps", "the cat and the cat", "--query", "cat"],
    ["explain", "sofmax"],
    ["explain", "x", "y"],
    ["cost", "--lengths", "many"],
    ["cost", "--lengths", "0"],
    ["cost", "--type", "lokal"],
    ["cost", "--seconds", "0"],
    ["cost", "--global-tokens", "x"],
    ["cost", "--head-dim", "0"],
    ["samples", "engilsh"],
    ["survey"],
    ["survey", "none.csv"],
    ["survey", "table.csv", "--column", "x"],
    ["survey", "table.csv", "--workers", "0"],
    ["survey", "two.csv"],
    ["effect", TEXT, "--model", "minilm", "--head", "9.9"],
    ["effect", TEXT, "--model", "builtin"],
    ["check", TEXT, "--model", "./none"],
    ["predict", TEXT, "--model", "builtin"],
    ["generate", TEXT, "--model", "builtin"],
    ["generate", TEXT, "--model", "random"],
    ["generate", TEXT, "--max-new-tokens", "0"],
    ["translate", TEXT],
    ["summarize", TEXT],
    ["answer", TEXT],
    ["caption", "none.png"],
    ["caption"],
    ["transcribe", "note.txt"],
    ["transcribe"],
    ["lens", TEXT, "--model", "builtin"],
    ["lens"],
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with files that are not what they seem."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "note.txt").write_text("a note")
    (folder / "nul.txt").write_bytes(b"a\0b")
    (folder / "latin.txt").write_bytes("caf\u00e9".encode("latin-1"))
    (folder / "bad.npz").write_bytes(b"PK not an archive")
    (folder / "bad.json").write_text("{")
    (folder / "table.csv").write_text("text,label\na b,x\n")
    (folder / "two.csv").write_text("alpha,beta\na b,x\n")
    (folder / "dir.png").mkdir()
    (folder / "empty").mkdir()
    for name, config in (("broken", "{"), ("odd", '{"model_type": "odd"}')):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(config)
    np.save(folder / "sums.npy", np.full((3, 3), 0.6))
    return folder


@pytest.fixture
def said(place, monkeypatch, capsys):
    """Run a command that must be refused, and return its one line."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("ATTNVIZ_LANG", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("sys.stdin", None)

    def run(words):
        status = run_command_line(words)
        captured = capsys.readouterr()
        assert (status, captured.out) == (2, ""), words
        (line,) = captured.err.splitlines()
        return line.removeprefix("attnviz: ")

    return run


def english_in(sentence, words):
    """The English words of a sentence, without what was typed, terms and quotations."""
    for word in words:
        sentence = sentence.replace(word, " ")
    sentence = re.sub(r"(hado|هادو): .*", "", sentence)  # choices are words of the product
    found = ENGLISH.findall(QUOTED.sub(" ", sentence))
    return [word for word in found if word.lower() not in TERMS]


@pytest.mark.parametrize("lang", ["darija", pytest.param("ary-Arab", marks=pytest.mark.slow)])
@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_said_in_the_language(said, words, lang):
    english = said(words)
    sentence = said([*words, "--lang", lang])
    assert sentence != english
    assert english_in(sentence, words) == []
    assert bool(ARABIC.search(sentence)) == (lang == "ary-Arab")
    has_hint = re.search(r"\w\. [A-Z]", english)
    assert not has_hint or re.search(r"\S[.:،؛,;] ", sentence), (english, sentence)  # it is kept


def test_every_command_is_among_the_mistakes():
    assert {words[0] for words in MISTAKES} >= {*COMMANDS}


def test_english_is_found_where_it_is():
    assert english_in("W9e3 chi ghalat: There is no text. Give one.", ["run"])
    assert not english_in("Makayn 7ta text. 3ti text, wla --file FILE.", ["run"])


# Screens that hold no English but terms: what is typed, what they may say beside it.
SCREENS = [
    ["compare", TEXT, "--type", "self,local"], ["cost", "--lengths", "64,128", "--no-measure"],
    ["heads", TEXT], ["heads", TEXT, "--wide"], ["steps", TEXT, "--query", "cat"], ["models"],
    ["samples"], ["run", TEXT, "--show", "table", "--explain"], ["run", TEXT, "--show", "grid"],
    ["run", TEXT, "--show", "top"], ["run", TEXT, "--show", "arcs"],
]  # fmt: skip
OF_THE_PRODUCT = {"the", "on", "a", "one", "key", "first", "same", "word"}  # texts, names of heads


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["darija", "ary-Arab"])
@pytest.mark.parametrize("words", SCREENS, ids=" ".join)
def test_a_screen_holds_no_english_but_terms(capsys, words, lang):
    assert run_command_line([*words, "--lang", lang]) == 0
    screen = capsys.readouterr().out.replace(TEXT, "")
    assert not {word.lower() for word in english_in(screen, [])} - OF_THE_PRODUCT
    assert bool(ARABIC.search(screen)) == (lang == "ary-Arab")


def test_the_samples_have_a_title_in_every_language():
    from attnviz.cli.bundled import load
    from attnviz.language.languages import all_languages

    for language in all_languages().values():
        titles = {sample.name: language.sentences[f"sample.{sample.name}"] for sample in load()}
        assert len({*titles.values()}) == len(titles)
        assert language.tag != "en" or titles == {each.name: each.title for each in load()}
