"""The three languages: complete, of one mind, counted and protected as the rules say."""

from __future__ import annotations

import dataclasses
import inspect
import re
import string
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

import attnviz
from attnviz.analysis import facts
from attnviz.analysis.findings import findings
from attnviz.errors import AttnvizError
from attnviz.language import darija_arabic, darija_latin, english
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.language.language import PAGE, PICTURE, PLAIN, TERMINAL, Language
from attnviz.language.languages import find_language
from attnviz.language.runs import guard_runs

LANGUAGES = {"en": ENGLISH, "ary-Latn": DARIJA_LATIN, "ary-Arab": DARIJA_ARABIC}
KEYS = sorted(set().union(*(language.sentences for language in LANGUAGES.values())))
GUARDS = {"plain": PLAIN, "terminal": TERMINAL, "picture": PICTURE}
ALL = pytest.mark.parametrize("tag", LANGUAGES)

LRM, RLM = "\u200e", "\u200f"
OPENING, CLOSING = "\u2066\u2067\u2068", "\u2069"
FISH = "السمكة"
SAMPLES = {
    "down": 100_000,
    "across": 90_000,
    "far": 5_000,
    "query": "it", "key": "cat", "token": "cat", "other": "sat", "word": "cats",
    "tokens": ("cat", FISH), "items": (("cat", 0.62), (FISH, 0.12)),
    "pct": 0.62, "threshold": 0.5, "without": 0.76, "low": 0.4, "left": 0.55, "high": 0.9,
    "entropy": 1.25, "other_entropy": 2.5, "max_entropy": 2.08, "distance": 2.4, "sim": 0.81,
    "n_tokens": 12, "limit_tokens": 512, "n_heads": 4, "n_layers": 2, "total_scores": 144,
    "extra_scores": 20, "n_times": 2, "done": 34, "masked": 66, "window": 1, "head": 3, "k": 2,
    "a": 0, "b": 1, "c": 2, "d": 3, "n": 4, "total": 9, "rows": 2, "columns": 3, "min": 0, "max": 3,
    "scale_expr": "√8 = 2.83", "time": "0.8 s", "memory": "1.2 MB", "path": "map.png",
    "mark": "²", "n_experts": 8, "used": "3: 7",
    "model": "builtin", "option": "--type", "choices": "en, darija", "value": "x", "what": "Head",
    "type": "self", "chars": "字", "reason": "no space", "package": "x", "command": "pip install x",
    "version": "0.2.0", "revision": "0123abcd", "file": "model.safetensors",
    "difference": "0.0005", "n_keys": 3, "n_texts": 10, "places": "1, 2",
}  # fmt: skip
SAMPLES = {
    name: "x"
    for language in LANGUAGES.values()
    for key, template in language.sentences.items()
    if key.startswith(("err.", "part.", "note."))
    for _, name, _, _ in string.Formatter().parse(template)
    if name
} | SAMPLES


def broken_by(law, *rest):
    """The keys whose sentences break a law, with what it says of each: one case a law, and a
    failure that lists every sentence to mend."""
    wrong = {}
    for key in KEYS:
        try:
            law(key, *rest)
        except (AssertionError, KeyError, ValueError) as error:
            wrong[key] = str(error).splitlines()[0] if str(error) else type(error).__name__
    return wrong


# The blog's own five, as it spells them.
BLOG = {
    "concept.attention": "Attention hiyya tariqa kats3ed model ychouf l parts l mohimmin f input.",
    "concept.relevance": "Kul token kay7seb relevance dial tokens okhrin w kay3ti weights.",
    "concept.query": "Query bach n3rf shno bghina.",
    "concept.key": "Key bach n3rf shno kay3ti token.",
    "concept.value": "Value bach n9addo info.",
}


def is_arabic(char):
    return unicodedata.name(char, "").startswith("ARABIC")


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def fixed(template):
    """A template without its placeholders."""
    return "".join(literal for literal, *_ in string.Formatter().parse(template))


def test_no_arabic_character_hides_from_its_name():
    assert is_arabic("ڭ")
    assert is_arabic("،")
    assert not is_arabic("«")
    assert all(is_arabic(char) for char in FISH)


@ALL
def test_every_language_has_every_sentence(tag):
    assert [key for key in KEYS if not LANGUAGES[tag].sentences.get(key, "").strip()] == []


def test_the_files_of_the_languages_stand_side_by_side():
    """The same sections in the same order, so that a reader can compare them line by line."""
    sections = [
        [
            re.findall(r'^    (?:# .*|"[\w.-]+"):?', inspect.getsource(part), re.MULTILINE)
            for part in module.PARTS
        ]
        for module in (english, darija_latin, darija_arabic)
    ]
    assert sum(map(len, sections[0])) > len(KEYS)
    assert sections[0] == sections[1] == sections[2]


def test_a_sentence_has_the_same_placeholders_in_every_language():
    def law(key):
        wanted = [placeholders(language.sentences[key]) for language in LANGUAGES.values()]
        assert wanted[0] == wanted[1] == wanted[2]

    assert broken_by(law) == {}


@ALL
def test_every_template_formats(tag):
    assert broken_by(formats, tag) == {}


def formats(key, tag):
    language = LANGUAGES[tag]
    for guard in GUARDS.values():
        said = language.say(key, guard, **SAMPLES)
        assert said.strip()
        assert not re.search(r"\{\w*\}", said)
        bare = "".join(char for char in said if char not in OPENING + CLOSING + LRM + RLM)
        assert bare == language.say(key, **SAMPLES)


def test_each_script_keeps_to_itself():
    assert broken_by(keeps_to_its_script) == {}


def keeps_to_its_script(key):
    latin = [ENGLISH.sentences[key], DARIJA_LATIN.sentences[key]]
    assert not [char for template in latin for char in template if is_arabic(char)]
    arabic = DARIJA_ARABIC.sentences[key]
    words = [set(re.findall(r"\w+", fixed(table[key]).lower())) for table in
             (DARIJA_LATIN.sentences, ENGLISH.sentences)]  # fmt: skip
    is_spoken = not words[0] <= words[1]
    if is_spoken:  # more than names
        assert [char for char in arabic if is_arabic(char)]
    assert not [char for char in arabic if unicodedata.combining(char)]  # no harakat
    assert not [char for template in (*latin, arabic) for char in template
                if char.isdigit() and char not in string.digits]  # fmt: skip
    assert "٪" not in arabic
    code = (
        r"--show \w+(?:, \w+)+|\([ -~…×]*\)|\[[ -~]*\]|\{\{.*\}\}"
        r"|\d,[\w.,:]+|--[\w-]+ [\w.,]+"
    )
    spoken = re.sub(code, "", arabic)
    assert "," not in fixed(spoken)  # its own comma
    assert not set(spoken) & {"?", ";"}
    accented = {c for template in latin for c in template if c.isalpha() and ord(c) > 127}
    assert accented == set()


def test_the_blog_keeps_its_spelling():
    for key, sentence in BLOG.items():
        assert DARIJA_LATIN.say(key) == sentence


def cost(radius):
    """What a window really computes over twelve tokens."""
    text = "one two three four five six seven eight nine ten eleven twelve"
    record = attnviz.trace(text, type="local", window=radius)
    (fact,) = [fact for fact in findings(record) if isinstance(fact, facts.LocalCost)]
    return "cost.local", fact.values()


# As the table of worked examples has them: the key with its values, then the three versions.
WORKED = [
    (
        lambda: ("find.top", {"query": "it", "key": "cat", "pct": 0.62}),
        'The token "it" puts 62% of its weight on "cat".',
        'Token "it" kay3ti 62% mn weight dialo l "cat".',
        "الـ token «it» كيعطي 62% من الـ weight ديالو ل «cat».",
    ),
    (
        lambda: ("head.prev", {"head": 3, "pct": 0.71}),
        "In head 3, tokens mostly look at the token before them (71% on average).",
        "F head 3, kul token kaychouf ghaliban token li 9bel mnno (71% f lmo3ddal).",
        "ف head 3، كل token كيشوف غالبا الـ token اللي قبل منو (71% ف المعدل).",
    ),
    (
        lambda: cost(1),
        "Local attention with window 1 computes 34 of 144 scores: 76% fewer.",
        "Local attention b window 1 kat7seb 34 mn 144 score: 9ell b 76%.",
        "Local attention ب window 1 كتحسب 34 من 144 score: أقل ب 76%.",
    ),
    (
        lambda: cost(2),
        "Local attention with window 2 computes 54 of 144 scores: 62% fewer.",
        "Local attention b window 2 kat7seb 54 mn 144 score: 9ell b 62%.",
        "Local attention ب window 2 كتحسب 54 من 144 score: أقل ب 62%.",
    ),
    (
        lambda: ("type.local", {"n_tokens": 2}),
        "Local attention: each token looks only at the tokens near it: 2 tokens on each side.",
        "Local attention: kul token kaychouf ghir tokens li 7dah: jouj tokens mn kul jiha.",
        "Local attention: كل token كيشوف غير الـ tokens اللي حداه: جوج tokens من كل جيهة.",
    ),
    (
        lambda: ("err.empty", {}),
        "The text is empty. Write at least one word.",
        "Text khawi. Kteb 3la l2a9all kelma wa7da.",
        "الـ text خاوي. كتب على الأقل كلمة وحدة.",
    ),
]


@pytest.mark.parametrize("example", WORKED)
def test_the_worked_examples(example):
    key, values = example[0]()
    assert tuple(language.say(key, **values) for language in LANGUAGES.values()) == example[1:]


def test_one_target_looks_in_the_singular():
    """The verb of cross.sharp is kaychouf for one token, kaychoufo for more."""
    one, two = ({"k": k, "n_tokens": 8, "threshold": 0.5} for k in (1, 2))
    assert "kaychoufo " in DARIJA_LATIN.say("cross.sharp", **two)
    assert "كيشوفو " in DARIJA_ARABIC.say("cross.sharp", **two)
    assert "kaychouf " in DARIJA_LATIN.say("cross.sharp", **one)
    assert "كيشوف " in DARIJA_ARABIC.say("cross.sharp", **one)


# Findings in words.


def kinds():
    named = [value for value in vars(facts).values() if isinstance(value, type)]
    found = [kind for kind in named if issubclass(kind, facts.Finding)]
    return sorted(set(found) - {facts.Finding}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_kind_of_finding_can_be_said(kind, tag):
    language = LANGUAGES[tag]
    assert kind.sentence in language.sentences
    names = [field.name for field in dataclasses.fields(kind) if field.name != "strength"]
    assert set(names) == placeholders(language.sentences[kind.sentence])  # nothing kept back
    fact = kind(strength=0.5, **{name: SAMPLES[name] for name in names})
    said = language.say(fact.sentence, **fact.values())
    for name in {"query", "key", "token", "other"} & set(names):
        assert SAMPLES[name] in said


def percent_of(share):
    whole = (100 * Decimal(share)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return f"{whole}%"


def numbers_of(fact):
    """Every number of a fact as it may stand in a sentence."""
    for value in fact.values().values():
        for part in value if isinstance(value, tuple) else (value,):
            number = part[1] if isinstance(part, tuple) else part
            if isinstance(number, float):
                yield from (percent_of(number), f"{number:.2f}", f"{number:.0f}")
            elif isinstance(number, int):
                yield f"{number:,}".replace(",", "\u202f")


NUMBER = re.compile(r"\d[\d\u202f]*(?:\.\d+)?%?")


# The mean distance, which is no whole number, and what is counted as one.
DISTANCES = [
    (0.0, "0 tokens", "0 token"), (1.0, "1 token", "token wa7ed"),
    (1.004, "1 token", "token wa7ed"), (2.0, "2 tokens", "jouj tokens"),
    (3, "3 tokens", "3 d tokens"), (10, "10 tokens", "10 d tokens"),
    (11, "11 tokens", "11 token"), (100, "100 tokens", "100 token"),
    (2.456, "2.46 tokens", "2.46 token"), (1000, "1\u202f000 tokens", "1\u202f000 token"),
]  # fmt: skip


@pytest.mark.parametrize(("far", "english", "darija"), DISTANCES)
def test_distances_are_counted(far, english, darija):
    for key, name in (("dist.mean", "n_tokens"), ("ui.apart", "far")):
        assert re.search(rf"(^|: ){english}( |\.$)", ENGLISH.say(key, **{name: far}))
        assert re.search(rf" {darija}\.?$", DARIJA_LATIN.say(key, **{name: far}))


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("kind", ["self", "causal", "local", "global", "cross", "random"])
def test_every_number_of_a_sentence_is_of_the_fact(kind, tag):
    language = LANGUAGES[tag]
    text = "The cat sat on a mat because it was tired and slept there all day long"
    options = {"source": "Lmouch gles 3la zerbiya"} if kind == "cross" else {"type": kind}
    options = {"model": "random"} if kind == "random" else options
    record = attnviz.trace(text, heads=10 if kind == "self" else 8, **options)
    found = findings(record)
    assert found
    for fact in found:
        said = language.say(fact.sentence, **fact.values())
        said = said.replace("3la", "").replace("gedged", "")
        own = re.findall(r"(?<![\w{])\d+(?![\w}])", fixed(language.sentences[fact.sentence]))
        allowed = {*numbers_of(fact), *own, "1%"}
        spelled = re.sub(r"[a-zA-Z]+\d\w*|\d+[a-zA-Z]\w*", "", said)  # 9bel, lmo3ddal
        for number in NUMBER.findall(spelled):
            assert number.rstrip(",") in allowed, (said, number)


# Counts and percents.

LATIN_COUNTS = [
    (0, "0 token", "0 kelma"), (1, "token wa7ed", "kelma wa7da"),
    (2, "jouj tokens", "jouj kelmat"), (3, "3 d tokens", "3 d lkelmat"),
    (10, "10 d tokens", "10 d lkelmat"), (11, "11 token", "11 kelma"),
    (12, "12 token", "12 kelma"), (19, "19 token", "19 kelma"), (20, "20 token", "20 kelma"),
    (99, "99 token", "99 kelma"), (100, "100 token", "100 kelma"),
    (101, "101 token", "101 kelma"), (102, "102 token", "102 kelma"),
    (103, "103 d tokens", "103 d lkelmat"), (110, "110 d tokens", "110 d lkelmat"),
    (111, "111 token", "111 kelma"), (1000, "1\u202f000 token", "1\u202f000 kelma"),
    (1003, "1\u202f003 token", "1\u202f003 kelma"), (2.4, "2.4 token", "2.4 kelma"),
]  # fmt: skip
ARABIC_COUNTS = [
    (0, "0 token", "0 كلمة"), (1, "token واحد", "كلمة وحدة"), (2, "جوج tokens", "جوج كلمات"),
    (3, "3 د tokens", "3 د الكلمات"), (10, "10 د tokens", "10 د الكلمات"),
    (11, "11 token", "11 كلمة"),
    (12, "12 token", "12 كلمة"), (19, "19 token", "19 كلمة"), (20, "20 token", "20 كلمة"),
    (99, "99 token", "99 كلمة"), (100, "100 token", "100 كلمة"), (101, "101 token", "101 كلمة"),
    (102, "102 token", "102 كلمة"), (103, "103 د tokens", "103 د الكلمات"),
    (110, "110 د tokens", "110 د الكلمات"), (111, "111 token", "111 كلمة"),
    (1000, "1\u202f000 token", "1\u202f000 كلمة"), (1003, "1\u202f003 token", "1\u202f003 كلمة"),
    (2.4, "2.4 token", "2.4 كلمة"),
]  # fmt: skip
ENGLISH_COUNTS = [
    (0, "0 tokens", "0 words"), (1, "1 token", "1 word"), (2, "2 tokens", "2 words"),
    (3, "3 tokens", "3 words"), (101, "101 tokens", "101 words"),
    (1000, "1\u202f000 tokens", "1\u202f000 words"), (2.4, "2.4 tokens", "2.4 words"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "number", "tokens", "several"),
    [
        (language, *case)
        for language, table in (
            (DARIJA_LATIN, LATIN_COUNTS),
            (DARIJA_ARABIC, ARABIC_COUNTS),
            (ENGLISH, ENGLISH_COUNTS),
        )
        for case in table
    ],
)  # fmt: skip
def test_counts(language, number, tokens, several):
    assert language.count(number, "token") == tokens
    assert language.count(number, "word") == several


@pytest.mark.parametrize("language", [DARIJA_LATIN, DARIJA_ARABIC])
@pytest.mark.parametrize("noun", ["token", "head", "layer", "score", "word", "time"])
def test_every_noun_is_counted_by_the_same_rule(language, noun):
    one, two, few, many = (language.count(n, noun) for n in (1, 2, 5, 50))
    singular, plural = many.removeprefix("50 "), two.split(" ", 1)[1]
    assert one.startswith(f"{singular} ")
    assert few.startswith("5 ")
    counted = few.split(" ")[-1]
    assert counted.removeprefix("l").removeprefix("ال") == plural.split(" ")[-1].removeprefix("l")
    for n in range(3, 1300):
        hundredth = n % 100
        expected = counted if 3 <= hundredth <= 10 and n < 1000 else singular.split(" ")[-1]
        assert language.count(n, noun).split(" ")[-1] == expected


LESS = {"en": "less than 1%", "ary-Latn": "9ell mn 1%", "ary-Arab": "أقل من 1%"}
PERCENTS = [
    (0, "0%"), (0.001, None), (0.0049, None), (0.005, None), (0.01, "1%"), (0.125, "12%"),
    (0.135, "14%"), (0.62, "62%"), (0.625, "62%"), (0.995, "100%"), (1, "100%"), (1.0, "100%"),
]  # fmt: skip


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize(("share", "shown"), PERCENTS)
def test_percents(tag, share, shown):
    """None: it would round to 0, so it is said to be less than 1%."""
    assert LANGUAGES[tag].percent(share) == (shown or LESS[tag])
    said = LANGUAGES[tag].say("ui.rowsum", pct=share)
    assert said.endswith(shown or LESS[tag])


def test_lists_are_joined_in_the_reader_s_way():
    values = {"query": "it", "tokens": ("a", "b"), "pct": 0.5}
    assert '"a", "b"' in ENGLISH.say("find.tie", **values)
    assert '"a", "b"' in DARIJA_LATIN.say("find.tie", **values)
    assert "«a»، «b»" in DARIJA_ARABIC.say("find.tie", **values)
    items = {"query": "it", "items": (("a", 0.625), ("b", 0.001))}
    assert ENGLISH.say("find.topk", **items).endswith('"a" 62%, "b" less than 1%.')
    assert DARIJA_ARABIC.say("find.topk", **items).endswith("«a» 62%، «b» أقل من 1%.")


def test_choices_are_joined_in_the_reader_s_way():
    with pytest.raises(AttnvizError) as caught:
        attnviz.trace("The cat", type="lokal")
    error = caught.value
    assert "local, self" in DARIJA_LATIN.say(error.key, **error.values)
    assert "local، self" in DARIJA_ARABIC.say(error.key, **error.values)


# What is missing.


@pytest.mark.parametrize("tag", ["ary-Latn", "ary-Arab"])
def test_a_missing_sentence_falls_back_for_itself_only(tag):
    whole = LANGUAGES[tag]
    for key in ("err.empty", "find.top", "type.local"):
        left = {name: said for name, said in whole.sentences.items() if name != key}
        part = dataclasses.replace(whole, sentences=left)
        assert part.say(key, **SAMPLES) == ENGLISH.say(key, **SAMPLES) != whole.say(key, **SAMPLES)
        for other in left:
            assert part.say(other, **SAMPLES) == whole.say(other, **SAMPLES)


def test_a_sentence_that_is_nowhere_is_a_mistake():
    with pytest.raises(KeyError):
        DARIJA_LATIN.say("no.such.sentence")


# Names.

NAMES = [
    (None, "en"), ("", "en"), (" ", "en"), ("en", "en"), ("EN", "en"), ("english", "en"),
    ("darija", "ary-Latn"), (" Darija ", "ary-Latn"), ("ary", "ary-Latn"),
    ("ary-Latn", "ary-Latn"), ("ary_Latn", "ary-Latn"), ("ary_MA.UTF-8", "ary-Latn"),
    ("ary_MA", "ary-Latn"), ("ary-Arab", "ary-Arab"), ("ARY-ARAB", "ary-Arab"),
    ("ary_Arab", "ary-Arab"), ("darija-ar", "ary-Arab"), ("DARIJA_AR", "ary-Arab"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tag"), NAMES)
def test_names_of_languages(name, tag):
    assert find_language(name) is LANGUAGES[tag]
    assert find_language(name).tag == tag


@pytest.mark.parametrize("name", ["ar", "fr", "arabic", "xx", "ar_MA.UTF-8", "ary-Cyrl", "tzm"])
def test_what_is_no_language_here(name):
    with pytest.raises(AttnvizError) as caught:
        find_language(name)
    message = str(caught.value)
    assert f'"{name}"' in message
    assert "en, darija, ary-Arab" in message
    assert re.search(r"Darija is darija \(Latin letters\) or ary-Arab \(Arabic letters\)", message)
    for language in LANGUAGES.values():
        said = language.say(caught.value.key, **caught.value.values)
        assert name in said
        assert "ary-Arab" in said


# Direction.


def strong_before(said, place):
    """The last letter or mark with a direction of its own before a place."""
    kinds = [unicodedata.bidirectional(char) for char in said[:place]]
    return next((kind for kind in reversed(kinds) if kind in ("L", "R", "AL")), "L")


def values_with(token):
    return SAMPLES | dict.fromkeys(("query", "key", "token", "other", "word"), token) | {
        "tokens": (token, "cat", token), "items": ((token, 0.62), ("cat", 0.3), (token, 0.12)),
    }  # fmt: skip


RIGHT_TO_LEFT = [FISH, "قطيط", "ڭلس", "שלום", "cat القط", "القط-cat", "كُلُّ"]


@pytest.mark.parametrize("tag", ["en", "ary-Latn"])
def test_a_number_beside_an_arabic_token_keeps_its_side(tag):
    assert broken_by(keeps_numbers_left, tag) == {}


def keeps_numbers_left(key, tag):
    """In a terminal: rules W2 and N1 of the bidi algorithm give a number the direction of the last
    strong character; it must never be the token's."""
    for token in RIGHT_TO_LEFT:
        said = LANGUAGES[tag].say(key, TERMINAL, **values_with(token))
        assert not set(said) & set(OPENING + CLOSING + RLM)
        outside = said.replace(LRM + token + LRM, "")
        assert LRM not in outside  # marks stand at tokens only, and at every one
        assert not [c for c in outside if unicodedata.bidirectional(c) in ("R", "AL")]
        for found in re.finditer(r"\d|%", said):
            assert strong_before(said, found.start()) == "L", said


def test_tokens_in_an_arabic_sentence_are_marked_too():
    assert broken_by(marks_tokens) == {}


def marks_tokens(key):
    for token in RIGHT_TO_LEFT:
        said = DARIJA_ARABIC.say(key, TERMINAL, **values_with(token))
        assert not set(said) & set(OPENING + CLOSING + RLM)
        assert said.count(LRM) % 2 == 0
        assert said.count(token) == said.count(LRM + token + LRM)


@pytest.mark.parametrize("token", ["cat", "3eyyan", "l9ett", "字", "1,5", "…"])
def test_other_tokens_are_left_as_they_are(token):
    values = values_with(token)
    values["tokens"] = values["tokens"][:2]
    for language in (ENGLISH, DARIJA_LATIN):
        assert [key for key in KEYS if LRM in language.say(key, TERMINAL, **values)] == []


# What loses its order beside an Arabic letter: (kind, key, values, how it must read).
RUNS = [
    ("formula", "step.scale", {"scale_expr": "√64 = 8"}, ["√64 = 8"]),
    ("size", "run.saved", {"path": "map.png", "value": "1.2 MB"}, ["1.2 MB"]),
    ("path", "run.saved", {"path": "/a/b.npz", "value": "9 B"}, ["/a/b.npz", "9 B"]),
    ("share", "ui.rowsums", {"low": 0.4, "high": 0.9}, ["40%", "90%"]),
    ("share of a key", "ui.sink", {"pct": 0.31, "key": FISH}, ["31%"]),
    ("share that is in the sentence", "ui.values", {}, ["100%"]),
    ("less than one", "ui.sink", {"pct": 0.001, "key": "it"}, ["1%"]),
    ("option", "ui.cost_too_long", {"what": "self 8", "option": "--seconds"}, ["--seconds"]),
    ("command", "ui.hints", {}, ["-o map.png", "--head 0", "--show top"]),
]


@pytest.mark.parametrize("guard", [TERMINAL, PICTURE, PAGE], ids=["terminal", "picture", "page"])
@pytest.mark.parametrize(("key", "values", "runs"), [run[1:] for run in RUNS],
                         ids=[run[0] for run in RUNS])  # fmt: skip
def test_a_run_in_an_arabic_line_keeps_its_order(key, values, runs, guard):
    """Between marks, or in an isolate from left to right or one of its own, and nothing else that
    is written from the right in it."""
    said = DARIJA_ARABIC.say(key, guard, **values)
    for run in runs:
        start = said.index(run)
        before = said[:start]
        if guard is TERMINAL:
            assert before.count(LRM) % 2 == 1
            inside = before.rpartition(LRM)[2] + run + said[start + len(run) :].partition(LRM)[0]
        else:
            opened = re.split("[\u2066\u2067\u2068]", before)[-1]
            inside = opened + said[start:].partition(CLOSING)[0]
            assert CLOSING not in opened
            assert before[-1 - len(opened)] in "\u2066\u2067\u2068"
        if key != "ui.sink":  # of which "less than 1%" is words
            assert inside == run


@pytest.mark.parametrize("said", ["كل head واحد", "من 3 حتال 1\u202f000", "layer 2.5 ديال model"])
def test_what_keeps_its_order_by_itself_is_left_alone(said):
    assert guard_runs(said, str.upper) == said


def depth(said):
    """How deep isolates nest at each character; never below 0."""
    deep, depths = 0, []
    for char in said:
        deep += (char in OPENING) - (char in CLOSING)
        assert deep >= 0, said
        depths.append(deep)
    return depths


@ALL
def test_a_picture_balances_what_it_isolates(tag):
    assert broken_by(balances, tag) == {}


def balances(key, tag):
    for token in ("cat", *RIGHT_TO_LEFT):
        said = LANGUAGES[tag].say(key, PICTURE, **values_with(token))
        depths = depth(said)
        assert not depths or depths[-1] == 0
        assert LRM not in said
        assert said.count(RLM) == said.startswith(RLM)
        if token != "cat":
            for found in re.finditer(re.escape(token), said):
                assert said[found.start() - 1] == "\u2068"
                assert said[found.end()] == "\u2069"


def test_arabic_sentences_and_no_others_start_at_the_right():
    """A Latin sentence that names an Arabic token still starts at the left."""
    for key in KEYS:
        for token in ("cat", FISH):
            if any(map(is_arabic, DARIJA_ARABIC.sentences[key])):
                assert DARIJA_ARABIC.say(key, PICTURE, **values_with(token)).startswith(RLM)
            for language in (ENGLISH, DARIJA_LATIN):
                assert RLM not in language.say(key, PICTURE, **values_with(token)), key


def test_numbers_in_a_picture_are_isolated():
    said = DARIJA_ARABIC.say("head.prev", PICTURE, head=3, pct=0.71)
    assert "\u206671%\u2069" in said
    assert "\u20663\u2069" in said
    said = DARIJA_ARABIC.say("type.local", PICTURE, n_tokens=5)
    assert "\u20675 د tokens\u2069" in said
    said = DARIJA_ARABIC.say("models.stack", PICTURE, n_layers=1, n_heads=12)
    assert "\u2067layer واحد\u2069" in said


def test_a_language_is_a_value():
    assert {language.tag for language in LANGUAGES.values()} == LANGUAGES.keys()
    assert [language.right_to_left for language in LANGUAGES.values()] == [False, False, True]
    own = Language(
        "xx",
        "own",
        {"a": "{n_tokens}!"},
        lambda n, noun: f"{n} {noun}",
        ", ",
        ("<", ">"),
        "<1",
        ENGLISH.example,
    )
    assert own.say("a", n_tokens=3) == "3 token!"


# One spelling for each word: what is never written, and what is.
MISSPELT = {
    "daoui": "mdowwi",
    "shno": "chno", "ach": "chno", "7esbna": "7sebna", "ma kaynch": "makaynch", "texte": "text",
    "speciaux": "special", "cliqui": "clicki", "mchedoud": "mchdoud", "jozz2": "part",
    "mcharkin": "mochtarakin", "gedged": "b7al b7al", "program": "lbarnamaj", "ytqaren": "yt9aren",
    "wella": "kber, tzad, rje3", "7awel": "7awwel", "tqaren": "t9aren", "bzaf": "bezzaf",
    "سطورا": "سطور", "ڭدڭد": "بحال بحال", "تكست": "text", "speciaux مخبيين": "special tokens",
}  # fmt: skip
DOUBLED = re.compile(r"هاد [A-Za-z]")  # a bare English noun after "this"
NOUNS_OF_OURS = {
    "token", "tokens", "weight", "weights", "head", "heads", "model", "query", "key", "layer",
    "text", "texts", "page", "table", "record", "frames", "option",
}  # fmt: skip


def test_a_word_is_spelt_in_one_way():
    def law(key):
        for language in (DARIJA_LATIN, DARIJA_ARABIC):
            said = language.sentences[key]
            words = rf"(?<!\w)({'|'.join(MISSPELT)})(?!\w)"
            wrong = re.findall(words, said, re.IGNORECASE)
            assert not wrong or said in BLOG.values()

    assert broken_by(law) == {}


def test_this_takes_the_article():
    """الـ X and lX after "had": what English leaves bare, Darija does not."""

    def law(key):
        assert not DOUBLED.search(DARIJA_ARABIC.sentences[key])
        after = re.findall(r"\b[hH]ad (\w+)", DARIJA_LATIN.sentences[key])
        assert not [noun for noun in after if noun in NOUNS_OF_OURS]

    assert broken_by(law) == {}
