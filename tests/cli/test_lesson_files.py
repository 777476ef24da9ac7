"""Topics of the lesson as files: what a picture says, what a page holds, what cannot be written."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from xml.etree import ElementTree

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.cli.exercises import exercises
from attnviz.cli.lesson_pictures import Reader
from attnviz.inputs.text import tokenize
from attnviz.language import lesson
from attnviz.language.languages import all_languages, find_language
from attnviz.views.screen import Screen

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


@pytest.mark.slow
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
        (["softmax", "-o", "x"], ".html"),
        (["softmax", "-o", "missing/x.png"], "folder missing does not exist"),
        (["softmax", "-o", "folder.png"], "it is a folder"),
        (["sofmax", "-o", "x.png"], "softmax"),
        (["softmax", "--exercise", "-o", "x.png"], "--output"),
        (["softmax", "--text", "one", "-o", "x.png"], "too short"),
        (["all", "-o", "x.png"], "one topic"),
        (["-o", "lesson.html", "-o", "x.svg"], "one topic"),
        (["all", "of", "-o", "x.html"], "one topic"),
        (["all", "-o", "missing/lesson.html"], "folder missing does not exist"),
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


# The page.


@pytest.fixture
def page(command, tmp_path):
    """What a topic's page holds for its script, and the page."""

    def read(*words):
        path = tmp_path / "topic.html"
        assert command("explain", *words, "-q", "-o", path) == (0, "", "")
        text = path.read_text("utf-8")
        tree = re.search(r'<script type="application/json" id="tree">(.*?)</script>', text).group(1)
        return json.loads(tree), text

    return read


def test_a_page_has_the_topic_in_every_language(page):
    tree, _ = page("softmax", "--lang", "darija")
    assert tree["language"] == "ary-Latn"
    for language in all_languages().values():
        (one,) = tree["lessons"][language.tag]
        assert one["question"] == language.say("lesson.ask.softmax")
        assert len(one["sentences"]) == 1
        assert [panel["kind"] for panel in one["panels"]] == ["line", "numbers", "line"]
        first = one["panels"][1]["rows"][0][0]
        assert first == tokenize(language.example.text).labels[0]


def test_the_exercises_are_those_of_the_command(command, page):
    tree, _ = page("softmax", "--seed", "5", "--text", "Karim drinks mint tea")
    words = ("explain", "softmax", "--exercise", "--json", "--seed", "5", "--text",
             "Karim drinks mint tea")  # fmt: skip
    (asked,) = json.loads(command(*words)[1])
    (one,) = tree["lessons"]["en"][0]["exercises"]
    assert {name: one[name] for name in asked} == asked
    assert one["near"] == 1
    assert sum("__" in row for row in one["rows"]) == 1


def test_the_check_asks_ten_questions_again_with_other_numbers(page):
    tree, _ = page("check")
    made = tree["lessons"]["en"][0]["exercises"]
    assert len(made) == 10
    before = exercises(None, Reader(find_language("en"), Screen(80, 24, False)), 0)
    assert [one["topic"] for one in made] == [one.topic for one in before]
    assert sum(one["answer"] != each.answer for one, each in zip(made, before, strict=True)) > 1


def test_a_page_runs_its_own_script_and_fetches_nothing(page):
    _, text = page("cross", "--text", "</script><b> a")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text).group(1)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL).group(1)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    for own in (script, style):
        assert b64encode(sha256(own.encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"https?:|//www|@import|url\(|fetch\(|XMLHttp|localStorage|cookie", text)
    assert text.count("<script") == 2


def test_the_weights_of_a_map_are_those_of_the_text(page):
    tree, _ = page("self", "--text", "Karim drinks mint tea")
    (panel, _) = tree["lessons"]["en"][0]["panels"]
    assert panel["row"] == 3  # the last word's
    levels = np.frombuffer(b64decode(panel["maps"][0]["levels"]), "<u2").reshape(4, 4)
    shares = ((levels.astype(float) - 1) / 65534) ** 2 * panel["maps"][0]["largest"]
    weights = attnviz.trace("Karim drinks mint tea").stack.weights[0, 2]
    np.testing.assert_allclose(shares, weights, atol=5e-5)


@pytest.mark.slow
def test_the_whole_course_is_one_small_page(page):
    tree, text = page("all")
    assert len(text.encode()) < 2_000_000
    for topics in tree["lessons"].values():
        assert [one["name"] for one in topics] == [topic.name for topic in lesson.TOPICS]
        assert [one["name"] for one in topics if one["ofPath"]] == [t.name for t in lesson.COURSE]
        assert all(one["panels"] or one["exercises"] for one in topics)
