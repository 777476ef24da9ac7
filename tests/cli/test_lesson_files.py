"""Topics of the lesson as files: what a picture says, and what cannot be written."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.language import lesson
from attnviz.language.languages import find_language

LANGS = ("en", "darija", "ary-Arab")
MARKS = re.compile("[\u200e\u200f\u2066-\u2069]")
NUMBER = re.compile(r"-?\d+\.\d{3}(?!\d)")


@pytest.fixture
def command(capsys):
    def run(*words):
        status = run_command_line([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def drawn(command, tmp_path):
    """The texts of a topic's picture, without the marks that only steer direction."""

    def draw(topic, *words):
        path = tmp_path / "topic.svg"
        status, out, _ = command("explain", topic, "-o", path, *words)
        assert (status, out) == (0, "")
        texts = [
            "".join(text.itertext())
            for text in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
        ]
        return [MARKS.sub("", text) for text in texts]

    return draw


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "topic", [pytest.param(topic.name, marks=() if topic.name in ("tokens", "softmax", "cross")
                           else pytest.mark.slow) for topic in lesson.TOPICS]
)  # fmt: skip
def test_every_topic_is_a_picture_under_its_question(drawn, topic, lang):
    words = find_language(lang)
    texts = drawn(topic, "--lang", lang)
    question = MARKS.sub("", words.say(lesson.topic(topic).question))
    assert question in " ".join(texts)
    assert any(re.search(r"\d", text) for text in texts)  # something live


@pytest.mark.parametrize("topic", ["query-key-value", "softmax", "weighted-sum"])
def test_the_numbers_are_those_of_the_terminal(command, drawn, topic):
    shown = NUMBER.findall(command("explain", topic, "--text", "Karim drinks mint tea")[1])
    texts = drawn(topic, "--text", "Karim drinks mint tea")
    assert len(shown) > 8
    assert sorted(NUMBER.findall(" ".join(texts))) == sorted(shown)
    for token in ("Karim", "drinks", "mint", "tea"):
        assert token in texts


def test_the_whole_table_has_every_weight_of_the_head_that_was_followed(drawn):
    weights = attnviz.trace("Karim drinks mint tea").stack.weights[0, 2]
    texts = drawn("self", "--text", "Karim drinks mint tea")
    numbers = [int(text) for text in texts if text.isdigit()]
    assert numbers == [round(100 * float(weight)) for row in weights for weight in row]


def test_a_line_that_is_broken_loses_nothing(drawn):
    """Sentences that do not fit one line go on in the next, marks and all."""
    words = find_language("ary-Arab")
    texts = " ".join(drawn("softmax", "--lang", "ary-Arab"))
    assert MARKS.sub("", words.say("step.softmax")) in texts
    assert "U+20" not in texts


def test_the_same_topic_gives_the_same_bytes(command, tmp_path):
    for suffix in ("png", "svg", "pdf"):
        for name in ("a", "b"):
            assert command("explain", "softmax", "-q", "-o", tmp_path / f"{name}.{suffix}")[0] == 0
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_what_a_reader_writes_is_drawn_as_it_is(drawn):
    texts = drawn("causal", "--text", "$x$ <b> \x1b[2J & a")
    assert "$" in texts
    assert not any("\x1b" in text for text in texts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["softmax", "-o", "x.gif"], ".gif"),
        (["softmax", "-o", "x"], ".png"),
        (["softmax", "-o", "missing/x.png"], "folder missing does not exist"),
        (["softmax", "-o", "folder.png"], "it is a folder"),
        (["sofmax", "-o", "x.png"], "softmax"),
        (["softmax", "--exercise", "-o", "x.png"], "--output"),
        (["softmax", "--text", "one", "-o", "x.png"], "too short"),
        (["all", "-o", "x.png"], "one topic"),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_what_cannot_be_written(command, tmp_path, monkeypatch, words, said, lang):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    status, out, err = command("explain", *words, "--lang", lang)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert lang != "en" or said in err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
