"""The lesson, as a reader meets it: every topic in every language, its live numbers worked out
again; and `--lang` in what `run` shows and draws."""

from __future__ import annotations

import math
import re
import shlex
from itertools import pairwise

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.cli.lesson_images import DRAWN
from attnviz.inputs.text import tokenize
from attnviz.language import lesson
from attnviz.language.languages import find_language
from attnviz.models.builtin.features import features
from attnviz.models.builtin.heads import builtin
from attnviz.views.look import Look
from attnviz.views.picture.grid import grid_figure
from attnviz.views.picture.map import map_figure

LANGS = {"en": "en", "darija": "ary-Latn", "ary-Arab": "ary-Arab"}
COURSE = [
    "why", "tokens", "vectors", "query-key-value", "scores", "scaling", "softmax", "weighted-sum",
    "self", "multi-head", "causal", "cross", "local-global", "limits", "trained",
    "not-explanation", "applications", "check",
]  # fmt: skip
OF_FILES = ["patches", "picture-heads", "cls", "image-tokens", "sound", "speech"]
TOPICS = [*COURSE, "attention", "local", "global", "strengths", *OF_FILES]
TABLES = {
    "attention": "self", "self": "self", "causal": "causal", "local": "local", "global": "global",
    "cross": "cross", "not-explanation": "random",
}  # fmt: skip
NEAR = 2  # the head whose rows "self" shows: the one that is followed in steps
STEPS = ["query-key-value", "scores", "scaling", "softmax", "weighted-sum", "multi-head"]
HALF = 0.0005 + 1e-9
NUMBER = re.compile(r"-?\d+\.\d{3}(?!\d)")
ARABIC_LETTER = re.compile("[\u0621-\u064a\u06ad\u06a4]")
TEXT = "The cat sat on the mat"
# A sentence of each language that is in the list of topics.
FIRST = {
    "en": "What does a word mean without its neighbours?",
    "darija": "Chno kat3ni kelma bla jiranha?",
    "ary-Arab": "شنو كتعني كلمة بلا جيرانها؟",
}


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "ATTNVIZ_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def command(capsys):
    def run(*words):
        status = run_command_line(list(words))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def told(command):
    """One topic's text, without the marks that only steer direction."""

    def told(topic, lang):
        status, out, err = command("explain", topic, "--lang", lang)
        assert (status, err) == (0, "")
        return out.replace("\u200e", "")

    return told


def numbers(line):
    return [float(number) for number in NUMBER.findall(line)]


def example(lang):
    return find_language(LANGS[lang]).example


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_speaks_its_language(told, topic, lang):
    out = told(topic, lang)
    lines = out.strip().splitlines()
    assert lines[0] == topic
    assert len(lines) > 4
    assert re.search(r"\d", out)  # something live
    if lang == "ary-Arab":
        assert ARABIC_LETTER.search(lines[1] + lines[2])
    else:
        assert not ARABIC_LETTER.search(out)
    if lang != "en":
        assert lines[1:3] != told(topic, "en").strip().splitlines()[1:3]


def test_the_topics_are_these():
    assert [topic.name for topic in lesson.TOPICS] == TOPICS


@pytest.mark.parametrize("lang", LANGS)
def test_without_a_topic_all_are_listed(command, lang):
    status, out, err = command("explain", "--lang", lang)
    assert (status, err) == (0, "")
    assert re.findall(r"^([a-z-]+)  +\S", out, re.MULTILINE) == TOPICS
    assert out.count("attnviz explain") == 1
    assert FIRST[lang] in out


@pytest.mark.slow
def test_each_topic_says_what_to_try_and_what_comes_next(command):
    """The commands run, and following what comes next leads through all topics."""
    seen, topic = [], TOPICS[0]
    while topic:
        seen.append(topic)
        _, out, _ = command("explain", topic)
        lines = out.splitlines()
        tried = [line.removeprefix("try: ") for line in lines if line.startswith("try: ")]
        assert len(tried) == (topic not in (*OF_FILES, "check"))  # which asks itself
        for words in map(shlex.split, tried):
            assert words[0] == "attnviz"
            assert command(*words[1:])[0] == 0
        following = [line.split()[-1] for line in lines if line.startswith("next: ")]
        topic = following[0] if following else None
    assert seen == TOPICS


@pytest.mark.parametrize("lang", LANGS)
def test_all_topics_at_once(command, told, lang):
    status, out, err = command("explain", "all", "--lang", lang)
    assert (status, err) == (0, "")
    out = out.replace("\u200e", "")
    bodies = [told(topic, lang).rstrip().rpartition("\n\n")[0].rstrip() for topic in TOPICS
              if topic != "limits"]  # fmt: skip
    places = [out.index(body) for body in bodies]
    assert places == sorted(places)
    assert "\nlimits\n" in out


def text_of(kind, chosen):
    return (chosen.target, chosen.source) if kind == "cross" else (chosen.text, None)


def may(kind, i, j, place):
    return {
        "causal": j <= i,
        "local": abs(i - j) <= 1,
        "global": abs(i - j) <= 1 or place in (i, j),
    }.get(kind, True)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("topic", "kind"), TABLES.items())
def test_the_table_holds_the_weights(told, topic, kind, lang):
    """Each row in whole percents of the weights that the heads' own matrices give in float64."""
    chosen = example(lang)
    text, source = text_of(kind, chosen)
    tokens = tokenize(text)
    keys = tokens if source is None else tokenize(source)
    place = tokens.labels.index(chosen.global_token) if kind != "cross" else None
    if kind == "random":
        weights = attnviz.trace(text, model="random").stack.weights[0].mean(axis=0)
    else:
        weights = np.zeros((len(tokens), len(keys)))
        x = features(tokens, keys if kind == "cross" else None).astype(np.float64)
        y = features(keys).astype(np.float64)
        heads = builtin(4, cross=kind == "cross").heads
        for head in heads[NEAR : NEAR + 1] if topic == "self" else heads:
            scores = (x @ head.w_query) @ (y @ head.w_key).T / 8
            hidden = [[not may(kind, i, j, place) for j in range(len(keys))]
                      for i in range(len(tokens))]  # fmt: skip
            powers = np.exp(np.where(hidden, -np.inf, scores))
            weights += powers / powers.sum(axis=1, keepdims=True) / (1 if topic == "self" else 4)
    lines = told(topic, lang).splitlines()
    title = next(i for i, line in enumerate(lines) if re.search(r"attention · ", line))
    numbered = re.compile(re.escape(tokens.labels[0]) + r"\s+\d")  # below the names of the keys
    bare = [line.replace(chr(0x200E), "") for line in lines]
    start = next(i for i in range(title, len(bare)) if numbered.match(bare[i]))
    for i, label in enumerate(tokens.labels):
        name, *cells = lines[start + i].split()
        assert name == label
        for j, cell in enumerate(cells[: len(keys)]):
            if may(kind, i, j, place):
                assert abs(int(cell) - 100 * weights[i, j]) <= 0.5 + 1e-3
            else:
                assert cell == "·"
        strongest = re.fullmatch(r"(\d+)%", cells[len(keys)]).group(1)
        assert abs(int(strongest) - 100 * weights[i].max()) <= 0.5 + 1e-3
        best = keys.labels.index(cells[len(keys) + 1])
        equal = [k for k in range(len(keys)) if keys.labels[k] == keys.labels[best]]
        assert weights[i, equal].max() == pytest.approx(weights[i].max(), abs=1e-5)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("topic", "kind"), [(t, k) for t, k in TABLES.items() if k != "random"])
def test_the_table_counts_the_scores(told, topic, kind, lang):
    chosen = example(lang)
    text, source = text_of(kind, chosen)
    n = len(tokenize(text))
    m = n if source is None else len(tokenize(source))
    place = None if source else tokenize(text).labels.index(chosen.global_token)
    done = sum(may(kind, i, j, place) for i in range(n) for j in range(m))
    of = {"en": "of", "darija": "mn", "ary-Arab": "من"}[lang]
    assert f"{done} {of} {n * m} " in told(topic, lang)


def block(told, topic, lang):
    """The numbers of a topic's table, row by row."""
    lines = told(topic, lang).splitlines()
    start = max(i for i, line in enumerate(lines) if re.match(r"(key|head) ", line))
    return [numbers(line) for line in lines[start + 1 :] if numbers(line)]


def attended(lang):
    """The head "near" of the lesson's query: its scores, weights and values in float64."""
    chosen = example(lang)
    tokens = tokenize(chosen.text)
    x = features(tokens).astype(np.float64)
    head = builtin(4).heads[2]
    i = tokens.labels.index(chosen.query)
    scores = (x @ head.w_key) @ (x[i] @ head.w_query)
    return tokens, scores, x @ head.w_value


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


@pytest.mark.parametrize("lang", LANGS)
def test_the_scores_are_those_of_the_query(told, lang):
    tokens, scores, _ = attended(lang)
    for topic in ("scores", "query-key-value"):
        query, *rows = block(told, topic, lang)
        assert len(rows) == len(tokens)
        for parts, score in zip(rows, scores, strict=True):
            assert parts[-1] == pytest.approx(score, abs=0.002)
            products = sum(k * q for k, q in zip(parts[:4], query, strict=True))
            assert abs(products + parts[4] - parts[-1]) <= HALF


@pytest.mark.parametrize("lang", LANGS)
def test_softmax_with_and_without_the_division(told, lang):
    _, scores, _ = attended(lang)
    rows = np.array(block(told, "scaling", lang))
    assert rows[:, 0] == pytest.approx(scores, abs=0.002)
    assert rows[:, 1] == pytest.approx(softmax(scores), abs=0.002)
    assert rows[:, 2] == pytest.approx(scores / 8, abs=0.002)
    assert rows[:, 3] == pytest.approx(softmax(scores / 8), abs=0.002)
    without, scaled = (round(100 * rows[:, i].max()) for i in (1, 3))
    out = " ".join(told("scaling", lang).split())
    assert "√64 = 8" in out
    assert re.findall(r"(\d+)%", out) == [str(without), str(scaled)]
    assert without > scaled


@pytest.mark.parametrize("lang", LANGS)
def test_the_softmax(told, lang):
    _, scores, _ = attended(lang)
    *rows, (total, whole) = block(told, "softmax", lang)
    largest = max(row[1] for row in rows)
    for (score, scaled, power, weight), exact in zip(rows, softmax(scores / 8), strict=True):
        assert abs(score / 8 - scaled) <= HALF
        assert abs(math.exp(scaled - largest) - power) <= HALF
        assert abs(power / total - weight) <= HALF
        assert weight == pytest.approx(exact, abs=0.002)
    assert sum(row[2] for row in rows) == pytest.approx(total)
    assert sum(row[3] for row in rows) == pytest.approx(whole)


@pytest.mark.parametrize("lang", LANGS)
def test_the_weighted_sum_and_the_merge(told, lang):
    _, scores, values = attended(lang)
    *rows, output = block(told, "weighted-sum", lang)
    for place, shown in enumerate(output):
        assert abs(sum(row[0] * row[1 + place] for row in rows) - shown) <= HALF
    places = [int(p) for p in re.findall(r"v\[(\d+)\]", told("weighted-sum", lang))]
    exact = softmax(scores / 8) @ values
    assert output == pytest.approx(exact[places], abs=0.005)
    *heads, sums = block(told, "multi-head", lang)
    assert len(heads) == 4
    assert np.sum(heads, axis=0) == pytest.approx(sums)


@pytest.mark.parametrize("lang", LANGS)
def test_the_limits_are_counted_and_measured(told, lang):
    out = told("limits", lang)
    rows = re.findall(
        r"^ *([\d\u202f]+) +([\d\u202f]+) +([\d.]+) MB +([\d.]+) ms", out, re.MULTILINE
    )
    counted = [[int(cell.replace("\u202f", "")) for cell in row[:2]] for row in rows]
    assert [n for n, _ in counted] == [128, 512, 2048]
    for (n, total), (*_, memory, took) in zip(counted, rows, strict=True):
        assert total == n * n
        assert float(memory) == pytest.approx(4 * n * n / 1e6, abs=0.051)  # float32
        assert float(took) >= 0
    assert "4\u202f194\u202f304" in out  # in one line


def test_the_arcs_show_the_strongest_key(told):
    record = attnviz.trace(example("en").text)
    weights = record.stack.weights[0].mean(axis=0)
    rows = re.findall(r"(\d+)%", told("strengths", "en").split("attention · ")[1])
    assert len(rows) >= len(weights)


@pytest.mark.parametrize("lang", LANGS)
def test_an_example_s_words_are_in_its_texts(lang):
    chosen = example(lang)
    labels = tokenize(chosen.text).labels
    assert labels.count(chosen.query) == 1
    assert labels.count(chosen.global_token) == 1
    assert ARABIC_LETTER.search(chosen.text + chosen.target) is None or lang == "ary-Arab"


# What is wrong, and which language is asked for.


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("sofmax", "softmax"), ("casual", "causal"), ("multihead", "multi-head"), ("globl", "global")],
)
@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_topic_names_the_nearest_first(command, wrong, near, lang):
    status, out, err = command("explain", wrong, "--lang", lang)
    assert (status, out) == (2, "")
    assert wrong in err
    listed = re.search(r"[:：] ([^:]*?)\.?$", err.strip()).group(1).replace("،", ",").split(", ")
    assert listed[0] == near
    assert set(listed) == {*TOPICS, "all"}


@pytest.mark.parametrize("name", ["ar", "fr", "arabic", "xx"])
@pytest.mark.parametrize(
    "words", [["explain"], ["explain", "softmax"], ["run", TEXT], ["steps", TEXT, "--query", "cat"]]
)
def test_an_unknown_language(command, words, name):
    for given in (["--lang", name], [f"--lang={name}"]):
        status, out, err = command(*words, *given)
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert f'"{name}"' in err
        assert "darija (Latin letters)" in err
        assert "ary-Arab (Arabic letters)" in err


@pytest.mark.parametrize("words", [["explain", "attention"], ["run", TEXT, "--explain"]])
def test_the_variable_and_the_option(command, monkeypatch, words):
    said = {}
    for lang in LANGS:
        monkeypatch.setenv("ATTNVIZ_LANG", "")
        status, said[lang], _ = command(*words, "--lang", lang)
        assert status == 0
        monkeypatch.setenv("ATTNVIZ_LANG", lang)
        assert command(*words)[:2] == (0, said[lang])
    assert len(set(said.values())) == 3
    assert command(*words, "--lang", "en")[1] == said["en"]  # the option wins
    monkeypatch.setenv("ATTNVIZ_LANG", "")
    assert command(*words)[1] == said["en"]
    monkeypatch.setenv("ATTNVIZ_LANG", "fr")
    status, _, err = command(*words)
    assert status == 2
    assert '"fr"' in err
    assert command(*words, "--lang", "darija")[:2] == (0, said["darija"])


@pytest.mark.parametrize("name", ["LANG", "LC_ALL", "LC_MESSAGES"])
def test_the_system_s_language_is_not_guessed_from(command, monkeypatch, name):
    plain = command("explain", "self")[1]
    monkeypatch.setenv(name, "ar_MA.UTF-8")
    assert command("explain", "self") == (0, plain, "")


# The language of a run.

RUN = {
    "en": ("4 heads, built-in", "scores", "rows sum to", "What the weights show"),
    "darija": ("4 d heads, built-in", "score", "lmajmou3 dial", "Chno kaybeyyno"),
    "ary-Arab": ("4 د heads، built-in", "score", "المجموع ديال", "شنو كيبينو"),
}


@pytest.mark.parametrize("lang", LANGS)
def test_a_run_speaks_the_language(command, lang):
    status, out, err = command("run", TEXT, "--explain", "--lang", lang)
    assert (status, err) == (0, "")
    first = out.splitlines()[0]
    title, *rest = RUN[lang]
    assert title in first
    for words in rest:
        assert words in out
    bullets = [line for line in out.splitlines() if line.startswith("•")]
    assert 1 <= len(bullets) <= 8
    assert bool(ARABIC_LETTER.search(out)) == (lang == "ary-Arab")
    others = {words[0] for name, words in RUN.items() if name != lang}
    assert not [words for words in others if words in out]


def test_explain_says_what_it_does_not_show(command):
    assert "not why it decides" in " ".join(command("run", TEXT, "--explain")[1].split())
    assert "constructed, not trained" in command("run", TEXT, "--explain")[1]
    random = command("run", TEXT, "--explain", "--model", "random")[1]
    assert "random values" in " ".join(random.split())
    assert "What the weights show" not in command("run", TEXT)[1]
    assert "What the weights show" not in command("run", TEXT, "--json", "--explain")[1]


def test_json_is_the_same_in_every_language(command):
    assert len({command("run", TEXT, "--json", "--lang", lang)[1] for lang in LANGS}) == 1


AXES = {
    "en": ("key: the token that is looked at", "query: the token that looks"),
    "darija": ("key: token li kaytchaf", "query: token li kaychouf"),
    "ary-Arab": ("key: token اللي كيتشاف", "query: token اللي كيشوف"),
}
MARKS = re.compile("[\u200e\u200f\u2066-\u2069]")


def texts(figure):
    """Everything written on a figure, without marks of direction."""
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    written += [text.get_text() for text in figure.texts]
    return [MARKS.sub("", text) for text in written]


@pytest.mark.parametrize("lang", LANGS)
def test_a_figure_speaks_the_language(lang):
    words = find_language(lang)
    for text in (TEXT, "القط ناعس حدا الباب"):
        figure = map_figure(attnviz.trace(text, type="causal"), Look(language=words))
        axes = figure.axes[0]
        labels = MARKS.sub("", axes.get_xlabel()), MARKS.sub("", axes.get_ylabel())
        assert labels == AXES[lang]
        written = "\n".join(texts(figure))
        assert RUN[lang][0] in written
        mean = {"en": "mean of 4", "darija": "mo3ddal dial 4", "ary-Arab": "المعدل ديال 4"}[lang]
        assert mean in written
        masked = {"en": "grey = masked", "darija": "rmadi = mkhebbi", "ary-Arab": "رمادي = مخبي"}
        assert masked[lang] in written
        grid = "\n".join(texts(grid_figure(attnviz.trace(text), Look(language=words))))
        assert RUN[lang][0] in grid


# The course: a question, what answers it, and a picture that shows what is said.


@pytest.mark.parametrize("lang", LANGS)
def test_each_topic_asks_one_question_and_answers_in_three_paragraphs(lang):
    words = find_language(lang)
    asked = [words.sentences[topic.question] for topic in lesson.TOPICS]
    assert len(set(asked)) == len(asked)
    for topic, question in zip(lesson.TOPICS, asked, strict=True):
        assert question.count("?") + question.count("؟") == 1
        assert question.endswith(("?", "؟"))
        assert len(topic.sentences) <= 3


def weights_of(text, head=None, **options):
    stack = attnviz.trace(text, **options).stack
    weights = stack.weights[0].mean(axis=0) if head is None else stack.weights[0, head]
    return weights, stack.query_tokens.labels, stack.key_tokens.labels


@pytest.mark.parametrize("lang", LANGS)
def test_the_far_link_is_there(told, lang):
    chosen = example(lang)
    weights, labels, _ = weights_of(chosen.far, 1)
    first, second = (i for i, label in enumerate(labels) if label == chosen.repeated)
    others = np.where(np.arange(len(labels)) == second, 0, weights[second])
    assert second - first >= 5
    assert int(others.argmax()) == first
    assert others[first] > 0.45
    row = next(line for line in reversed(told("strengths", lang).splitlines())
               if line.startswith(chosen.repeated))  # fmt: skip
    assert re.search(r"50%\s+" + chosen.repeated, row)


@pytest.mark.parametrize("lang", LANGS)
def test_the_translation_s_words_are_aligned(lang):
    chosen = example(lang)
    weights, _, keys = weights_of(chosen.target, source=chosen.source)
    assert len(weights) == len(keys) == 9  # word for word
    right = sum(int(row.argmax()) == i for i, row in enumerate(weights))
    assert right >= 8


@pytest.mark.parametrize("lang", LANGS)
def test_the_question_s_words_find_theirs_in_the_passage(lang):
    chosen = example(lang)
    weights, queries, keys = weights_of(chosen.question, source=chosen.passage)
    shared = [label for label in queries if label in keys]
    assert len(shared) >= 2
    for label in shared:
        assert keys[int(weights[queries.index(label)].argmax())] == label


@pytest.mark.parametrize("lang", LANGS)
def test_order_changes_what_looks_at_places_and_nothing_else(told, lang):
    texts = example(lang).order
    words = [[label.casefold() for label in tokenize(text).labels] for text in texts]
    assert sorted(words[0]) == sorted(words[1])
    assert words[0] != words[1]
    rows = []
    for line in told("vectors", lang).splitlines():
        if line.startswith(texts):
            rows.append([int(cell) for cell in re.findall(r"(\d+)%", line)])
    same, also, place, other = rows
    assert same == also
    assert place != other


@pytest.mark.parametrize("lang", LANGS)
def test_the_writer_s_head_finds_what_followed(told, lang):
    chosen = example(lang)
    weights, labels, _ = weights_of(chosen.writer, 5, heads=6, type="causal")
    before = next(i for i, label in enumerate(labels) if label.casefold() == labels[-1].casefold())
    assert before < len(labels) - 1
    assert int(weights[-1].argmax()) == before + 1
    assert weights[-1, before + 1] > 0.95
    assert re.search(rf"^{labels[before + 1]} +(99|100)\.\d%", told("causal", lang), re.MULTILINE)


@pytest.mark.parametrize("lang", LANGS)
def test_the_chosen_station_sees_all_and_neighbours_see_neighbours(lang):
    chosen = example(lang)
    stack = attnviz.trace(chosen.line, type="global", window=1, global_tokens=["0"]).stack
    seen, labels = stack.weights[0].mean(axis=0) > 0, stack.query_tokens.labels
    assert labels[0] == chosen.station
    for i in range(len(labels)):
        for j in range(len(labels)):
            assert seen[i, j] == (0 in (i, j) or abs(i - j) <= 1)


def test_more_tokens_take_more_time(told):
    rows = re.findall(r"([\d.]+) ms", told("limits", "en"))
    assert [*map(float, rows)] == sorted(map(float, rows))


@pytest.mark.parametrize("lang", LANGS)
def test_products_of_longer_vectors_spread_more(told, lang):
    found = re.findall(r"d = (\d+): ([\d.]+)", told("scaling", lang))
    assert [int(width) for width, _ in found] == [1, 16, 64]
    for width, variance in found:
        assert float(variance) == pytest.approx(int(width), rel=0.1)


# Ways through the course.


def test_next_and_previous_lead_through_all_topics(command):
    for before, after in pairwise(TOPICS):
        if before not in ("why", "softmax", "applications"):
            continue
        assert command("explain", "next", before)[1].startswith(f"{after}\n")
        assert command("explain", "previous", after)[1].startswith(f"{before}\n")
    assert command("explain", "next")[1].startswith("why\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [(["previous"], "No topic was named"), (["previous", "why"], "first topic"),
     (["next", "speech"], "last topic"), (["next", "sofmax"], "softmax"),
     (["softmax", "scores"], "one topic")],
)  # fmt: skip
@pytest.mark.parametrize("lang", LANGS)
def test_where_no_step_leads(command, words, said, lang):
    status, out, err = command("explain", *words, "--lang", lang)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert lang != "en" or said in err


@pytest.mark.parametrize(
    ("short", "name"),
    [("qkv", "query-key-value"), ("QKV", "query-key-value"), ("heads", "multi-head"),
     ("Weighted Sum", "weighted-sum"), ("cost", "limits"), ("mask", "causal"), ("7", "softmax"),
     ("1", "why"), ("17", "applications"), ("order", "vectors")],
)  # fmt: skip
def test_short_names_are_understood(short, name):
    assert lesson.topic(short).name == name


@pytest.mark.parametrize("wrong", ["0", "19", "-1", "²", "9" * 5000, "", "\x1b[2J"])
def test_what_is_no_topic(command, wrong):
    status, out, err = command("explain", "--", wrong)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "\x1b" not in err


def test_short_names_name_topics():
    assert set(lesson.SHORT.values()) <= set(TOPICS)
    assert not set(lesson.SHORT) & set(TOPICS)


# The reader's own text.


@pytest.mark.parametrize("topic", ["softmax", "self", "cross", "tokens", "global", "strengths"])
def test_the_reader_s_own_words_are_shown(command, topic):
    status, out, err = command("explain", topic, "--text", "Khouya chra l7out")
    assert (status, err) == (0, "")
    assert re.search(r"^chra ", out, re.MULTILINE) or "Khouya·chra·l7out" in out


def test_the_numbers_of_the_reader_s_text_are_those_of_steps(command):
    text = "Karim drinks mint tea."
    stepped = command("steps", text, "--query", "tea", "--head", "2")[1]
    for topic in ("scores", "softmax", "weighted-sum", "multi-head"):
        body = command("explain", topic, "--text", text)[1]
        rows = [line for line in body.splitlines() if NUMBER.search(line)]
        assert len(rows) >= 5
        for row in rows:
            assert row in stepped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a " * 17, "17 tokens, and a picture of the lesson has room for 16"),
        ("one", "too short"),
        ("", "empty"),
    ],
)
def test_a_text_that_no_picture_has_room_for(command, text, said):
    status, out, err = command("explain", "softmax", "--text", text)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_words_and_patches_are_counted(told, lang):
    """The drawn picture is 16 × 12 patches; the words that mean something are not even."""
    text = told("image-tokens", lang)
    words, patches, total = map(int, re.search(r"(\d+) \+ (\d+) = (\d+) ", text).groups())
    assert (words, patches, total) == (len(tokenize(DRAWN[LANGS[lang]])), 192, words + 192)
    for head in ("colour words", "place words"):
        assert text.count(f"· {head}") >= 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_whole_picture_says_that_it_is_no_cls(told, lang):
    """Every head once, and that no trained model is shown."""
    text = told("cls", lang)
    assert "[CLS]" in text
    for number in range(4):
        assert re.search(rf"(^|  ){number} [a-z]", text, re.MULTILINE)


def test_an_eye_looks_for_its_colour(told):
    """The row of the photograph's patch, as the topic tells it, sums to what it has."""
    shares = [float(share) for share in re.findall(r"r\d+c\d+ +([\d.]+)%", told("patches", "en"))]
    assert shares == sorted(shares, reverse=True)
    assert 95 < sum(shares) <= 100
    assert shares[0] > 50
