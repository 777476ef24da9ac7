"""The lesson's page as a pupil and a teacher meet it, in a real browser."""

from __future__ import annotations

import json
import re

import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.language import lesson
from attnviz.language.languages import all_languages, find_language
from tests.browser.test_page import pixel
from tests.browser.test_safety import HOSTILE, WATCH, assert_untouched

LANGS = {language.tag: language for language in all_languages().values()}
MARKS = re.compile("[\u200e\u200f\u2066-\u2069]")
MOST_BYTES = 2_000_000
PHONES = (360, 390)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    path = tmp_path_factory.mktemp("lesson") / "lesson.html"
    assert run_command_line(["explain", "all", "-q", "-o", str(path)]) == 0
    return path


def written(tmp_path, *words):
    path = tmp_path / "topic.html"
    assert run_command_line(["explain", *words, "-q", "-o", str(path)]) == 0
    return path


def tree_of(tab):
    return json.loads(tab.text_content("#tree"))


def exercises(tab, tag):
    return [one for each in tree_of(tab)["lessons"][tag] for one in each["exercises"]]


def of_topic(tab, topic):
    """The exercise of a topic, in English."""
    return next(one for one in exercises(tab, "en") if one["topic"] == topic)


def give(card, answer):
    """Answer an exercise as a pupil does: click a choice, or type and press Enter."""
    if card.locator("input").count():
        card.locator("input").fill(answer)
        card.locator("input").press("Enter")
    else:
        card.locator(".choose button", has_text=re.compile(f"^{re.escape(answer)}$")).click()


def test_the_whole_course_is_small_and_in_three_languages(reader, course):
    assert course.stat().st_size < MOST_BYTES
    tab = reader.open_file(course)
    for tag, language in LANGS.items():
        reader.choose("language", tag)
        assert tab.get_attribute("html", "lang") == tag
        assert tab.get_attribute("html", "dir") == ("rtl" if tag == "ary-Arab" else "ltr")
        questions = [MARKS.sub("", text) for text in tab.locator(".topic h2").all_inner_texts()]
        assert questions == [language.say(topic.question) for topic in lesson.TOPICS]
        assert tab.inner_text("h1") == language.say("lesson.title")
        path = tab.locator("nav ol a").all_inner_texts()
        assert [MARKS.sub("", text) for text in path] == questions[: len(lesson.COURSE)]


def test_every_topic_has_its_picture(reader, course):
    tab = reader.open_file(course)
    for topic in lesson.TOPICS:
        shown = tab.locator(f"#{topic.name} .shown")
        assert (shown.bounding_box()["height"] > 60) == (topic.name != "check")
    drawn = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, " \
            "canvas.height).data).size"  # fmt: skip
    reader.settled()
    for canvas in tab.locator(".shown canvas").all():
        assert canvas.evaluate(drawn) > 3


def test_a_map_has_the_weights_of_its_text(reader, tmp_path):
    text = "Karim drinks mint tea"
    tab = reader.open_file(written(tmp_path, "self", "--text", text))
    weights = attnviz.trace(text).stack.weights[0, 2]
    said = tab.locator(".map-figure canvas td").all_text_contents()
    assert said[1:] == [f"{round(100 * float(w))}%" for row in weights for w in row]
    tab.focus(".map-figure canvas")
    tab.keyboard.press("ArrowRight")
    told = MARKS.sub("", tab.inner_text(".pointed"))
    assert told == f"Karim → drinks {100 * float(weights[0, 1]):.0f}%"
    box = tab.locator(".map-figure canvas").bounding_box()
    light = [
        sum(pixel(tab, ".map-figure canvas", 1 - (4.2 - i) * 46 / box["width"], 0.95)[:3])
        for i in range(1, 4)
    ]
    row = weights[3, 1:]
    assert sorted(range(3), key=lambda i: light[i]) == sorted(range(3), key=lambda i: row[i])


@pytest.mark.parametrize("tag", LANGS)
def test_every_right_answer_is_right(reader, course, tag):
    tab = reader.open_file(course)
    reader.choose("language", tag)
    made, cards = exercises(tab, tag), tab.locator(".exercise").all()
    assert len(made) == len(cards) >= 22
    for one, card in zip(made, cards, strict=True):
        give(card, one["answer"])
        assert LANGS[tag].say("exercise.right") in card.locator(".said").inner_text()
    total = len(made)
    assert MARKS.sub("", tab.inner_text(".score")) == LANGS[tag].say(
        "exercise.score", n=total, total=total
    )


@pytest.mark.parametrize("tag", LANGS)
def test_a_wrong_answer_gets_its_mistake_and_a_hint_then_the_answer(reader, course, tag):
    tab = reader.open_file(course)
    reader.choose("language", tag)
    say, made = LANGS[tag].say, exercises(tab, tag)
    i = next(i for i, one in enumerate(made) if one["topic"] == "local-global")
    card, wrong = tab.locator(".exercise").nth(i), [c for c in made[i]["choices"] if c["mistake"]]
    give(card, wrong[0]["text"])
    said = MARKS.sub("", card.locator(".said").inner_text())
    order = [say("exercise.wrong"), wrong[0]["mistake"], made[i]["hint"]]
    assert [said.index(MARKS.sub("", part)) for part in order] == sorted(
        said.index(MARKS.sub("", part)) for part in order
    )
    assert made[i]["worked"] not in said
    give(card, wrong[1]["text"])
    said = MARKS.sub("", card.locator(".said").inner_text())
    assert wrong[1]["mistake"] in said
    assert made[i]["worked"] in said
    assert card.locator("button:enabled").count() == 0
    total = len(made)
    score = MARKS.sub("", tab.inner_text(".score"))
    assert score == say("exercise.score", n=0, total=total)


def test_the_hint_comes_first_and_then_the_answer(reader, course):
    tab = reader.open_file(course)
    card = tab.locator("#softmax .exercise")
    one = of_topic(tab, "softmax")
    card.locator(".hint").click()
    assert one["hint"] in card.locator(".said").inner_text()
    assert one["worked"] not in card.locator(".said").inner_text()
    card.locator(".check").click()  # with nothing written
    assert one["worked"] in card.locator(".said").inner_text()


@pytest.mark.parametrize("given", ["{}", " {} % ", "comma", "arabic", "nearly"])
def test_a_number_as_people_write_it(reader, course, given):
    tab = reader.open_file(course)
    card = tab.locator("#softmax .exercise")
    value = of_topic(tab, "softmax")["value"]
    plain = f"{value:.1f}"
    arabic = plain.translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫"))
    ways = {"comma": plain.replace(".", ","), "arabic": arabic, "nearly": f"{value + 0.9:.1f}"}
    give(card, ways.get(given, given.format(plain)))
    assert "Right." in card.locator(".said").inner_text()


@pytest.mark.parametrize("given", ["1e999", "nan", "-", "²", "9" * 4000, "<b>12</b>", "\u202e12"])
def test_what_is_no_answer(reader, course, given):
    tab = reader.open_file(course)
    card = tab.locator("#limits .exercise")
    give(card, given)
    said = card.locator(".said").inner_text()
    assert "No." in said
    assert "Right." not in said
    assert tab.locator("b:text-is('12')").count() == 0


@pytest.mark.parametrize("width", PHONES)
def test_on_a_phone_nothing_is_wider_than_the_screen(reader, course, width):
    tab = reader.tab
    tab.set_viewport_size({"width": width, "height": 720})
    reader.open_file(course)
    for tag in LANGS:
        reader.choose("language", tag)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        wide = tab.evaluate(
            "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > "
            "e.clientWidth + 1).map((e) => e.closest('.topic').id)"
        )
        assert wide == []
        small = tab.evaluate(
            "Math.min(...[...document.querySelectorAll('.topic p, .topic td, .topic button')]"
            ".filter((e) => e.offsetParent).map((e) => parseFloat(getComputedStyle(e).fontSize)))"
        )
        assert small >= 11


DRAWN = """
    window.drawn = [];
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
        drawn.push(text);
        return fillText.call(this, text, ...at);
    };
"""


def test_the_longest_text_has_its_names_on_a_phone(reader, context, tmp_path):
    context.add_init_script(DRAWN)
    words = ["internationalization", "Constantinople", *(f"word{i}" for i in range(14))]
    tab = reader.tab
    tab.set_viewport_size({"width": 360, "height": 720})
    reader.open_file(written(tmp_path, "self", "--text", " ".join(words)))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    drawn = tab.evaluate("drawn")
    for word in words[2:]:
        assert drawn.count(word) >= 2  # as a query and as a key
    assert any(text.startswith("intern") and text.endswith("…") for text in drawn)


def test_paper_has_exercises_without_answers_until_a_teacher_asks(reader, course):
    tab = reader.open_file(course)
    made = exercises(tab, "en")
    give(tab.locator("#limits .exercise"), of_topic(tab, "limits")["answer"])
    tab.emulate_media(media="print")

    def shown():
        return MARKS.sub("", tab.inner_text("#page"))

    worked = [MARKS.sub("", one["worked"]) for one in made if len(one["worked"]) > 8]
    assert not [one for one in worked if one in shown()]
    assert all(one["question"] in shown() for one in made if "\u2068" not in one["question"])
    for gone in ("nav", ".answer input", ".answer .check", ".hint", ".said", ".choices"):
        assert tab.locator(f"{gone}:visible").count() == 0
    assert tab.locator(".blank:visible").count() > 10
    tab.emulate_media(media="screen")
    tab.check("#choose-answers")
    tab.emulate_media(media="print")
    assert [one for one in worked if one not in shown()] == []
    assert len(tab.pdf()) > 10_000


def test_paper_is_white_and_the_screen_keeps_its_light(reader, course):
    tab = reader.tab
    tab.emulate_media(color_scheme="dark")
    reader.open_file(course)
    assert tab.get_attribute("html", "data-theme") == "dark"
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.get_attribute("html", "data-theme") == "light"
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.get_attribute("html", "data-theme") == "dark"


def test_an_answer_stays_while_the_language_goes_and_comes(reader, course):
    tab = reader.open_file(course)
    answer = of_topic(tab, "tokens")["answer"]
    give(tab.locator("#tokens .exercise"), answer)
    reader.choose("language", "ary-Arab")
    assert tab.locator("#tokens .said").inner_text() == ""
    reader.choose("language", "en")
    assert "Right." in tab.locator("#tokens .said").inner_text()


def test_one_topic_in_the_reader_s_language_and_words(reader, tmp_path):
    tab = reader.open_file(
        written(tmp_path, "softmax", "--lang", "ary-Arab", "--text", "خويا شرا الحوت اليوم")
    )
    assert tab.get_attribute("html", "dir") == "rtl"
    assert tab.locator(".topic").count() == 1
    assert tab.locator("nav").count() == 0
    labels = tab.locator(".shown tbody th").all_inner_texts()[:4]
    assert labels == ["خويا", "شرا", "الحوت", "اليوم"]
    title = find_language("ary-Arab").say("lesson.title")
    assert tab.title() == title


def test_words_that_would_like_to_be_markup(reader, context, tmp_path):
    context.add_init_script(WATCH)
    for text in (f"{HOSTILE[3]} a {HOSTILE[5]}", f"{HOSTILE[14]}a\u2066", "a {{script}} \x1b[2J"):
        for topic in ("tokens", "self", "softmax", "causal"):
            tab = reader.open_file(written(tmp_path, topic, "--text", text))
            for tag in LANGS:
                reader.choose("language", tag)
            assert_untouched(tab)
