"""Text → tokens: labels are slices of the text, safe to show, and every token has its place."""

from __future__ import annotations

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from attnviz import AttnvizError
from attnviz.inputs.text import tokenize
from attnviz.inputs.tokens import from_labels

# Tokenizers made here, each in the way of a real model family.


def byte_level(trim_offsets=False, merges=()):
    """GPT-2's way: bytes as letters, Ġ for the space before a word."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate([*alphabet, *(a + b for a, b in merges)])}
    made = Tokenizer(models.BPE(vocabulary, list(merges)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)
    return made


def word_piece(*pieces):
    """BERT's way: lower case, marks dropped, ## within words, [CLS] and [SEP] around."""
    vocabulary = {piece: i for i, piece in enumerate(["[UNK]", "[CLS]", "[SEP]", *pieces])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return made


def unigram(*pieces, prepend="always"):
    """T5's and Llama's way: ▁ for the space, and often one before the first word."""
    scores = [("<unk>", 0.0), *((piece, -float(i)) for i, piece in enumerate(pieces, start=1))]
    made = Tokenizer(models.Unigram(scores, unk_id=0))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend)
    return made


ARABIC_MERGES = [("Ġ", "Ù"), ("Ø", "§"), ("Ù", "Ħ")]


def gpt2(trim_offsets):
    return byte_level(trim_offsets, ARABIC_MERGES)


BERT = ["ك", "##ل", "c", "##af", "##e", "ال", "##ق", "##ط", "日", "ก", "##น"]
NFKC_PIECES = ["▁ق", "ط", "▁ا", "▁ع", "▁و", *"صلىهيمسعا", "a", "▁"]

# (text, tokenizer, labels)
ENCODED = {
    # 2 bytes a letter: ا and ل are merged to one token each, the other letters are two
    **{
        f"byte-level BPE, trim_offsets={trim}": (
            "القط كي\n\n",
            gpt2(trim),
            ["ا", "ل", *(f"{letter}·{part}/2" for letter in "قطكي" for part in (1, 2)), "⏎", "⏎"],
        )
        for trim in (True, False)
    },
    **{
        f"byte-level white space, trim_offsets={trim}": (
            " a  b\té\nc",
            byte_level(trim),
            ["␠", "a", "␠", "␠", "b", "⇥", "é·1/2", "é·2/2", "⏎", "c"],
        )
        for trim in (True, False)
    },
    "byte-level emoji": ("a😀", byte_level(), ["a", *(f"😀·{i}/4" for i in (1, 2, 3, 4))]),
    "byte-level marks": ("كُ", byte_level(), ["ك·1/2", "ك·2/2", "◌ُ·1/2", "◌ُ·2/2"]),
    "byte-level controls": ("a\x1b[1m", byte_level(), ["a", "␛", "[", "1", "m"]),
    "WordPiece": (
        "كُلُّ Café القطّ 日本",
        word_piece(*BERT),
        ["[CLS]", "كُ", "لُّ", "C", "af", "é", "ال", "ق", "طّ", "日", "本", "[SEP]"],
    ),
    "WordPiece, text that looks special": (
        "[CLS] c",
        word_piece(*BERT),
        ["[CLS]", "[", "CLS", "]", "c", "[SEP]"],
    ),
    # U+0E31 is a combining mark (Mn) of combining class 0
    "WordPiece, Thai mark": ("กัน", word_piece(*BERT), ["[CLS]", "กั", "น", "[SEP]"]),
    "Unigram": ("قط قط", unigram("▁ق", "ط"), ["ق", "ط", "ق", "ط"]),
    "Unigram, nothing prepended": ("a قط", unigram("a", "▁ق", "ط", prepend="never"), list("aقط")),
    "Unigram, a lone ▁ at the start": ("a قط", unigram("▁", "a", "▁ق", "ط"), [*"␠aقط"]),
    "Unigram, white space": ("a  a", unigram("▁", "▁a", "a"), ["a", "␠", "a"]),
    # NFKC spells ﷺ out in 18 letters and 3 spaces: 15 tokens of this vocabulary, one span
    "Unigram, one character in 15 tokens": (
        "aﷺ",
        unigram(*NFKC_PIECES, prepend="never"),
        ["a", *(f"ﷺ·{i}/15" for i in range(1, 16))],
    ),
}


@pytest.fixture
def saved(tmp_path):
    def save(tokenizer):
        path = tmp_path / "tokenizer.json"
        tokenizer.save(str(path))
        return str(path)

    return save


@pytest.mark.parametrize(("text", "tokenizer", "labels"), ENCODED.values(), ids=ENCODED)
def test_labels_of_a_tokenizer_file(saved, text, tokenizer, labels):
    assert list(tokenize(text, saved(tokenizer)).labels) == labels


def test_what_the_tokenizer_said_is_kept(saved):
    tokens = tokenize("Café 日本", saved(word_piece(*BERT)))
    assert tokens.pieces == ("[CLS]", "c", "##af", "##e", "日", "[UNK]", "[SEP]")
    assert tokens.ids.tolist() == [1, 5, 6, 7, 11, 0, 2]
    assert tokens.special.tolist() == [True, *[False] * 5, True]
    assert tokens.slices() == ["", "C", "af", "é", "日", "本", ""]
    assert tokens.text == "Café 日本"


def test_a_file_that_cuts_and_pads_still_shows_the_whole_text_and_nothing_else(saved):
    tokenizer = word_piece("c")
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=12)
    path = saved(tokenizer)
    assert tokenize("c c", path).labels == ("[CLS]", "c", "c", "[SEP]")
    assert tokenize("c c c c c", path).labels == ("[CLS]", *"ccccc", "[SEP]")


# Words: (text, words).
WORDS = {
    "English contractions": (
        "Don't stop; it's o'clock, isn’t it?",
        ["Don't", "stop", ";", "it's", "o'clock", ",", "isn’t", "it", "?"],
    ),
    "hyphens": ("well-known, a -b- c", ["well-known", ",", "a", "-", "b", "-", "c"]),
    "quotes": ("'so' \"it\" goes'", ["'", "so", "'", '"', "it", '"', "goes", "'"]),
    "numbers": (
        "3.14 and 1,000,000.5 at 12:30, 50% of 7.",
        ["3.14", "and", "1,000,000.5", "at", "12:30", ",", "50", "%", "of", "7", "."],
    ),
    "letters and digits": ("x86 3D 5kg na3es", ["x86", "3D", "5kg", "na3es"]),
    "French": (
        "L'hôtel s'est arrêté, aujourd'hui : là-bas !",
        ["L'hôtel", "s'est", "arrêté", ",", "aujourd'hui", ":", "là-bas", "!"],
    ),
    "decomposed accents": ("cafe\u0301 ole\u0301", ["cafe\u0301", "ole\u0301"]),
    "Arabic with marks": ("كُلُّ القطّ، حيت؟", ["كُلُّ", "القطّ", "،", "حيت", "؟"]),
    "Chinese": ("小猫在河边，看鱼。", list("小猫在河边，看鱼。")),
    "Japanese": ("猫とネコ", list("猫とネコ")),
    "Korean": ("한국어 말", ["한국어", "말"]),
    "CJK beside Latin": ("猫cat 3猫", ["猫", "cat", "3", "猫"]),
    "a hyphen before kana": ("e-カ", ["e", "-", "カ"]),
    "emoji with ZWJ": ("hi 👩‍👩‍👧!", ["hi", "👩‍👩‍👧", "!"]),
    "emoji with skin and variation": ("👍🏽❤️😀", ["👍🏽", "❤️", "😀"]),
    "flags": ("🇲🇦🇫🇷", ["🇲🇦", "🇫🇷"]),
    "URL": (
        "https://a-b.org/c?d=1&e=2",
        ["https", *"://", "a-b", ".", "org", *"/c?d=1&e=2"],
    ),
    "code": (
        "def f(x_1): return x[0] # ok",
        ["def", "f", "(", "x_1", ")", ":", "return", "x", "[", "0", "]", "#", "ok"],
    ),
    "full stops": ("Wait... what….", ["Wait", "...", "what", "…", "."]),
    "white space of all kinds": ("a\n\nb\tc\u00a0d\u3000e\r\nf", list("abcdef")),
}


@pytest.mark.parametrize(("text", "words"), WORDS.values(), ids=WORDS)
def test_words(text, words):
    tokens = tokenize(text)
    assert list(tokens.labels) == words
    assert tokens.slices() == words


# Characters as people see them: (text, labels).
CHARACTERS = {
    "letters": ("ab c", ["a", "b", "␠", "c"]),
    "white space": ("a\n\tb", ["a", "⏎", "⇥", "b"]),
    "marks": ("كُلّ", ["كُ", "لّ"]),
    "emoji and flags": ("👩‍👩‍👧🇲🇦", ["👩‍👩‍👧", "🇲🇦"]),
    "Chinese": ("小猫。", ["小", "猫", "。"]),
    "a mark alone": ("\u0301", ["◌\u0301"]),
}


@pytest.mark.parametrize(("text", "labels"), CHARACTERS.values(), ids=CHARACTERS)
def test_characters(text, labels):
    assert list(tokenize(text, "characters").labels) == labels


# Bytes: a character of several bytes is as many tokens: (text, labels, ids).
BYTES = {
    "ASCII": ("a b", ["a", "␠", "b"], [0x61, 0x20, 0x62]),
    "two": ("é", ["é·1/2", "é·2/2"], [0xC3, 0xA9]),
    "three": ("日", ["日·1/3", "日·2/3", "日·3/3"], [0xE6, 0x97, 0xA5]),
    "four": ("😀", [f"😀·{i}/4" for i in (1, 2, 3, 4)], [0xF0, 0x9F, 0x98, 0x80]),
    "neighbours alike": ("éé", ["é·1/2", "é·2/2"] * 2, [0xC3, 0xA9] * 2),
    "newline": ("a\n", ["a", "⏎"], [0x61, 0x0A]),
}


@pytest.mark.parametrize(("text", "labels", "ids"), BYTES.values(), ids=BYTES)
def test_bytes(text, labels, ids):
    tokens = tokenize(text, "bytes")
    assert list(tokens.labels) == labels
    assert tokens.ids.tolist() == ids


# Nothing that moves the cursor, hides text or reorders it: (character, what is shown).
CONTROLS = {
    "\x00": "␀",
    "\x07": "␇",
    "\x08": "␈",
    "\x1b": "␛",
    "\x7f": "⟨U+007F⟩",
    "\x9b": "⟨U+009B⟩",
    "\u061c": "⟨U+061C⟩",
    "\u200e": "⟨U+200E⟩",
    "\u200f": "⟨U+200F⟩",
    "\u202a": "⟨U+202A⟩",
    "\u202e": "⟨U+202E⟩",
    "\u2066": "⟨U+2066⟩",
    "\u2069": "⟨U+2069⟩",
}


@pytest.mark.parametrize(("char", "shown"), CONTROLS.items(), ids=map(ascii, CONTROLS))
def test_a_control_is_shown_not_obeyed(char, shown):
    assert from_labels([f"a{char}b"]).labels == (f"a{shown}b",)
    assert "".join(tokenize(f"a{char}b").labels) == f"a{shown}b"
    assert "".join(tokenize(f"a{char}b", "characters").labels) == f"a{shown}b"


def test_labels_of_others_tokens():
    given = ["[CLS]", "Ġcat", "##ط", "", " ", "\n", "\u0301", "\ud800", "a\u2028b", 7]
    tokens = from_labels(given)
    expected = ["[CLS]", "Ġcat", "##ط", "␠", "␠", "⏎", "◌\u0301", "⟨U+D800⟩", "a⟨U+2028⟩b", "7"]
    assert list(tokens.labels) == expected
    assert tokens.slices() == [str(label) for label in given]


# Laws, over any text.

TRICKY = [
    *"\t\n\r \x00\x1b\x1c\x7f\x85\xa0\xad\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u2028\u2029",
    *"\u202e\u2060\u2066\u2069\u3000\u3164\ufe0f\ufeff\u20e3\U000e0001\U0001f3fd\U0001f1f2",
    *"aÉßİ1²٣.,:'’-_ـّ◌ก\u0e31क\u093f\u094d字カー한ᄀ\u1161👩❤\u0301\u0489▁Ġ﷐",
]
texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(TRICKY)), min_size=1
).filter(str.strip)
laws = settings(max_examples=500, deadline=None, derandomize=True, database=None)

BIDI_CONTROLS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def unsafe(label):
    return [
        char
        for char in label
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or ord(char) in BIDI_CONTROLS
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Names of all tokenizers that need no vocabulary of the text."""
    folder = tmp_path_factory.mktemp("tokenizers")
    for trim in (True, False):
        byte_level(trim, ARABIC_MERGES).save(str(folder / f"bytes-{trim}.json"))
    unigram("▁", "a", "▁a", "é", "字").save(str(folder / "unigram.json"))
    return [str(path) for path in sorted(folder.iterdir())]


def spans_of(tokens):
    return [tuple(span) for span in tokens.spans.tolist()]


@given(text=texts)
@laws
@pytest.mark.parametrize("tokenizer", ["words", "characters", "bytes"])
def test_tokens_and_gaps_give_the_text_back(tokenizer, text):
    tokens = tokenize(text, tokenizer)
    spans = spans_of(tokens)
    if tokenizer == "bytes":  # as many tokens as bytes, all with the span of their character
        assert [text[slice(*span)].encode() for span in dict.fromkeys(spans)] == [
            char.encode() for char in text
        ]
        assert bytes(tokens.ids.tolist()) == text.encode()
        return
    assert all(start < stop for start, stop in spans)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    slices = [*tokens.slices(), ""]
    assert "".join(gap + piece for gap, piece in zip(gaps, slices, strict=True)) == text
    assert "".join(gaps).strip() == ""
    assert tokenizer == "words" or not any(gaps)


@pytest.mark.slow
@given(text=texts)
@laws
def test_labels_are_safe_and_all_arrays_as_long(files, text):
    for tokenizer in ["words", "characters", "bytes", *files]:
        tokens = tokenize(text, tokenizer)
        assert [label for label in tokens.labels if unsafe(label)] == []
        assert all(tokens.labels), tokenizer
        n = len(tokens)
        sizes = [len(tokens.labels), len(tokens.pieces), *map(len, (tokens.ids, tokens.special))]
        assert sizes == [n] * 4
        assert tokens.spans.shape == (n, 2)


@pytest.mark.slow
@given(text=texts)
@laws
@pytest.mark.parametrize("tokenizer", ["words", "characters", "bytes"])
def test_ids_are_equal_where_pieces_are(tokenizer, text):
    tokens = tokenize(text, tokenizer)
    pairs = set(zip(tokens.ids.tolist(), tokens.pieces, strict=True))
    assert len(pairs) == len(set(tokens.ids.tolist())) == len(set(tokens.pieces))


@given(text=texts)
@laws
def test_every_character_is_in_a_token_of_a_byte_level_file(files, text):
    for path in files[:2]:
        covered = {i for start, stop in spans_of(tokenize(text, path)) for i in range(start, stop)}
        assert all(i in covered for i, char in enumerate(text) if not char.isspace())


@pytest.mark.slow
@given(labels=st.lists(st.text(), min_size=1, max_size=20))
@laws
def test_others_tokens_keep_their_strings(labels):
    tokens = from_labels(labels)
    assert tokens.slices() == labels
    assert len(tokens) == len(labels)
    assert not any(unsafe(label) for label in tokens.labels)


# find()

FOUND = [
    ("0", [0]),
    ("6", [6]),
    ("cat", [1, 3]),
    ("Cat", [4]),
    ("CAT", [1, 3, 4]),
    ("NAÏVE", [5]),
    ("STRASSE", [7]),
    ("cat#1", [1]),
    ("cat#2", [3]),
    ("CAT#3", [4]),
    ("السمكة", [8]),
    ("#", [9]),
]
FIND_IN = "the cat The cat Cat naïve tired straße السمكة #"


@pytest.mark.parametrize(("word", "places"), FOUND)
def test_find(word, places):
    assert tokenize(FIND_IN).find(word) == places


def test_find_what_is_written_before_what_is_counted():
    assert from_labels(["cat", "cat#2", "cat"]).find("cat#2") == [1]


def test_find_a_special_token_and_a_slice_that_is_not_the_label(saved):
    tokens = tokenize("Café القطّ", saved(word_piece(*BERT)))
    assert tokens.find("[SEP]") == [len(tokens) - 1]
    assert tokens.find("ط") == tokens.find("طّ") == [6]


def test_an_empty_word_is_no_special_token(saved):
    with pytest.raises(AttnvizError):
        tokenize("Café", saved(word_piece(*BERT))).find("")


NOT_FOUND = [
    ("caf", ['"caf"', '"cat"']),
    ("tierd", ['"tierd"', '"tired"']),
    ("zebra", ['"zebra"']),
    ("cat#4", ['"cat#4"']),
    ("cat#0", ['"cat#0"']),
    ("cat#²", ['"cat#²"']),
    ("", ['""']),
    ("10", ["10", "0 to 9"]),
    ("-1", ["-1", "0 to 9"]),
    ("--3", ["--3"]),
    ("9" * 5000, ["999"]),
]


@pytest.mark.parametrize(("word", "said"), NOT_FOUND, ids=lambda value: str(value)[:12])
def test_find_nothing(word, said):
    with pytest.raises(AttnvizError) as caught:
        tokenize(FIND_IN).find(word)
    for part in said:
        assert part in str(caught.value)


# What cannot be cut.

REFUSED = [
    ("", "words", "text is empty"),
    (" \n\t\u3000", "bytes", "text is empty"),
    ("ab\ud800c", "words", "position 2"),
    ("\udfff", "characters", "position 0"),
    ("a", "wrods", "Choose one of: words"),
    ("a", "", "Choose one of"),
    ("a", "no/such/tokenizer.json", "not found: no/such/tokenizer.json"),
]


@pytest.mark.parametrize(("text", "tokenizer", "said"), REFUSED)
def test_refused(text, tokenizer, said):
    with pytest.raises(AttnvizError, match=said):
        tokenize(text, tokenizer)


def test_an_error_names_which_text_is_meant():
    for text in ("", "\ud800"):
        with pytest.raises(AttnvizError, match="The source"):
            tokenize(text, what="source")


NO_TOKENIZER = {
    "empty": b"",
    "not JSON": b"cat",
    "not text": b"\xff\xfe\x00",
    "a list": b"[]",
    "no model": b"{}",
    "a record": json.dumps({"format": "attnviz-record", "version": 1}).encode(),
}


@pytest.mark.parametrize("content", NO_TOKENIZER.values(), ids=NO_TOKENIZER)
def test_a_file_that_is_no_tokenizer(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(AttnvizError, match=r"tokenizer\.json"):
        tokenize("a", str(path))


def test_a_folder_is_no_tokenizer(tmp_path):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(AttnvizError, match=r"folder\.json"):
        tokenize("a", str(tmp_path / "folder.json"))


def test_a_tokenizer_that_knows_nothing_of_the_text(saved):
    path = saved(Tokenizer(models.BPE({"a": 0}, [])))
    assert tokenize("aa", path).labels == ("a", "a")
    with pytest.raises(AttnvizError, match="no tokens"):
        tokenize("zzz", path)


# Size.


@pytest.mark.slow
@pytest.mark.parametrize("tokenizer", ["words", "characters", "bytes"])
def test_100_000_words(tokenizer):
    pairs = [first + last for first in "abcقطةعéñž" for last in "xyzكلγ8"]
    words = [pairs[i % 70] for i in range(100_000)]
    text = " ".join(words)
    tokens = tokenize(text, tokenizer)
    expected = {
        "words": len(words),
        "characters": len(text),
        "bytes": len(text.encode()),
    }[tokenizer]
    assert len(tokens) == len(tokens.labels) == expected
    if tokenizer == "words":
        assert list(tokens.labels) == words
        assert np.unique(tokens.ids).size == 70
    assert tokens.spans[-1].tolist()[1] == len(text)


# Unicode, UAX #29: format characters stay with what is before them (WB4), Arabic decimals and
# thousands stand within numbers (WB11, WB12), U+200B separates
WORD_BOUNDARIES = {
    "Persian joiners": ("من می\u200cخواهم بروم", ("من", "می\u200cخواهم", "بروم")),
    "Arabic decimals": ("١٢٫٥ و ١٬٢٣٤", ("١٢٫٥", "و", "١٬٢٣٤")),
    "a separator at the end of a number": ("١٢٫ ٥", ("١٢", "٫", "٥")),
    "a soft hyphen": ("soft\xadware", ("soft\xadware",)),
    "marks of direction": ("hi\u200f 3.14\u200e.", ("hi\u200f", "3.14\u200e", ".")),
    "a joiner in a name with digits": ("a12\u200cb 7\u200cb", ("a12\u200cb", "7\u200cb")),
    "joined Han": ("猫\u200d犬", ("猫\u200d", "犬")),
    "U+200B": ("a\u200bb \u200bc\u200b", ("a", "b", "c")),
    "after a full stop": ("x.\u200f y", ("x", ".\u200f", "y")),
}


@pytest.mark.parametrize(("text", "pieces"), WORD_BOUNDARIES.values(), ids=WORD_BOUNDARIES)
def test_words_end_where_unicode_ends_them(text, pieces):
    tokens = tokenize(text)
    assert tokens.pieces == pieces
    assert tuple(text[start:stop] for start, stop in tokens.spans) == pieces


def test_a_text_of_separators_is_empty():
    with pytest.raises(AttnvizError, match="The text is empty"):
        tokenize("\u200b \u200b")
