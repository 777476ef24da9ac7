"""The tokenizer of a checkpoint folder: each of its forms, pairs, languages, and broken files."""

import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

import attnviz
from attnviz import AttnvizError
from attnviz.inputs.text import from_ids
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from attnviz.models.model import Prepared
from attnviz.record.selection import hide_special
from attnviz.tracing.recorder import Recorder
from tests.reference import checkpoints

# The tiny checkpoints have embeddings for 61 ids.
PIECES = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "un", "##believ", "##able",
    "cafe", "The", "Cat", "café", "日", "it", "was", "tired", "?", "<s>", "</s>",
)  # fmt: skip
CLS, SEP, THE, CAT, SAT = 2, 3, 5, 6, 7
BPE = ("<s>", "<pad>", "</s>", "<unk>", *"theca", "Ġ", "th", "the", "Ġc", "Ġca", "Ġcat", "<mask>")
MERGES = (("t", "h"), ("th", "e"), ("Ġ", "c"), ("Ġc", "a"), ("Ġca", "t"))
LANGUAGES = ("eng_Latn", "ary_Arab", "arb_Arab")


def numbered(pieces):
    return {piece: i for i, piece in enumerate(pieces)}


def word_piece(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", **more):
    """BERT's way."""
    made = Tokenizer(models.WordPiece(numbered(PIECES), unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[CLS]", "[SEP]"])
    marks = [("[CLS]", CLS), ("[SEP]", SEP)]
    made.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=marks, **more
    )
    return made


def many_languages(codes=LANGUAGES, end="</s>"):
    """NLLB's way: codes are added tokens behind the vocabulary, </s> is 2."""
    words = ("<s>", "<pad>", end, "<unk>", "▁the", "▁cat", "▁sat", "▁mouch", "▁gles", "en", "▁")
    scores = [(word, -1.0 - i) for i, word in enumerate(words)]
    made = Tokenizer(models.Unigram(scores, unk_id=3))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.add_special_tokens(["<s>", "<pad>", end, "<unk>"])
    made.add_special_tokens([AddedToken(code, special=True) for code in codes])
    return made


def save(tokenizer):
    return {"tokenizer.json": tokenizer.to_str()}


def word_list(**settings):
    files = {"vocab.txt": "\n".join(PIECES) + "\n"}
    return files | ({"tokenizer_config.json": json.dumps(settings)} if settings else {})


def byte_pairs(pieces=BPE, merges=MERGES, **settings):
    files = {
        "vocab.json": json.dumps(numbered(pieces)),
        "merges.txt": "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges),
    }
    return files | ({"tokenizer_config.json": json.dumps(settings)} if settings else {})


NO_MARKS = tuple(piece for piece in BPE if piece not in ("<s>", "</s>"))


@pytest.fixture
def folder(tmp_path):
    """Writes a tiny checkpoint of a case, its config changed, with these tokenizer files."""

    def write(case, files, **config):
        checkpoints.save(tmp_path, checkpoints.config(case) | config, checkpoints.tensors(case))
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(content)
        return tmp_path

    return write


def tokens_of(folder, text, **options):
    return attnviz.trace(text, model=folder, **options).stack.query_tokens


def refusal(folder, *named, text="the cat", **options):
    """The error that a run ends with: one line that names all of `named`."""
    with pytest.raises(AttnvizError) as caught:
        attnviz.trace(text, model=folder, **options)
    said = str(caught.value)
    assert "\n" not in said
    for name in named:
        assert str(name) in said
    return said


# name: (case, files, text, pieces)
FORMS = {
    "tokenizer.json": ("bert", save(word_piece()), "The CAT", ["[CLS]", "the", "cat", "[SEP]"]),
    "tokenizer.json before all others": (
        "bert",
        save(word_piece("$A [SEP]")) | word_list() | byte_pairs(),
        "the cat",
        ["the", "cat", "[SEP]"],
    ),
    "WordPiece": (
        "bert",
        word_list(),
        "The CAT unbelievable Café日?",
        ["[CLS]", "the", "cat", "un", "##believ", "##able", "cafe", "日", "?", "[SEP]"],
    ),
    "WordPiece of MPNet": (
        "mpnet",
        {"vocab.txt": "<s>\n<pad>\n</s>\n[UNK]\n<mask>\nthe\ncat\n"},
        "The <mask> dog",
        ["<s>", "the", "<mask>", "[UNK]", "</s>"],
    ),
    "WordPiece, as written": (
        "bert",
        word_list(do_lower_case=False),
        "The the cat Café café",
        ["[CLS]", "The", "the", "cat", "[UNK]", "café", "[SEP]"],
    ),
    "WordPiece, accents stay": (
        "bert",
        word_list(strip_accents=False),
        "CAFÉ cafe",
        ["[CLS]", "café", "cafe", "[SEP]"],
    ),
    "WordPiece, accents go": (
        "bert",
        word_list(do_lower_case=False, strip_accents=True),
        "Cat café",
        ["[CLS]", "Cat", "cafe", "[SEP]"],
    ),
    "WordPiece, Chinese in runs": (
        "bert",
        word_list(tokenize_chinese_chars=False),
        "日日 日",
        ["[CLS]", "[UNK]", "日", "[SEP]"],
    ),
    "WordPiece, other marks": (
        "bert",
        word_list(cls_token="<s>", sep_token={"content": "</s>", "lstrip": False}),
        "the",
        ["<s>", "the", "</s>"],
    ),
    "WordPiece, settings of no use": (
        "bert",
        word_list() | {"tokenizer_config.json": "[1, 2]"},
        "the",
        ["[CLS]", "the", "[SEP]"],
    ),
    "WordPiece, a word left out": (
        "bert",
        word_list(),
        "the [MASK] sat",
        ["[CLS]", "the", "[MASK]", "sat", "[SEP]"],
    ),
    "WordPiece before BPE": (
        "bert",
        word_list() | byte_pairs(),
        "cat",
        ["[CLS]", "cat", "[SEP]"],
    ),
    "WordPiece, Windows' line ends": (
        "bert",
        {"vocab.txt": "\r\n".join(PIECES) + "\r\n"},
        "the",
        ["[CLS]", "the", "[SEP]"],
    ),
    "BPE": ("gpt2", byte_pairs(NO_MARKS), "the cat the", ["the", "Ġcat", "Ġ", "the"]),
    "BPE, a space before": (
        "gpt2",
        byte_pairs(NO_MARKS, add_prefix_space=True),
        "the cat",
        ["Ġ", "the", "Ġcat"],
    ),
    "BPE, RoBERTa's": ("roberta", byte_pairs(), "the cat", ["<s>", "the", "Ġcat", "</s>"]),
    "BPE, a word left out": (
        "roberta",
        byte_pairs(),
        "the<mask> cat",
        ["<s>", "the", "<mask>", "Ġcat", "</s>"],
    ),
    "BPE, marks that the settings do not name": (
        "gpt2",
        byte_pairs(bos_token="<|endoftext|>", eos_token="<|endoftext|>"),
        "the cat",
        ["the", "Ġcat"],
    ),
}


def numbers_of(case, files):
    if case in ("gpt2", "roberta"):
        return json.loads(files["vocab.json"])
    return numbered(files["vocab.txt"].split() if case == "mpnet" else PIECES)


@pytest.mark.parametrize("name", FORMS)
def test_forms(folder, name):
    case, files, text, pieces = FORMS[name]
    tokens = tokens_of(folder(case, files), text)
    assert list(tokens.pieces) == pieces
    known = numbers_of(case, files)
    assert tokens.ids.tolist() == [known[piece] for piece in pieces]
    marks = [piece in ("[CLS]", "[SEP]", "[MASK]", "<s>", "</s>", "<mask>") for piece in pieces]
    assert tokens.special.tolist() == marks
    assert tokens.text == text


def test_ids_are_places_in_the_vocabulary(folder):
    tokens = tokens_of(folder("bert", word_list()), "The unbelievable cat")
    assert tokens.ids.tolist() == [CLS, THE, 8, 9, 10, CAT, SEP]
    assert tokens.labels == ("[CLS]", "The", "un", "believ", "able", "cat", "[SEP]")


def test_text_that_looks_like_a_mark_is_text_where_it_is_none(folder):
    tokens = tokens_of(folder("gpt2", byte_pairs(NO_MARKS)), "the</s>")
    assert not tokens.special.any()


# No tokenizer, or one that cannot be used.

NONE = {
    "nothing": {},
    "merges alone": {"merges.txt": "a b\n"},
    "vocabulary without merges": {"vocab.json": "{}"},
    "SentencePiece": {"spiece.model": b"\n\x0e\n\x05<unk>"},
}


@pytest.mark.parametrize("name", NONE)
def test_no_tokenizer_names_the_two_ways_out(folder, name):
    place = folder("bert", NONE[name])
    refusal(place, place.name, "`tokenizer`", "`ids`")
    attnviz.trace(ids=[CLS, THE, SEP], model=place)
    (place / "mine.json").write_text(word_piece().to_str())
    tokens = tokens_of(place, "the cat", tokenizer=str(place / "mine.json"))
    assert tokens.pieces == ("[CLS]", "the", "cat", "[SEP]")


def changed(*path, to):
    """A tokenizer.json with one value changed."""
    tree = json.loads(word_piece().to_str())
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return {"tokenizer.json": json.dumps(tree)}


FIRST = ("post_processor", "single", 0, "SpecialToken")
DEEP = '{"a":' * 50_000 + "1" + "}" * 50_000
BROKEN = {
    **{
        f"tokenizer.json: {name}": {"tokenizer.json": content}
        for name, content in {
            "empty": "", "text": "the cat", "list": "[]", "object": "{}", "null": "null",
            "binary": bytes(range(256)), "half": word_piece().to_str()[:-20], "deep": DEEP,
        }.items()
    },
    "tokenizer.json: no model": changed("model", to=None),
    "tokenizer.json: odd vocabulary": changed("model", "vocab", to={"the": "five"}),
    "tokenizer.json: no unknown token": changed("model", "vocab", to={"[CLS]": 2, "[SEP]": 3}),
    "tokenizer.json: a mark that is none": changed(*FIRST, "id", to="[BOS]"),
    "tokenizer.json: a mark without id": changed(
        "post_processor", "special_tokens", "[CLS]", "ids", to=[]
    ),
    "tokenizer.json: a mark without name": changed(
        "post_processor", "special_tokens", "[CLS]", "tokens", to=[]
    ),
    "vocab.txt: empty": {"vocab.txt": ""},
    "vocab.txt: binary": {"vocab.txt": bytes(range(128, 256))},
    "vocab.txt: without marks": {"vocab.txt": "[UNK]\nthe\ncat\n"},
    "vocab.txt: no unknown token": {"vocab.txt": "[CLS]\n[SEP]\n"},
    "vocab.txt: settings no JSON": word_list() | {"tokenizer_config.json": "{"},
    "vocab.txt: settings binary": word_list() | {"tokenizer_config.json": bytes(range(256))},
    "vocab.txt: settings deep": word_list() | {"tokenizer_config.json": DEEP},
    "vocab.txt: a mark is a number": word_list(cls_token=3),
    "vocab.txt: a mark is a list": word_list(cls_token=["[CLS]"]),
    "vocab.txt: a mark without content": word_list(sep_token={}),
    "vocab.txt: accents maybe": word_list(strip_accents="maybe"),
    "vocab.json: empty": byte_pairs() | {"vocab.json": ""},
    "vocab.json: list": byte_pairs() | {"vocab.json": "[]"},
    "vocab.json: no numbers": byte_pairs() | {"vocab.json": '{"the": "five"}'},
    "vocab.json: binary": byte_pairs() | {"vocab.json": bytes(range(256))},
    "vocab.json: no words": byte_pairs() | {"vocab.json": "{}"},
    "merges.txt: one word a line": byte_pairs() | {"merges.txt": "th\ne\n"},
    "merges.txt: unknown words": byte_pairs() | {"merges.txt": "dog s\n"},
    "merges.txt: binary": byte_pairs() | {"merges.txt": bytes(range(128, 256))},
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_told_in_one_line(folder, name):
    case = "gpt2" if name.startswith(("vocab.json", "merges")) else "bert"
    refusal(folder(case, BROKEN[name]))


@pytest.mark.parametrize("name", ["", "missing.json", "words", "notes.json", "."])
def test_a_tokenizer_that_was_asked_for_and_is_none(folder, name):
    place = folder("bert", word_list())
    (place / "notes.json").write_text("[]")
    refusal(place, name, tokenizer=str(place / name) if name.endswith("json") else name or "none")
    with pytest.raises(AttnvizError):
        attnviz.trace(ids=[THE], model=place, tokenizer=str(place / "missing.json"))


def test_a_vocabulary_as_large_as_the_embedding_and_a_larger_one(folder):
    pieces = [*PIECES, *(f"word{i}" for i in range(len(PIECES), 60)), "last", "past"]
    place = folder("bert", {"vocab.txt": "\n".join(pieces[:61])})
    assert tokens_of(place, "the last").ids.tolist() == [CLS, THE, 60, SEP]
    (place / "vocab.txt").write_text("\n".join(pieces))
    assert tokens_of(place, "the last").ids.tolist() == [CLS, THE, 60, SEP]  # the text has no 61
    refusal(place, "61", "`tokenizer`", text="the past")
    refusal(place, "61", text=None, ids=[61])


# Tokens beside the vocabulary. The tiny vocabulary ends at 22.

BESIDE = {
    "added_tokens.json": {"added_tokens.json": json.dumps({"<user>": len(PIECES)})},
    "added_tokens_decoder": {
        "tokenizer_config.json": json.dumps(
            {"added_tokens_decoder": {str(len(PIECES)): {"content": "<user>", "special": True}}}
        )
    },
    "special_tokens_map.json": {
        "special_tokens_map.json": json.dumps({"additional_special_tokens": ["<user>"]})
    },
    "a field": {"tokenizer_config.json": json.dumps({"user_token": {"content": "<user>"}})},
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("rules", [word_list(), save(word_piece())], ids=["list", "json"])
def test_tokens_beside_the_vocabulary(folder, name, rules):
    place = folder("bert", rules | BESIDE[name])
    tokens = tokens_of(place, "the <user> cat")
    assert tokens.ids.tolist() == [CLS, THE, len(PIECES), CAT, SEP]
    assert tokens.special[2] == (name != "added_tokens.json")


def test_marks_of_a_word_list_stay_whole(folder):
    place = folder("bert", word_list())
    assert tokens_of(place, "the [UNK] cat [PAD]").ids.tolist() == [CLS, THE, 1, CAT, 0, SEP]


def test_marks_of_byte_pairs_stay_whole(folder):
    place = folder("gpt2", byte_pairs((*NO_MARKS, "<|endoftext|>")))
    tokens = tokens_of(place, "the<|endoftext|> cat")
    assert tokens.pieces == ("the", "<|endoftext|>", "Ġcat")
    assert tokens.special.tolist() == [False, True, False]


def test_numbers_are_cut_into_digits_as_qwen_2_reads_them(folder):
    pieces, merges = (*"12 ", "12", "Ġ"), [("1", "2")]
    qwen = folder("gpt2", byte_pairs(pieces, merges, tokenizer_class="Qwen2Tokenizer"))
    assert tokens_of(qwen, "12").pieces == ("1", "2")
    plain = folder("gpt2", byte_pairs(pieces, merges, tokenizer_class="GPT2Tokenizer"))
    assert tokens_of(plain, "12").pieces == ("12",)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (word_list, "BertJapaneseTokenizer"), (word_list, "BertweetTokenizer"),
        (word_list, "EsmTokenizer"), (byte_pairs, "CTRLTokenizer"), (byte_pairs, "XTokenizerFast"),
    ],
)  # fmt: skip
def test_classes_whose_rules_are_not_known_are_named(folder, files, name):
    refusal(folder("bert", files(tokenizer_class=name)), name.removesuffix("Fast"))


def test_a_class_without_any_file_is_named_too(folder):
    says = {"tokenizer_config.json": json.dumps({"tokenizer_class": "CanineTokenizer"})}
    refusal(folder("bert", says), "CanineTokenizer")


@pytest.mark.parametrize("rules", [word_list(), save(word_piece())], ids=["list", "json"])
def test_unknown_words_are_named_and_no_marks(folder, rules):
    record = attnviz.trace("the dog ﷽ cat", model=folder("bert", rules))
    tokens = record.stack.query_tokens
    assert tokens.labels == ("[CLS]", "the", "dog", "﷽", "cat", "[SEP]")
    assert tokens.special.tolist() == [True, False, False, False, False, True]
    assert any(note.startswith("2 tokens are unknown to ") for note in record.notes)
    assert any("dog ﷽." in note for note in record.notes)


# Ready ids.


def test_the_same_sentence_as_text_and_as_ids(folder):
    """A mark that the text has is a mark, whoever put it there."""
    place = folder("bert", save(word_piece()))
    text = attnviz.trace("the cat [SEP] sat", model=place)
    ids = attnviz.trace(ids=[CLS, THE, CAT, SEP, SAT, SEP], model=place)
    one, two = text.stack.query_tokens, ids.stack.query_tokens
    assert one.ids.tolist() == two.ids.tolist()
    assert one.labels == two.labels
    assert one.special.tolist() == two.special.tolist() == [True, False, False, True, False, True]
    assert np.array_equal(text.stack.weights, ids.stack.weights)
    assert hide_special(text.stack)[0].query_tokens.labels == ("the", "cat", "sat")


def test_ids_are_named_by_the_tokenizer_where_there_is_one(folder):
    place = folder("bert", save(word_piece()))
    ids = [CLS, THE, CAT, 9, 40, SEP]
    tokens = tokens_of(place, None, ids=ids)
    assert tokens.ids.tolist() == ids
    assert tokens.labels[:3] == ("[CLS]", "the", "cat")
    assert tokens.labels[4] == "40"  # there is no such piece
    assert tokens.special.tolist() == [True, False, False, False, False, True]
    (place / "tokenizer.json").unlink()
    assert tokens_of(place, None, ids=ids).labels == tuple(map(str, ids))
    (place / "mine.json").write_text(word_piece().to_str())
    tokens = tokens_of(place, None, ids=ids, tokenizer=str(place / "mine.json"))
    assert tokens.labels[2] == "cat"


@pytest.mark.parametrize("files", [{}, save(word_piece())], ids=["alone", "named"])
@pytest.mark.parametrize("number", [61, 2**31, 2**32 + 5, 2**63, 2**70])
def test_ids_too_large_for_any_table(folder, files, number):
    refusal(folder("bert", files), str(number), text=None, ids=[THE, number])


# Pairs.


def test_a_pair_has_segments_and_places_in_both_texts(folder):
    place = folder("bert", word_list())
    record = attnviz.trace("The cat?", pair="Unbelievable cat", model=place)
    tokens = record.stack.query_tokens
    assert tokens.pieces == (
        "[CLS]", "the", "cat", "?", "[SEP]", "un", "##believ", "##able", "cat", "[SEP]",
    )  # fmt: skip
    assert tokens.segments.tolist() == [0] * 5 + [1] * 5
    assert tokens.special.tolist() == [True, *[False] * 3, True, *[False] * 4, True]
    assert tokens.text == "The cat?\nUnbelievable cat"
    assert tokens.slices() == ["", "The", "cat", "?", "", "Un", "believ", "able", "cat", ""]
    assert tokens.names == (
        "[CLS]", "The", "cat", "?", "[SEP]", "²Un", "²believ", "²able", "²cat", "²[SEP]",
    )  # fmt: skip
    assert tokens.labels == tuple(name.removeprefix("²") for name in tokens.names)


def test_segments_reach_the_model(folder):
    place = folder("bert, two segments", word_list())
    record = attnviz.trace("the cat", pair="cat sat", model=place)
    model, ids = attnviz.load_model(place), record.stack.query_tokens.ids.tolist()
    seen = {}
    for name, segments in (("right", [0, 0, 0, 0, 1, 1, 1]), ("none", None)):
        prepared = Prepared({"text": from_ids(ids, segments=segments)})
        recorder = Recorder(model.stacks(prepared))
        model.run(prepared, recorder.attend)
        seen[name] = recorder.stacks()["self"].weights
    assert np.array_equal(record.stack.weights, seen["right"])
    assert np.abs(record.stack.weights - seen["none"]).max() > 1e-3


@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_a_record_of_a_pair_comes_back_whole(folder, tmp_path, suffix):
    place = folder("bert", word_list())
    record = attnviz.trace("the cat", pair="it sat", model=place)
    path = tmp_path / f"record.{suffix}"
    record.save(path)
    again = attnviz.read(path)
    assert again == record
    assert again.stack.query_tokens.segments.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert again.stack.query_tokens.names == record.stack.query_tokens.names
    alone = attnviz.trace("the cat", model=place)
    alone.save(path)
    assert attnviz.read(path) == alone
    assert attnviz.read(path).stack.query_tokens.segments is None


def test_a_pair_where_the_tokenizer_tells_no_segments(folder):
    place = folder("roberta", byte_pairs())
    record = attnviz.trace("the cat", pair="the", model=place)
    tokens = record.stack.query_tokens
    assert tokens.pieces == ("<s>", "the", "Ġcat", "</s>", "</s>", "the", "</s>")
    assert tokens.segments[[1, 2, 5]].tolist() == [0, 0, 1]
    assert tokens.names[1:3] == ("the", "cat")
    assert tokens.names[5] == "²the"
    same = attnviz.trace(ids=tokens.ids.tolist(), model=place)  # RoBERTa has one segment for all
    assert np.array_equal(record.stack.weights, same.stack.weights)


@pytest.mark.parametrize("pair", ["", " \n", "\udcff"])
def test_a_second_text_is_checked_like_the_first(folder, pair):
    refusal(folder("bert", word_list()), "second text", pair=pair)


def test_a_tokenizer_with_more_segments_than_the_model(folder):
    place = folder("bert", save(word_piece(pair="[CLS] $A [SEP] $B:7 [SEP]:7")))
    assert tokens_of(place, "the cat").segments is None
    refusal(place, pair="it sat")


# More tokens than positions: the tiny checkpoints have 24.

LONG = "the cat sat " * 20


def test_truncation_keeps_the_marks(folder):
    place = folder("bert", word_list())
    refusal(place, "62", "24", "`truncate`", text=LONG)
    tokens = tokens_of(place, LONG, truncate=True)
    assert tokens.ids.tolist() == [CLS, *([THE, CAT, SAT] * 8)[:22], SEP]
    assert tokens_of(place, "the cat", truncate=True) == tokens_of(place, "the cat")


def test_truncation_of_a_pair_keeps_some_of_both(folder):
    place = folder("bert", word_list())
    tokens = tokens_of(place, LONG, pair="it was tired", truncate=True)
    assert len(tokens) == 24
    assert tokens.pieces[-5:] == ("[SEP]", "it", "was", "tired", "[SEP]")
    assert tokens.ids[[0, 19]].tolist() == [CLS, SEP]
    assert tokens.slices()[-4:-1] == ["it", "was", "tired"]


def test_truncation_without_marks(folder):
    tokens = tokens_of(folder("gpt2", byte_pairs(NO_MARKS)), "the" + " cat" * 30, truncate=True)
    assert tokens.pieces == ("the", *["Ġcat"] * 23)


def test_truncation_leaves_room_for_the_decoders_start(folder):
    place = folder("bart", byte_pairs(NO_MARKS))
    record = attnviz.trace("the cat " * 20, source="the cat " * 20, model=place, truncate=True)
    source, target = record.stacks["encoder"].key_tokens, record.stacks["decoder"].key_tokens
    assert len(source) == len(target) == 24
    assert target.ids[0] == 2
    assert target.pieces[1:3] == ("the", "Ġcat")


def test_truncation_leaves_room_for_the_languages(folder):
    place = folder("mbart", save(many_languages(["en_XX", "ar_AR"])), decoder_start_token_id=2)
    record = attnviz.trace(
        LONG, source=LONG, source_lang="en_XX", target_lang="ar_AR", model=place, truncate=True
    )
    source, target = record.stacks["encoder"].key_tokens, record.stacks["decoder"].key_tokens
    assert len(source) == 24
    assert (source.pieces[0], source.pieces[-1]) == ("en_XX", "</s>")
    assert target.pieces[:3] == ("</s>", "ar_AR", "▁the")
    assert 23 <= len(target) <= 24


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("bert", {"text": LONG}),
        ("bert", {"text": LONG, "pair": "it was tired"}),
        ("bert", {"text": "it was tired", "pair": LONG}),
        ("bart", {"text": "the cat", "source": LONG}),
        ("bart", {"text": LONG, "source": "the cat"}),
    ],
)
def test_that_a_text_was_cut_is_in_the_record(folder, case, options):
    options, place = dict(options), folder(case, word_list())
    whole = {name: "the cat" for name in options if name != "text"}
    assert attnviz.trace(model=place, truncate=True, **options).settings["truncated"]
    record = attnviz.trace("the cat sat", model=place, truncate=True, **whole)
    assert "truncated" not in record.settings


# Languages.


@pytest.fixture
def translator(folder):
    return folder("m2m_100", save(many_languages()))


def test_languages_stand_before_source_and_target(translator):
    record = attnviz.trace(
        "mouch gles", source="the cat sat", target_lang="ary_Arab", source_lang="eng_Latn",
        model=translator,
    )  # fmt: skip
    source, target = record.stack.key_tokens, record.stack.query_tokens
    assert source.labels == ("eng_Latn", "the", "cat", "sat", "</s>")
    assert source.ids.tolist() == [11, 4, 5, 6, 2]
    assert source.special.tolist() == [True, False, False, False, True]
    assert [piece.strip() for piece in source.slices()] == ["", "the", "cat", "sat", ""]
    assert target.labels == ("</s>", "ary_Arab", "mouch", "gles")
    assert target.ids.tolist() == [2, 12, 7, 8]
    assert target.special.tolist() == [True, True, False, False]
    assert [piece.strip() for piece in target.slices()] == ["", "", "mouch", "gles"]
    assert (source.text, target.text) == ("the cat sat", "mouch gles")
    assert record.stacks["encoder"].query_tokens == source
    assert record.stacks["decoder"].key_tokens == target
    given = attnviz.trace(ids=target.ids.tolist(), source_ids=source.ids.tolist(), model=translator)
    assert np.array_equal(given.stack.weights, record.stack.weights)


def test_codes_may_stand_between_underlines(folder):
    place = folder("m2m_100", save(many_languages(["__en__", "__ar__"])))
    record = attnviz.trace(
        "mouch", source="cat", target_lang="ar", source_lang="__en__", model=place
    )
    assert record.stack.key_tokens.pieces[0] == "__en__"
    assert record.stack.query_tokens.pieces[:2] == ("</s>", "__ar__")


# "en" and "▁cat" are pieces of words
@pytest.mark.parametrize("language", ["ary_arab", "dar", "", "en", "▁cat", "</s>"])
@pytest.mark.parametrize("option", ["target_lang", "source_lang"])
def test_an_unknown_language_lists_those_that_are_known(translator, language, option):
    said = refusal(translator, *LANGUAGES, source="the cat", **{option: language})
    assert f'"{language}"' in said
    if language == "ary_arab":
        assert said.index("ary_Arab") < said.index("eng_Latn")


def test_a_tokenizer_without_an_end_has_no_languages(folder):
    place = folder("m2m_100", save(many_languages(end="<end>")))
    refusal(place, "</s>", source="the cat", source_lang="eng_Latn")


def test_languages_are_for_models_that_know_them(folder):
    place = folder("bert", word_list())
    refusal(place, "`source_lang`", source_lang="eng_Latn")
    refusal(place, "lang", target_lang="ary_Arab")


# sentencepiece's files, written by hand after sentencepiece_model.proto.

LIKELY = (("<pad>", 0, 3), ("</s>", 0, 3), ("<unk>", 0, 2), ("▁the", -1, 1), ("▁", -4, 1))
LIKELY += (("▁cat", -2, 1), ("c", -5, 1), ("at", -3, 1))


def pieces_file(pieces=LIKELY):
    def field(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    def piece(text, score, kind):
        return field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind])

    settings = field(2, b"\x18\x01") + field(3, b"\x18\x01\x20\x01")
    return b"".join(field(1, piece(*each)) for each in pieces) + settings


def test_likeliest_pieces_in_the_frame_of_t5(folder):
    files = {"spiece.model": pieces_file(), "tokenizer_config.json": '{"extra_ids": 0}'}
    record = attnviz.trace("the cat", source="the  cat x", model=folder("t5", files))
    assert record.stack.key_tokens.ids.tolist() == [3, 5, 4, 2, 1]
    assert record.stack.key_tokens.labels == ("the", "cat", "␠", "x", "</s>")


@pytest.mark.parametrize("name", ["DebertaV2Tokenizer", "LlamaTokenizer"])
def test_pieces_of_a_class_whose_frame_is_not_known_or_has_no_such_mark(folder, name):
    files = {"spiece.model": pieces_file()}
    files["tokenizer_config.json"] = json.dumps({"tokenizer_class": name})
    refusal(folder("bert", files))


@pytest.mark.slow
def test_broken_files_of_pieces_end_in_one_line(tmp_path):
    whole, generator = pieces_file(), np.random.RandomState(3)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    for n in range(2000):
        data = bytearray(whole[: generator.randint(len(whole) + 1)] if n % 2 else whole)
        for _ in range(generator.randint(4)):
            if data:
                data[generator.randint(len(data))] = generator.randint(256)
        (tmp_path / "spiece.model").write_bytes(data)
        with suppress(AttnvizError):  # any other error fails
            find_tokenizer(tmp_path)
