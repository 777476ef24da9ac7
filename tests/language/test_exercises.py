"""The exercises of the lesson: each answer worked out again, and answers of every kind."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

import attnviz
from attnviz.cli import lesson_pictures, run_command_line
from attnviz.cli.exercise_of_topic import CHECK, MADE
from attnviz.cli.exercises import exercises, held
from attnviz.cli.lesson_pictures import HEADS_OF_ORDER, Reader
from attnviz.inputs.text import tokenize
from attnviz.language import lesson
from attnviz.language.languages import find_language
from attnviz.models.builtin.features import features
from attnviz.models.builtin.heads import builtin
from attnviz.views.screen import Screen

LANGS = ("en", "darija", "ary-Arab")


def reader(lang="en", text=None):
    return Reader(find_language(lang), Screen(80, 24, False), text)


def made(topic, lang="en", seed=0, text=None):
    (one,) = exercises([topic], reader(lang, text), seed)
    return one


@pytest.fixture
def command(capsys):
    def run(*words):
        status = run_command_line(list(words))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_every_topic_of_the_path_has_an_exercise_and_points_to_it(command):
    assert [*MADE, "check"] == [topic.name for topic in lesson.COURSE]
    assert len(CHECK) == 10
    assert set(CHECK) <= set(MADE)
    for topic, has_one in ("why", True), ("check", True), ("local", False):
        out = command("explain", topic)[1]
        assert (f"attnviz explain {topic} --exercise" in out) == has_one


@pytest.mark.parametrize("lang", LANGS)
def test_a_number_of_a_vector_is_the_product_with_a_column(lang):
    columns = set()
    for seed in range(12):
        one = made("query-key-value", lang, seed)
        _, x, column = one.lines
        columns.add(column.split(" = ")[0])
        x, column = (
            [int(number) for number in line.split("(")[1].rstrip(")").split(", ")]
            for line in (x, column)
        )
        assert len(x) == len(column) == 4
        assert one.value == sum(a * b for a, b in zip(x, column, strict=True))
        assert one.worked.endswith(f"= {one.answer}")
    assert {name[:3] for name in columns} == {"W_Q", "W_K", "W_V"}


@pytest.mark.parametrize("lang", LANGS)
def test_the_rows_of_two_orders_are_those_of_the_head(lang):
    texts, answers = find_language(lang).example.order, set()
    for seed in range(8):
        one = made("vectors", lang, seed)
        head = next(head for head, name in HEADS_OF_ORDER.items() if name == one.answer)
        answers.add(head)
        rows = []
        for text, line in zip(texts, one.lines[1:], strict=True):
            stack = attnviz.trace(text).stack
            assert stack.head_names[head] == one.answer
            names = [label.casefold() for label in stack.query_tokens.labels]
            asked = [label.casefold() for label in tokenize(texts[0]).labels]
            row = stack.weights[0, head, names.index(asked[0])]
            rows.append([round(100 * float(row[names.index(label)])) for label in asked])
            assert [int(share) for share in re.findall(r"(\d+)%", line)] == rows[-1]
        assert (rows[0] == rows[1]) == (one.answer == "same word")
    assert answers == set(HEADS_OF_ORDER)


@pytest.mark.parametrize("lang", LANGS)
def test_an_even_row_has_its_share_of_the_whole(lang):
    one = made("trained", lang)
    n = len(tokenize("The cat sat on the mat because it was tired"))
    assert one.value == 100 / n
    shares = [float(share) for share in re.findall(r"([\d.]+)%", "\n".join(one.lines))]
    assert len(shares) == n
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert max(shares) < 2 * one.value  # nearly even


@pytest.mark.parametrize("lang", LANGS)
def test_a_word_of_the_question_finds_its_own_in_the_passage(lang):
    example = find_language(lang).example
    stack = attnviz.trace(example.question, source=example.passage).stack
    mean = stack.weights[0].mean(axis=0)
    for seed in range(6):
        one = made("applications", lang, seed)
        query = stack.query_tokens.labels.index(one.answer)
        assert stack.key_tokens.labels[int(mean[query].argmax())] == one.answer
        assert one.answer in one.question


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_word_takes_other_shares_in_two_sentences(lang, monkeypatch):
    monkeypatch.setattr(lesson_pictures, "_minilm", lambda: None)
    one = made("why", lang)
    for line in one.lines:
        text, shares = re.sub("[\u200e]", "", line).split(": ")
        stack = attnviz.trace(text).stack
        place = stack.query_tokens.labels.index("bank")
        row = np.delete(stack.weights[0].mean(axis=0)[place], place)
        shown = [int(share) for share in re.findall(r"(\d+)%", shares)]
        assert shown == [round(100 * float(weight)) for weight in sorted(row)[:-4:-1]]


@pytest.mark.parametrize("lang", LANGS)
def test_the_numbers(lang):
    example = find_language(lang).example
    n = len(tokenize(example.text))
    assert made("tokens", lang).value == n
    assert made("limits", lang).value == 4 * n * n
    for seed in range(6):
        score = made("scores", lang, seed)
        q, k = (list(map(int, re.findall(r"-?\d+", line))) for line in score.lines)
        assert score.value == sum(a * b for a, b in zip(q, k, strict=True))
        (before,) = re.findall(r"= (-?\d+)", made("scaling", lang, seed).lines[0])
        assert made("scaling", lang, seed).value == int(before) / 2
        row = made("softmax", lang, seed)
        assert sum("__" in line for line in row.lines) == 1
        shown = [float(share) for line in row.lines for share in re.findall(r"([\d.]+)%", line)]
        assert row.value == pytest.approx(100 - sum(shown), abs=0.01)
    pairs = [re.findall(r"([\d.]+) · (\d+)", line)[0] for line in made("weighted-sum", lang).lines]
    total = sum(float(weight) * float(value) for weight, value in pairs)
    assert made("weighted-sum", lang).value == pytest.approx(total, abs=0.0006)


@pytest.mark.parametrize("lang", LANGS)
def test_the_missing_weight_is_the_head_s(lang):
    example = find_language(lang).example
    tokens = tokenize(example.text)
    x, near = features(tokens).astype(np.float64), builtin(4).heads[2]
    scores = (x @ near.w_key) @ (x[tokens.labels.index(example.query)] @ near.w_query) / 8
    weights = np.exp(scores - scores.max())
    weights = 100 * weights / weights.sum()
    for seed in range(4):
        one = made("softmax", lang, seed)
        hidden = next(i for i, line in enumerate(one.lines) if "__" in line)
        assert one.value == pytest.approx(weights[hidden], abs=0.6)


@pytest.mark.parametrize("lang", LANGS)
def test_the_tokens(lang):
    example = find_language(lang).example
    labels = [label.casefold() for label in tokenize(example.writer).labels]
    after = tokenize(example.writer).labels[labels.index(labels[-1]) + 1]
    assert made("causal", lang).answer == after
    stack = attnviz.trace(example.target, source=example.source).stack
    mean = stack.weights[0].mean(axis=0)
    for seed in range(5):
        one = made("cross", lang, seed)
        asked = next(i for i, label in enumerate(stack.query_tokens.labels)
                     if one.worked.replace("\u200e", "").startswith(f"{label} →"))  # fmt: skip
        assert one.answer == stack.key_tokens.labels[int(mean[asked].argmax())]
        assert stack.query_tokens.labels[asked] in one.question


@pytest.mark.parametrize("lang", LANGS)
def test_the_choices_have_one_right_answer_and_mistakes(lang):
    for topic in ("why", "vectors", "self", "multi-head", "local-global", "not-explanation"):
        for seed in range(4):
            one = made(topic, lang, seed)
            (right,) = (choice for choice in one.choices if not choice.mistake)
            assert right.text == one.answer
            assert len({choice.text for choice in one.choices}) == 3
    assert made("local-global", lang).answer == "5"  # 2 + 1 + 2
    for seed in range(4):
        one = made("multi-head", lang, seed)
        shares = [int(share) for share in re.findall(r"(\d+)%", "\n".join(one.lines))]
        place = {"previous": 1, "same word": 2}.get(one.answer)
        assert place is None or int(np.argmax(shares)) == place
        assert place is not None or sorted(shares)[-2] > 5  # "near" spreads its weight


@pytest.mark.parametrize(
    ("topic", "given", "right"),
    [
        ("limits", "144", True), ("limits", " 144 ", True), ("limits", "143", False),
        ("limits", "nan", False), ("limits", "inf", False), ("limits", "1e999", False),
        ("limits", "²", False), ("limits", "9" * 9999, False), ("limits", "\x1b[2J", False),
        ("softmax", "12.7", True), ("softmax", "12,7%", True), ("softmax", "13.6", True),
        ("softmax", "14", False), ("weighted-sum", "1.98", True), ("weighted-sum", "2", False),
        ("causal", "TEA", True), ("causal", '"tea"', True), ("causal", "bought", False),
        ("causal", "", False), ("self", "each row", True), ("self", "each column", False),
        ("self", "z", False), ("self", "1", False), ("local-global", "5", True),
        ("local-global", "2", False),
    ],
)  # fmt: skip
def test_answers_of_every_kind(topic, given, right):
    assert made(topic).accepts(given) is right


def hold(monkeypatch, typed, *topics, lang="en"):
    lines = []
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    right = held(exercises(topics or None, reader(lang), 0), reader(lang), lines.append)
    return right, "\n".join(lines)


def test_right_answers_at_a_terminal(monkeypatch):
    typed = "".join(f"{MADE_ANSWERS[topic]}\n" for topic in CHECK)
    right, said = hold(monkeypatch, typed)
    assert right == 10
    assert "10 of 10 right." in said
    assert "No." not in said


MADE_ANSWERS = {
    one.topic: one.answer for one in exercises(None, reader(), 0)
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_enter_gives_a_hint_and_then_the_answer_worked_out(monkeypatch, lang):
    right, said = hold(monkeypatch, "\n\n", "limits", lang=lang)
    one = made("limits", lang)
    assert right == 0
    assert said.index(one.hint) < said.index(one.worked)


def test_a_wrong_choice_is_told_its_mistake(monkeypatch):
    _, said = hold(monkeypatch, "4\n", "local-global")
    assert "A known mistake: A token also sees itself." in said


def test_the_end_of_input_ends_the_exercises(monkeypatch):
    right, said = hold(monkeypatch, "8\n")
    assert right == 1
    assert said.endswith("1 of 10 right.")


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def reconfigure(self, **_):
        """A terminal of text has no bytes to write differently."""


@pytest.mark.parametrize(("typed", "status"), [("144\n", 0), ("5\n", 1), ("", 1)])
def test_strict_exits_with_one_after_a_wrong_answer(monkeypatch, typed, status):
    for words, expected in (["--strict"], status), ([], 0):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        monkeypatch.setattr("sys.stdout", Terminal())
        assert run_command_line(["explain", "limits", "--exercise", *words]) == expected


@pytest.mark.parametrize("lang", LANGS)
def test_a_pipe_gets_exercises_a_line_and_the_answers(command, lang):
    status, out, err = command("explain", "all", "--exercise", "--lang", lang)
    assert (status, err) == (0, "")
    asked, answers = out.split("-" * 40)
    assert len(re.findall(r"^\S+ \d+ · ", asked, re.MULTILINE)) == 10
    assert len(re.findall(r"^\d+\. ", answers, re.MULTILINE)) == 10


def test_numbers_for_programs_and_seeds(command):
    found = json.loads(command("explain", "all", "--exercise", "--json")[1])
    assert [one["topic"] for one in found] == list(CHECK)
    assert found == json.loads(command("explain", "check", "--exercise", "--json")[1])
    seeds = {command("explain", "softmax", "--exercise", "--seed", str(s))[1] for s in range(8)}
    assert len(seeds) > 2


@pytest.mark.parametrize(
    ("words", "said"), [(["speech"], "no exercise"), ([], "belongs to a topic"), (["zzz"], "zzz")]
)
def test_what_has_no_exercise(command, words, said):
    status, out, err = command("explain", *words, "--exercise")
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_reader_s_own_text(command):
    out = command("explain", "softmax", "--exercise", "--text", "Karim drinks mint tea")[1]
    assert "Karim" in out
    assert made("limits", text="Karim drinks mint tea").value == 64
