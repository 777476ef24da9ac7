"""Errors and warnings in the three versions: one line, status 2, each script kept to itself."""

from __future__ import annotations

import inspect
import re

import pytest

import attnviz
from attnviz import errors
from attnviz.cli import run_command_line
from attnviz.cli.complaint import option_of
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.language.languages import find_language
from attnviz.views.files import write
from attnviz.views.look import Look

LANGS = ("en", "darija", "ary-Arab")
TEXT = "The cat sat on the mat"
TWICE = "the cat and the cat"
ARABIC_LETTER = re.compile("[\u0621-\u064a]")

# What is wrong, the arguments, the sentence that must be said, and what must be named in it.
ERRORS = [
    ("choice", ["run", TEXT, "--type", "lokal"], "err.choice", ["lokal", "--type", "local"]),
    ("model", ["run", TEXT, "--model", "gpt"], "err.choice", ["gpt", "--model", "builtin"]),
    ("show", ["run", TEXT, "--show", "tabel"], "err.choice", ["tabel", "--show", "table"]),
    ("topic", ["explain", "sofmax"], "err.choice", ["sofmax", "softmax"]),
    ("sample", ["samples", "engilsh"], None, ["engilsh"]),
    ("suffix", ["run", TEXT, "-o", "map.bmp"], "err.choice", [".bmp", ".png"]),
    ("head", ["run", TEXT, "--head", "4"], "err.range", ["4", "0", "3"]),
    ("layer", ["run", TEXT, "--layer", "1"], "err.only", ["1", "0"]),
    (
        "no token",
        ["run", TEXT, "--type", "global", "--global-tokens", "dog"],
        "err.no_token",
        ["dog"],
    ),
    ("no query", ["steps", TEXT, "--query", "dog"], "err.no_token", ["dog"]),
    ("twice", ["steps", TWICE, "--query", "cat"], "err.twice", ["cat#1", "cat#2"]),
    ("empty", ["run", " "], "err.empty", []),
    ("not found", ["run", "--file", "missing.txt"], "err.not_found", ["missing.txt"]),
    ("write", ["run", TEXT, "-o", "missing/map.png"], "err.write", ["missing/map.png"]),
    ("no text", ["run"], "err.no_text", ["--file"]),
    ("heads", ["run", TEXT, "--heads", "0"], "err.heads", ["0"]),
    ("no source", ["run", TEXT, "--type", "cross"], "err.cross_attention_looks", ["--source"]),
    ("window", ["run", TEXT, "--type", "local", "--window", "-1"], "err.must_more", ["-1"]),
    ("option", ["run", TEXT, "--zzzz"], "err.option", ["--zzzz"]),
    ("near option", ["run", TEXT, "--colour"], "err.option_near", ["--colour", "--color"]),
    ("no value", ["run", TEXT, "--heads"], "err.needs_value", ["--heads"]),
    ("a value", ["run", TEXT, "--quiet=yes"], "err.no_value", ["--quiet"]),
    ("no number", ["run", TEXT, "--heads", "x"], "err.not_number", ["x", "--heads"]),
    ("words", ["cost", "words"], "err.extra", ["words"]),
    ("missing", ["view"], "err.missing", ["file"]),
    ("low", ["compare", TEXT, "--tolerance", "-1"], "err.not_between", ["-1", "--tolerance"]),
    ("command", ["rnu", TEXT], "err.command", ["rnu", "run"]),
    ("both", ["run", TEXT, "--file", "missing.txt"], "err.both", ["--file"]),
    ("nothing", ["compare", TEXT], "err.nothing_to_compare", ["--type"]),
    ("several", ["compare", TEXT, "a", "--type", "self,local"], "err.several", ["texts", "types"]),
    ("no head", ["run", TEXT, "--head", "3-1"], "err.not_a", ["3-1", "head"]),
    ("no folder", ["run", TEXT, "--model", "./nothing"], "err.no_folder", ["nothing"]),
    ("key", ["run", TEXT, "--key", "cat"], "err.needs_query", ["--key"]),
]
NAMES = [row[0] for row in ERRORS]
TABLES = {
    "en": ENGLISH.sentences,
    "darija": DARIJA_LATIN.sentences,
    "ary-Arab": DARIJA_ARABIC.sentences,
}


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTNVIZ_LANG", raising=False)


@pytest.fixture
def complaint(capsys):
    """Run a command that must be refused; what it said."""

    def run(*words):
        status = run_command_line(list(words))
        captured = capsys.readouterr()
        assert (status, captured.out) == (2, "")
        assert len(captured.err.splitlines()) == 1, captured.err
        assert captured.err.startswith("attnviz: ")
        return captured.err.removeprefix("attnviz: ").strip()

    return run


def pattern(template):
    """What a template looks like when something stands in its places."""
    named = re.sub(r"`([a-z_]+)`", lambda found: option_of(found[1]), template)
    parts = re.split(r"\{\w+\}", named)
    return ".+?".join(re.escape(part) for part in parts)


def takes_lang(words):
    return words[0] in ("run", "steps", "explain")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("words", "key", "named"), [row[1:] for row in ERRORS], ids=NAMES)
def test_what_is_wrong_is_said_in_the_language(complaint, monkeypatch, words, key, named, lang):
    monkeypatch.setenv("ATTNVIZ_LANG", lang)
    said = complaint(*words)
    assert bool(ARABIC_LETTER.search(said)) == (lang == "ary-Arab")
    for name in named:
        assert name in said
    if key and lang != "en":
        unmarked = said.replace("\u200e", "")  # which stand around options in an Arabic line
        assert re.fullmatch(pattern(TABLES[lang][key]), unmarked), said
    if takes_lang(words):
        monkeypatch.delenv("ATTNVIZ_LANG")
        options = ["--lang", lang] if words[-1] != "--heads" else []
        before = [words[0], *options, *words[1:]]
        assert not options or complaint(*before) == said
        joined = [words[0], f"--lang={lang}", *words[1:]]
        assert complaint(*joined) == said


def test_the_three_versions_differ(complaint, monkeypatch):
    for _, words, _, _ in ERRORS:
        said = set()
        for lang in LANGS:
            monkeypatch.setenv("ATTNVIZ_LANG", lang)
            said.add(complaint(*words))
        assert len(said) == 3, said


def test_english_says_what_to_do(complaint):
    """The English hints are no part of the sentences above."""
    for words, hint in (
        (["steps", TEXT, "--query", "caat"], 'Nearest in the text: "cat"'),
        (["run", TEXT, "--type", "lokal"], "Choose one of: local"),
        (["steps", TWICE, "--query", "cat"], "or a position: 1, 4"),
        (["run", "--file", "missing.txt"], "Check the path"),
    ):
        assert hint in complaint(*words)


def test_the_option_wins_over_the_variable(complaint, monkeypatch):
    words = ["run", TEXT, "--type", "lokal"]
    plain, latin = complaint(*words), complaint(*words, "--lang", "darija")
    for variable in (*LANGS, "", "fr"):
        monkeypatch.setenv("ATTNVIZ_LANG", variable)
        assert complaint(*words, "--lang", "en") == plain
        assert complaint(*words, "--lang", "darija") == latin
    assert plain != latin


def test_a_bad_language_is_said_in_english(complaint, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_LANG", "ary-Arab")
    for name in ("ar", "fr", "xx"):
        said = complaint("run", TEXT, "--lang", name)
        assert not ARABIC_LETTER.search(said)
        assert "darija (Latin letters)" in said


# Every function of errors.py that makes an error, with what it is given.
MAKERS = {
    "both_given": ("--json", "--csv"),
    "bad_choice": ("lokal", "--type", ["local", "self"]),
    "out_of_range": ("Head", 9, 0, 3),
    "no_token": ("dog", ["cat"]),
    "empty_text": (),
    "not_found": ("x.txt",),
    "cannot_write": ("x.png", "no space"),
}


def test_every_kind_of_error_has_its_sentence():
    made = {
        name: function
        for name, function in vars(errors).items()
        if inspect.isfunction(function)
        and function.__module__ == errors.__name__
        and function.__annotations__["return"] == "AttnvizError"
    }
    assert made.keys() == MAKERS.keys()
    for name, given in MAKERS.items():
        error = made[name](*given)
        assert error.key.startswith("err.")
        for lang in LANGS:
            said = find_language(lang).say(error.key, **error.values)
            assert error.key in TABLES[lang]
            assert bool(ARABIC_LETTER.search(said)) == (lang == "ary-Arab")
            for value in given:
                if isinstance(value, str | int) and name != "out_of_range":
                    assert str(value) in said
        assert find_language("en").say(error.key, **error.values).split(".")[0] in str(error) + "."


def test_an_error_without_a_sentence_of_its_own():
    error = attnviz.AttnvizError("Nothing fits.", "Try less.")
    for lang in LANGS:
        said = find_language(lang).say(error.key, **error.values)
        assert said.endswith("Nothing fits. Try less.")
        assert len(said) > len("Nothing fits. Try less.")


# Warnings.

UNUSED = {
    "en": "{} has no effect on self-attention.",
    "darija": "{} makatbeddel walo f self-attention.",
    "ary-Arab": "{} ماكتبدل والو ف self-attention.",
}
STREAMED = {
    "en": "The weights were streamed",
    "darija": "Weights streamed:",
    "ary-Arab": "الـ weights",
}
SAVED = {"en": "File saved: {}", "darija": "L file tsejjel: {}", "ary-Arab": "الملف تسجل: {}"}
GLYPHS = {"en": "The font does not have", "darija": "Font mafihch", "ary-Arab": "الـ font مافيهش"}


@pytest.mark.parametrize("lang", LANGS)
def test_an_option_without_effect(capsys, lang):
    for option, value in (("--window", "2"), ("--global-tokens", "cat")):
        words = ["run", TEXT, "--type", "self", option, value, "--lang", lang]
        assert run_command_line(words) == 0
        assert capsys.readouterr().err == UNUSED[lang].format(option) + "\n"
        assert run_command_line([*words, "--quiet"]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize("lang", LANGS)
def test_a_table_of_streamed_weights(lang):
    words = find_language(lang)
    streamed = attnviz.trace(TEXT, max_memory=0)
    _, (note,) = write(streamed, ".csv", Look(language=words))
    assert note.startswith(STREAMED[lang])
    assert bool(ARABIC_LETTER.search(note)) == (lang == "ary-Arab")
    assert write(attnviz.trace(TEXT), ".csv", Look(language=words))[1] == []


@pytest.mark.parametrize("lang", LANGS)
def test_what_was_saved(capsys, lang):
    assert run_command_line(["run", TEXT, "-o", "map.json", "--lang", lang]) == 0
    assert capsys.readouterr().err.startswith(SAVED[lang].format("map.json") + " (")


@pytest.mark.parametrize("lang", LANGS)
def test_characters_that_no_font_has(lang):
    record = attnviz.trace("a \U000f1234 b")
    _, (note,) = write(record, ".png", Look(language=find_language(lang)))
    assert note.startswith(GLYPHS[lang])
    assert "\U000f1234" in note
