"""The page's bytes: closed to everything but its own script, and true to the record."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.analysis.rollout import rollout
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.where import Times
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.stack import Stack
from attnviz.views.files import write
from attnviz.views.look import Look
from attnviz.views.page import lesson
from attnviz.views.page.data import STRONGEST
from attnviz.views.page.page import FOLDER, SCRIPTS, page
from attnviz.views.page.sound import sound_tree

IMAGES = Path(__file__).parents[2] / "samples" / "images"
SENTENCE = "The cat sat on the mat because it was tired"
HOSTILE = [
    "</script><script>document.title='run'</script>", "<!--", "-->", "<script>", "]]>", "{{tree}}",
    '"><img src=x onerror=alert(1)>', "'", "\\u003c", "\u202e", "\u2068", "\u2069", "\ud800",
    "&lt;", "\x00", "\u2028", "\x1b[31m", "\r\n", "javascript:alert(1)", "</title>", "</iframe>",
]  # fmt: skip


class Page(HTMLParser):
    """What an independent parser makes of the page."""

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.inside = [], {0: ""}, 0
        self.feed(data.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = len(self.tags)
        self.texts[self.inside] = ""

    def handle_endtag(self, tag):  # noqa: ARG002 the parser's signature
        self.inside = 0

    def handle_data(self, data):
        self.texts[self.inside] += data

    def all(self, tag):
        return [
            (attributes, self.texts[i + 1])
            for i, (name, attributes) in enumerate(self.tags)
            if name == tag
        ]

    @property
    def tree(self):
        (text,) = [
            text for attributes, text in self.all("script") if attributes.get("id") == "tree"
        ]
        return json.loads(text)

    @property
    def policy(self):
        (content,) = [
            attributes["content"]
            for attributes, _ in self.all("meta")
            if attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        return dict(rule.strip().split(" ", 1) for rule in content.split(";"))

    def array(self, number, dtype):
        (text,) = [t for a, t in self.all("script") if a.get("id") == f"blob-{number}"]
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), dtype)


def opened(record, look=None, **options):
    return Page(page(record, dataclasses.replace(look or Look(), **options)))


def hostile():
    n = len(HOSTILE)
    record = attnviz.from_weights(np.full((2, 2, n, n), 1 / n, np.float32), HOSTILE)
    model = dataclasses.replace(record.model, name=HOSTILE[0])
    settings = {"global_tokens": [0, 6], "notes": HOSTILE, "rows": HOSTILE[0]}
    return dataclasses.replace(record, model=model, settings=settings)


def test_only_its_own_script_and_style_may_run():
    found = opened(attnviz.trace(SENTENCE))
    policy = found.policy
    assert policy["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        ((_, text),) = [(a, t) for a, t in found.all(tag) if "type" not in a]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[rule] == f"'sha256-{digest}'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    first = [tag for tag, _ in found.tags][:4]
    assert first == ["html", "head", "meta", "meta"]  # before anything that it rules


def test_nothing_comes_from_elsewhere():
    data = page(attnviz.trace(SENTENCE), Look())
    assert not re.search(rb"(?:https?:)?//[a-z]", data.replace(b"// ", b""))
    for _, attributes in Page(data).tags:
        assert not {"src", "href", "style", "srcdoc"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]


def test_a_record_adds_no_element_and_no_attribute():
    plain, record = opened(attnviz.from_weights(np.eye(3), list("abc"))), hostile()
    found = opened(record)
    blobs = {"script"}
    kinds = [tag for tag, _ in found.tags]
    assert sorted({*kinds}) == sorted({tag for tag, _ in plain.tags})
    assert kinds.count("script") == 2 + 2 + 2  # tree and script; each layer, weights and rollout
    assert [t for t in kinds if t not in blobs] == [t for t, _ in plain.tags if t not in blobs]
    data = page(record, Look())
    assert data.count(b"</script") == kinds.count("script")
    assert b"<!--" not in data
    tree = data[data.index(b'id="tree">') : data.index(b"</script")]
    assert not set(b"<>&") & set(tree.split(b">", 1)[1])
    assert all(byte < 128 for byte in tree)


def test_tokens_arrive_visible_and_whole():
    labels = opened(hostile()).tree["stacks"][0]["queries"]["labels"]
    assert labels == list(hostile().stack.query_tokens.labels)
    assert labels[0] == HOSTILE[0]
    shown = "".join(labels)
    assert not {char for char in shown if char in "\x00\x1b\r\u202e\u2028\u2068\u2069"}
    shown.encode("utf-8")  # no lone surrogate


def test_the_title_is_text():
    found = opened(hostile())
    ((_, title),) = found.all("title")
    assert HOSTILE[0] in title
    assert "␊" not in title


def test_the_same_record_gives_the_same_bytes():
    first, second = (attnviz.trace(SENTENCE, type="local") for _ in range(2))
    assert page(first, Look()) == page(second, Look())
    assert write(first, ".html", Look()) == ([page(first, Look())], [])


def test_weights_are_within_what_the_page_says():
    rng = np.random.default_rng(0)
    for n, bits in ((12, 16), (150, 16), (600, 8)):
        weights = rng.dirichlet(np.full(n, 0.05), size=(2, 3, n)).astype(np.float32)
        found = opened(attnviz.from_weights(weights, [f"t{i}" for i in range(n)]))
        source = found.tree["stacks"][0]["sources"][0]
        assert source["bits"] == bits
        said = float(re.search(r"within \D*([\d.e-]+)", source["about"]["en"][0])[1])
        for layer in range(2):
            levels = found.array(source["levels"][layer], f"<u{bits // 8}").reshape(3, n, n)
            largest = np.array(source["largest"][layer])[:, None, None]
            again = ((levels.astype(float) - 1) / (2**bits - 2)) ** 2 * largest
            assert np.abs(again - weights[layer]).max() <= said * 1.0001


def test_what_the_page_says_of_the_error_is_never_less_than_it_is():
    for largest in (0.97, 0.5, 0.33, 0.0311):
        weights = np.array([[largest, 0], [0, largest]], np.float32)
        source = opened(attnviz.from_weights(weights, ["a", "b"])).tree["stacks"][0]["sources"][0]
        said = float(re.search(r"within \D*([\d.e-]+)", source["about"]["en"][0])[1])
        assert said >= largest / 65534


def test_masked_pairs_are_level_0():
    found = opened(attnviz.trace(SENTENCE, type="causal", heads=2))
    source = found.tree["stacks"][0]["sources"][0]
    levels = found.array(source["levels"][0], "<u2").reshape(2, 10, 10)
    assert np.array_equal(
        levels == 0, np.broadcast_to(np.triu(np.ones((10, 10)), 1) > 0, (2, 10, 10))
    )


def test_rollout_is_there_where_layers_can_be_followed():
    weights = np.random.default_rng(1).dirichlet(np.ones(6), size=(3, 2, 6)).astype(np.float32)
    record = attnviz.from_weights(weights, list("abcdef"))
    found = opened(record)
    first, second = found.tree["stacks"][0]["sources"]
    assert (first["what"], second["what"]) == ("weights", "rollout")
    rolled = rollout(record.stack).weights
    assert len(second["layers"]) == 3
    for layer in range(3):
        levels = found.array(second["levels"][layer], "<u2").reshape(1, 6, 6)
        again = ((levels.astype(float) - 1) / 65534) ** 2 * second["largest"][layer][0]
        assert np.abs(again - rolled[layer]).max() < 2e-5
    for other in (
        attnviz.from_weights(weights[:1], list("abcdef")),  # nothing to follow
        attnviz.from_weights(weights[..., :4], list("abcdef"), list("wxyz")),  # two texts
        attnviz.from_weights(weights[..., :3, :3], list("abc")),  # a part: rows are not whole
        dataclasses.replace(record, settings={"merge": "words"}),
    ):
        assert [s["what"] for s in opened(other).tree["stacks"][0]["sources"]] == ["weights"]


def test_a_long_record_brings_its_map_and_its_strongest_keys():
    text = " ".join(f"w{i % 23}" for i in range(3000))
    record = attnviz.trace(text, type="local", heads=2, max_memory=6_000_000)
    assert record.stack.weights is None
    found = opened(record)
    source = found.tree["stacks"][0]["sources"][0]
    rows, columns = (-(-3000 // cell) for cell in source["cells"])
    kind = f"<u{source['bits'] // 8}"
    levels = found.array(source["levels"][0], kind).reshape(2, rows, columns)
    pooled = record.stack.map(0, 1, 1024)
    assert source["cells"] == list(pooled.cells)
    top = 2 ** source["bits"] - 2
    again = (np.maximum(levels[1].astype(float) - 1, 0) / top) ** 2 * source["largest"][0][1]
    assert np.abs(again - pooled.mean).max() <= source["largest"][0][1] / top
    kept = source["strongest"]
    away = found.array(kept["away"][0], "<i4").reshape(3, 3000, kept["k"])
    weights = found.array(kept["weights"][0], "<u2").reshape(3, 3000, kept["k"])
    weights = weights / 65535 * kept["largest"][0]
    keys = np.where(weights > 0, away + np.arange(3000)[:, None], 0)
    assert kept["k"] == STRONGEST
    for row, head in enumerate((0, 1, "mean")):
        expected = record.stack.strongest(0, head, STRONGEST)
        seen = expected[1] > 1e-5
        assert seen.any(axis=1).all()
        assert np.array_equal(keys[row][seen], expected[0][seen])
        assert np.allclose(weights[row], expected[1], atol=1e-5)
    assert len(found.tree["stacks"][0]["queries"]["labels"]) == 3000
    first, stop = found.array(kept["runs"][0], "<i4").reshape(2, 3000).cumsum(axis=1)
    place = np.arange(3000)
    assert np.array_equal(first, np.maximum(place - 2, 0))
    assert np.array_equal(stop, np.minimum(place + 3, 3000))


def test_a_mask_whose_keys_stand_apart_brings_no_runs():
    text = " ".join(f"w{i % 23}" for i in range(1200))
    record = attnviz.trace(text, type="global", heads=2, max_memory=2_000_000)
    source = opened(record).tree["stacks"][0]["sources"][0]
    assert source["strongest"]["runs"] == [None]


def test_what_is_too_large_for_a_page_is_pooled(monkeypatch):
    monkeypatch.setattr("attnviz.views.page.data.MOST_WEIGHTS", 2 * 64 * 64)
    weights = np.random.default_rng(2).dirichlet(np.ones(100), size=(1, 2, 100)).astype(np.float32)
    found = opened(attnviz.from_weights(weights, [f"t{i}" for i in range(100)]))
    source = found.tree["stacks"][0]["sources"][0]
    assert source["cells"] == [2, 2]
    assert source["strongest"]["k"] == STRONGEST


def test_every_stack_can_be_chosen_the_shown_one_first():
    rng = np.random.default_rng(3)
    tokens = {
        n: attnviz.from_weights(np.eye(n), list("abcd")[:n]).stack.query_tokens for n in (3, 4)
    }
    shapes = {"encoder": (4, 4), "decoder": (3, 3), "cross": (3, 4)}
    stacks = {
        name: Stack(
            tokens[q], tokens[q] if q == k else tokens[k],
            rng.dirichlet(np.ones(k), size=(2, 2, q)).astype(np.float32), two_texts=q != k,
        )
        for name, (q, k) in shapes.items()
    }  # fmt: skip
    record = AttentionRecord(Origin("tiny", "trained"), "cross", stacks)
    names = [stack["name"] for stack in opened(record).tree["stacks"]]
    assert names == ["cross", "encoder", "decoder"]
    names = [stack["name"] for stack in opened(record.looking_at("decoder")).tree["stacks"]]
    assert names == ["decoder", "encoder", "cross"]


def test_findings_are_ready_in_three_languages():
    record = attnviz.trace(SENTENCE, type="local", heads=4)
    tree = opened(record).tree
    findings = tree["stacks"][0]["sources"][0]["findings"]
    assert findings.keys() == {"en", "ary-Latn", "ary-Arab"}
    for language in (ENGLISH, DARIJA_LATIN, DARIJA_ARABIC):
        ((mean, *heads),) = findings[language.tag]
        assert len(heads) == 4
        assert all(told for told in (mean, *heads))
        bare = re.sub("[\u2066-\u2069]", "", mean[0])
        said = language.say("cost.local", window=2, done=44, total_scores=100, pct=0.56)
        assert bare == said
    second = " ".join(findings["en"][0][2])
    assert "head \u20661\u2069" in second  # its own number, though it was measured alone
    assert tree["languages"][0]["words"].keys() == tree["languages"][2]["words"].keys()


def test_the_text_can_be_put_together_again():
    text = "  The cat,\n\tit's \u0643\u064f\u0644 l7out  fish. "
    for tokenizer in ("words", "characters"):
        tokens = opened(attnviz.trace(text, tokenizer=tokenizer)).tree["stacks"][0]["queries"]
        between, labels = tokens["between"], tokens["plain"]
        whole = "".join(
            before + label for before, label in zip(between, [*labels, ""], strict=True)
        )
        if tokenizer == "words":
            assert whole == text
        else:
            assert re.sub("[␠⏎⇥]", "", whole).split() == text.split()


def test_directions():
    def direction(text):
        return opened(attnviz.trace(text)).tree["stacks"][0]["queries"]["direction"]

    assert direction("The cat sat") == "ltr"
    assert direction("القط جالس على head") == "rtl"
    assert direction("one القط two three") == "ltr"
    assert direction("1 2 3") == "ltr"


def test_words_join_pieces_as_the_command_line_does():
    record = attnviz.trace("it is well-known", tokenizer="characters")
    tokens = opened(record).tree["stacks"][0]["queries"]
    words = tokens["units"]["words"]
    named = [label for label in words["labels"] if label != "␠"]
    assert named == ["it", "is", "well-known"]


def test_it_opens_on_what_was_chosen():
    weights = np.full((2, 3, 4, 4), 0.25, np.float32)
    record = attnviz.from_weights(weights, list("abcd"))
    cases = [
        (Look(), {}, ("heads", 0, None, "auto", "en")),
        (Look(1, (2,)), {"show": "arcs"}, ("links", 1, 2, "auto", "en")),
        (Look(1, (2,)), {"show": "heatmap", "scale": "log"}, ("heatmap", 1, 2, "log", "en")),
        (Look(), {"language": DARIJA_ARABIC}, ("heads", 0, None, "auto", "ary-Arab")),
    ]
    for look, options, expected in cases:
        found = opened(record, look, **options)
        start = found.tree["start"]
        assert (
            tuple(start[key] for key in ("view", "layer", "head", "scale", "language")) == expected
        )
        ((attributes, _),) = found.all("html")
        assert attributes["lang"] == expected[-1]


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    for record in (attnviz.trace(SENTENCE), hostile()):
        ((tag, attributes),) = Page(record._repr_html_().encode()).tags
        assert tag == "iframe"
        assert attributes["sandbox"] == "allow-scripts allow-downloads"
        assert attributes["srcdoc"].encode() == page(record, Look())
        assert attributes["title"].strip()


# The scripts stand in one order: each uses only what those before it declare.

STRINGS = re.compile(r"//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
TOP_LEVEL = re.compile(r"^(?:async )?(?:function|const|let) +(\w+)|^ {2}(\w+) = ", re.MULTILINE)
LOCAL = re.compile(
    r"(?:const|let|function) +(\w+)"  # declared
    r"|(?:const|let) +[\[{]([^=]*)[\]}] ="  # taken apart
    r"|\(([^()]*)\) (?:=>|\{)|\b(\w+) =>"  # parameters
    r"|^ +(?:async )?(\w+)\([^\n]*\) \{",  # a method of an object
    re.MULTILINE,
)
IDENTIFIER = re.compile(r"(?<![\w.$-])([A-Za-z_]\w*)\b(?! ?:)")


def names(pattern, code):
    return {
        name
        for found in pattern.findall(code)
        for part in (found if isinstance(found, tuple) else (found,))
        for name in re.findall(r"\w+", part)
    }


def test_every_script_belongs_to_a_page():
    assert {*SCRIPTS, *lesson.SCRIPTS} == {path.name for path in (FOLDER / "script").iterdir()}


@pytest.mark.parametrize("scripts", [SCRIPTS, lesson.SCRIPTS], ids=["record", "lesson"])
def test_a_script_uses_only_those_before_it(scripts):
    code = {
        name: STRINGS.sub(" ", (FOLDER / "script" / name).read_text(encoding="utf-8"))
        for name in scripts
    }
    later = {name: names(TOP_LEVEL, text) for name, text in code.items()}
    assert "matrixOf" in later["weights.js"]
    for name, text in code.items():
        own = later.pop(name)
        used = names(IDENTIFIER, text) - names(LOCAL, text) - own
        assert used & set().union(*later.values()) == set(), name


def test_the_frames_of_a_sound_arrive_with_their_times_and_their_spectrogram():
    """Levels from the highest band on, as a canvas is filled; without media only the times."""
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    times = np.array([[0.0, 0.5], [0.5, 1.0], [1.0, 1.5], [1.5, 2.0]])
    for media in (levels, None):
        where = Times(times, 1.25, media)
        tokens = dataclasses.replace(from_labels(["a", "b", "c", "d"]), where=where)
        stack = Stack(tokens, tokens, np.full((1, 1, 4, 4), 0.25, np.float32))
        found = sound_tree(stack)
        assert found["times"] == times[:3].tolist()  # the fourth begins after the sound has ended
        assert found["span"] == [0.0, 1.5]
        assert not found["words"]
        if media is None:
            assert found["picture"] is None
        else:
            assert found["picture"]["columns"] == 3
            data = base64.b64decode(found["picture"]["bytes"])
            assert data == bytes([8, 9, 10, 4, 5, 6, 0, 1, 2])
    assert sound_tree(attnviz.trace("a cat sat").stack) is None


def test_a_picture_travels_once_and_as_jpeg():
    record = attnviz.trace(image=IMAGES / "shapes.png", heads=2)
    tree = opened(record).tree
    (jpeg,) = tree["pictures"]
    image = Image.open(io.BytesIO(base64.b64decode(jpeg)))
    assert image.format == "JPEG"
    thumbnail = record.stack.query_tokens.where.thumbnail
    assert image.size == thumbnail.shape[1::-1]
    difference = np.abs(np.asarray(image, dtype=int) - thumbnail)
    assert difference.mean() < 4
    found = tree["stacks"][0]["image"]
    where = record.stack.query_tokens.where
    assert found["queries"]["cells"] == where.cells.tolist()
    left, top = where.boxes[:, :2].min(axis=0)
    right, bottom = where.boxes[:, 2:].max(axis=0)
    assert np.allclose(found["queries"]["box"], [left, top, right, bottom])
    assert found["keys"] is None
    assert tree["start"]["view"] == "image"
    without = opened(record.without_media()).tree
    assert without["pictures"] == []
    assert without["stacks"][0]["image"]["queries"]["picture"] is None


def test_a_page_opens_on_the_query_that_was_asked_for():
    tree = opened(attnviz.trace(SENTENCE), query=7).tree
    assert tree["start"]["query"] == 7
    assert opened(attnviz.trace(SENTENCE), queries=(4, 6)).tree["start"]["query"] == 4
    assert opened(attnviz.trace(SENTENCE)).tree["start"]["query"] is None


def resting(special):
    """A record most of whose weight goes to its first token."""
    weights = np.full((1, 2, 8, 8), 0.02, np.float32)
    weights[..., 0] = 0.6
    weights[0, :, 5, 3] += 0.1
    weights /= weights.sum(axis=-1, keepdims=True)
    record = attnviz.from_weights(weights, ["[CLS]", *"abcdefg"])
    flags = np.isin(np.arange(8), special)
    tokens = dataclasses.replace(record.stack.query_tokens, special=flags)
    stack = dataclasses.replace(record.stack, query_tokens=tokens, key_tokens=tokens)
    return dataclasses.replace(record, stacks={"self": stack})


@pytest.mark.parametrize(("special", "place"), [([0], [0]), ([], [])])
def test_a_finding_about_special_tokens_is_marked(special, place):
    """It is not said where these are hidden."""
    source = opened(resting(special)).tree["stacks"][0]["sources"][0]
    assert source["ofSpecial"] == [[place] * 3]
    for found in source["findings"]["en"][0]:
        assert ("left out here" in found[0]) is bool(special)


def test_a_page_opens_on_heads_of_different_layers():
    record = attnviz.from_weights(np.full((2, 3, 4, 4), 0.25, np.float32), list("abcd"))
    start = opened(record, apart=((1, 2), (0, 0), (1, "mean"))).tree["start"]
    assert (start["view"], start["layer"], start["head"]) == ("heatmap", 1, 2)
    assert start["beside"] == [{"layer": 0, "head": 0}, {"layer": 1, "head": None}]
