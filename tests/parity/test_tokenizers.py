"""Tokenizers of folders without tokenizer.json: ids against AutoTokenizer's."""

import json

import pytest
import sentencepiece
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from attnviz.models.checkpoint.sentencepiece import read_pieces
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from tests.parity.scripts import drawn

TEXTS = [
    "The cat sat on the mat.", "Café naïve ÉCOLE", "كِتَابٌ جميل", "3lash 7it l7ob d'l7anout",
    "12345 6",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ", "日本語 テスト", "a  b\n\nc\td", "the <user> cat<|endoftext|>x", "👍🏽 🇲🇦",
    "don't I'LL",
    "e\u0301 décomposé", "<|im_start|>user\nhi<|im_end|>", "[MASK] it [SEP]", "สวัสดี", "हिन्दी",
]  # fmt: skip
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "the", "cat"]
WORDS += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] + [
    "日",
    "語",
    ".",
    "'",
    "ك",
    "##ت",
]


def word_list(folder, name):
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    config = {"tokenizer_class": name}
    (folder / "added_tokens.json").write_text(json.dumps({"<user>": len(WORDS)}))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def marked_word_list(folder, name):
    word_list(folder, name)
    marks = dict(zip(WORDS[:5], ["<pad>", "[UNK]", "<s>", "</s>", "<mask>"], strict=True))
    (folder / "vocab.txt").write_text("\n".join(marks.get(word, word) for word in WORDS))


def byte_pairs(folder, name):
    merges = [
        ("t", "h"),
        ("th", "e"),
        ("Ġ", "c"),
        ("Ġc", "a"),
        ("1", "2"),
        ("Ġ", "t"),
        ("Ġt", "h"),
    ]
    pieces = [*bytes_to_unicode().values(), *("".join(pair) for pair in merges), "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}))
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}")
    marks = {"eos_token": "<|im_end|>"} if name == "Qwen2Tokenizer" else {}
    added = {"<|im_start|>": len(pieces), "<|im_end|>": len(pieces) + 1}
    decoder = {str(n): {"content": token, "special": True} for token, n in added.items()}
    config = {"tokenizer_class": name, "added_tokens_decoder": decoder, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def small_letters(folder, name):
    """CLIP's: the last letter of a word is another piece."""
    signs = [*bytes_to_unicode().values()]
    merges = [("t", "h"), ("th", "e</w>"), ("c", "a"), ("ca", "t</w>")]
    pieces = [*signs, *(f"{sign}</w>" for sign in signs), *("".join(pair) for pair in merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}))
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}))


def of_roberta(folder, name):
    merges = [("t", "h"), ("th", "e"), ("Ġ", "c"), ("Ġc", "a"), ("1", "2")]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *bytes_to_unicode().values()]
    pieces += [*("".join(pair) for pair in merges), "<mask>"]
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}))
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}))


KINDS = {
    "RobertaTokenizer": of_roberta, "BartTokenizer": of_roberta, "LEDTokenizer": of_roberta,
    "LongformerTokenizer": of_roberta, "ElectraTokenizer": word_list,
    "DistilBertTokenizer": word_list,
    "CLIPTokenizer": small_letters,
    "BertTokenizer": word_list, "MPNetTokenizer": marked_word_list, "GPT2Tokenizer": byte_pairs,
    "Qwen2Tokenizer": byte_pairs,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_ids_are_those_of_transformers(name, tmp_path):
    KINDS[name](tmp_path, name)
    expected = AutoTokenizer.from_pretrained(tmp_path)
    got = find_tokenizer(tmp_path)
    for text in [*TEXTS, *drawn()]:
        assert got.encode(text).ids == expected(text)["input_ids"], text
    assert got.encode("the cat", "it is").ids == expected("the cat", "it is")["input_ids"]


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def trained(request, tmp_path_factory):
    """A small vocabulary that sentencepiece trained."""
    place = tmp_path_factory.mktemp(request.param)
    (place / "text").write_text("\n".join(TEXTS * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(place / "text"), model_prefix=str(place / "made"), vocab_size=500,
        model_type=request.param, byte_fallback=request.param == "bpe", hard_vocab_limit=False,
        minloglevel=2, remove_extra_whitespaces=request.param == "unigram",
        normalization_rule_name="nmt_nfkc" if request.param == "unigram" else "identity",
    )  # fmt: skip
    return request.param, place / "made.model"


def test_pieces_are_those_of_sentencepiece(trained):
    kind, file = trained
    library = sentencepiece.SentencePieceProcessor(model_file=str(file))
    ours = read_pieces(file).tokenizer()
    for text in [*TEXTS, "unseen ξένος text", " two  spaces "]:
        assert ours.encode(text).ids == library.encode(text), (kind, text)


@pytest.mark.parametrize("trained", ["unigram"], indirect=True)
@pytest.mark.parametrize(
    ("name", "file"),
    [("T5Tokenizer", "spiece.model"), ("XLMRobertaTokenizer", "sentencepiece.bpe.model")],
)
def test_frames_are_those_of_transformers(trained, name, file, tmp_path):
    _, made = trained
    (tmp_path / file).write_bytes(made.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}))
    expected = AutoTokenizer.from_pretrained(tmp_path)
    got = find_tokenizer(tmp_path)
    for text in TEXTS:
        assert got.encode(text).ids == expected(text)["input_ids"], text
