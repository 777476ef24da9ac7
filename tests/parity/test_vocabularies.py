"""Folders that hold nothing but the vocabulary of sentencepiece, of tiktoken or of Mistral: ids
against AutoTokenizer's, or against the library that owns the file."""

import base64
import functools
import io
import json

import pytest
import sentencepiece
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.integrations.mistral.tokenizer import MistralConverter

from attnviz.models.checkpoint.gguf_tokenizer import LLAMA3, QWEN2
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from tests.parity.scripts import drawn

TEXTS = drawn()
PAIR = ("the cat", "it is")
MASK = {"mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True}}


@functools.cache
def vocabulary(kind, size=1900, norm="nmt_nfkc", **options):
    """A small file of sentencepiece, trained on some of the texts."""
    lines = [line for text in TEXTS[:150] for line in text.splitlines() if line.strip()]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 6), model_writer=written, model_type=kind, vocab_size=size,
        minloglevel=2, hard_vocab_limit=False, character_coverage=0.98,
        normalization_rule_name=norm, **options,
    )  # fmt: skip
    return written.getvalue()


def marked(**ids):
    return functools.partial(vocabulary, "unigram", **ids)


OF_T5 = marked(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
FAIRSEQ = marked(unk_id=0, bos_id=1, eos_id=2)
ALBERT = marked(
    pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]"
)  # fmt: skip
DEBERTA = marked(
    pad_id=0, bos_id=1, eos_id=2, unk_id=3, bos_piece="[CLS]", eos_piece="[SEP]",
    unk_piece="[UNK]", pad_piece="[PAD]",
)  # fmt: skip
OF_BYTES = {"byte_fallback": True, "norm": "identity", "remove_extra_whitespaces": False}
LLAMA = functools.partial(vocabulary, "bpe", **OF_BYTES)
GEMMA = functools.partial(
    vocabulary, "bpe", **OF_BYTES, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
    bos_piece="<bos>", eos_piece="<eos>", user_defined_symbols="<mask>,▁▁",
)  # fmt: skip
KINDS = {
    "Albert": ("spiece.model", "albert", ALBERT, ({"do_lower_case": False, "keep_accents": True},)),
    "T5": ("spiece.model", "t5", OF_T5, ({"extra_ids": 7},)),
    "Pegasus": ("spiece.model", "pegasus", OF_T5, ()),
    "MBart": ("sentencepiece.bpe.model", "mbart", FAIRSEQ, ({"src_lang": "ar_AR"}, MASK)),
    "MBart50": ("sentencepiece.bpe.model", "mbart", FAIRSEQ, ({"src_lang": "gl_ES"},)),
    "Camembert": ("sentencepiece.bpe.model", "camembert", FAIRSEQ, (MASK,)),
    "XLMRoberta": ("sentencepiece.bpe.model", "xlm-roberta", FAIRSEQ, (MASK,)),
    "DebertaV2": (
        "spm.model", "deberta-v2", DEBERTA, ({"do_lower_case": True, "split_by_punct": True},),
    ),
    "Gemma": ("tokenizer.model", "gemma", GEMMA, ({"add_bos_token": True},)),
    "Llama": (
        "tokenizer.model", "llama", LLAMA,
        (
            {"add_bos_token": True, "legacy": True}, {"add_eos_token": True},
            {"add_bos_token": True, "add_prefix_space": False},
        ),
    ),
}  # fmt: skip
CASES = [
    pytest.param(name, says, id=f"{name}-{n}")
    for name, (*_, more) in KINDS.items()
    for n, says in enumerate([{}, *more])
]


def write(folder, model_type, says, **files):
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    (folder / "tokenizer_config.json").write_text(json.dumps(says))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)


def assert_same(expected, tokenizer, texts=TEXTS):
    for text in texts:
        assert tokenizer.encode(text).ids == expected(text), text


def ids_of(tokenizer, **how):
    return lambda text: tokenizer(text, **how)["input_ids"]


@pytest.mark.parametrize(("name", "says"), CASES)
def test_one_file_of_sentencepiece(name, says, tmp_path):
    file, model_type, made, _ = KINDS[name]
    write(tmp_path, model_type, {"tokenizer_class": f"{name}Tokenizer", **says})
    (tmp_path / file).write_bytes(made())
    expected = AutoTokenizer.from_pretrained(tmp_path)
    got = find_tokenizer(tmp_path)
    assert_same(ids_of(expected), got)
    assert got.encode(*PAIR).ids == expected(*PAIR)["input_ids"]


@pytest.mark.parametrize("name", ["Albert", "T5", "Pegasus", "MBart", "Camembert", "XLMRoberta"])
def test_the_type_of_the_model_says_the_class_where_nothing_else_does(name, tmp_path):
    file, model_type, made, _ = KINDS[name]
    write(tmp_path, model_type, {})
    (tmp_path / file).write_bytes(made())
    assert_same(ids_of(AutoTokenizer.from_pretrained(tmp_path)), find_tokenizer(tmp_path))


def test_nllb(tmp_path):
    """AutoTokenizer knows no codes where a folder has this file alone: only the text is its own.
    The published vocabulary of 256,000 pieces gives eng_Latn the id 256,047."""
    write(tmp_path, "m2m_100", {"tokenizer_class": "NllbTokenizer", "src_lang": "ary_Arab"})
    (tmp_path / "sentencepiece.bpe.model").write_bytes(vocabulary("bpe"))
    expected = AutoTokenizer.from_pretrained(tmp_path)
    got = find_tokenizer(tmp_path)
    for text in TEXTS:
        if "<mask>" not in text:
            assert got.encode(text).ids[1:] == expected(text)["input_ids"][1:], text
    n_pieces = len(sentencepiece.SentencePieceProcessor(model_proto=vocabulary("bpe")))
    assert got.token_to_id("eng_Latn") == n_pieces + 47
    assert got.encode("x").tokens[0] == "ary_Arab"


LANGUAGES = [">>fra<< hello the cat", ">>ary<<the cat", ">>xyz<< the cat", "a >>fra<< b"]


def numbers(kind, *before, after=()):
    """Ids for most pieces; the others are unknown."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=vocabulary(kind))
    listed = [pieces.id_to_piece(n) for n in range(3, len(pieces)) if n % 7]
    names = dict.fromkeys([*before, *listed, *after])
    return json.dumps({piece: n for n, piece in enumerate(names)}).encode()


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_m2m_100(kind, tmp_path):
    write(
        tmp_path, "m2m_100", {"tokenizer_class": "M2M100Tokenizer", "src_lang": "ar"},
        vocab__json=numbers(kind, "<s>", "<pad>", "</s>", "<unk>"),
        sentencepiece__bpe__model=vocabulary(kind),
    )  # fmt: skip
    assert_same(ids_of(AutoTokenizer.from_pretrained(tmp_path)), find_tokenizer(tmp_path))


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_marian(kind, tmp_path):
    write(
        tmp_path, "marian", {"tokenizer_class": "MarianTokenizer"},
        vocab__json=numbers(kind, "</s>", "<unk>", after=[">>fra<<", ">>ary<<", "<pad>"]),
        source__spm=vocabulary(kind), target__spm=vocabulary(kind, size=2100),
    )  # fmt: skip
    expected = AutoTokenizer.from_pretrained(tmp_path)
    texts = [*TEXTS, *LANGUAGES]
    assert_same(ids_of(expected), find_tokenizer(tmp_path, source=True), texts)
    target = find_tokenizer(tmp_path)
    assert_same(lambda text: expected(text_target=text)["input_ids"], target, texts)


def test_bytes(tmp_path):
    write(tmp_path, "t5", {"tokenizer_class": "ByT5Tokenizer"})
    expected = AutoTokenizer.from_pretrained(tmp_path)
    got = find_tokenizer(tmp_path)
    assert_same(ids_of(expected), got)
    assert got.encode(*PAIR).ids == expected(*PAIR)["input_ids"]
    assert got.get_vocab_size() == 384  # the embeddings of google/byt5-small


@functools.cache
def ranked():
    """Bytes, and what they are merged to, in order."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS * 3, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet)
    )
    signs = {sign: byte for byte, sign in bytes_to_unicode().items()}
    ordered = sorted(made.get_vocab().items(), key=lambda each: each[1])
    found = [bytes(signs[sign] for sign in piece) for piece, _ in ordered]
    return sorted(found, key=lambda piece: len(piece) > 1)


def lines():
    rows = (base64.b64encode(piece) + b" %d" % n for n, piece in enumerate(ranked()))
    return b"\n".join(rows) + b"\n"


def encoding(pattern, pieces):
    ranks = {piece: n for n, piece in enumerate(pieces)}
    return tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


@pytest.mark.parametrize("file", ["tiktoken.model", "tokenizer.model"])
def test_files_of_tiktoken(file, tmp_path):
    n = len(ranked())
    marks = {
        "added_tokens_decoder": {
            str(n): {"content": "<|begin_of_text|>", "special": True},
            str(n + 3): {"content": "<|end_of_text|>", "special": True},
        },
        "bos_token": "<|begin_of_text|>", "add_bos_token": True,
    }  # fmt: skip
    write(tmp_path, "llama", {"tokenizer_class": "LlamaTokenizer", **marks})
    (tmp_path / file).write_bytes(lines())
    got = find_tokenizer(tmp_path)
    texts = [text for text in TEXTS if "<s>" not in text]  # which are no marks of Llama 3
    library = encoding(LLAMA3, ranked())
    assert_same(lambda t: [n, *library.encode(t, disallowed_special=())], got, texts)
    assert_same(ids_of(AutoTokenizer.from_pretrained(tmp_path)), got, texts)
    assert got.encode("a<|end_of_text|>").ids[-1] == n + 3


def test_qwens_first_vocabulary(tmp_path):
    write(tmp_path, "llama", {"tokenizer_class": "QWenTokenizer"}, qwen__tiktoken=lines())
    library, got = encoding(QWEN2, ranked()), find_tokenizer(tmp_path)
    texts = [text for text in TEXTS if text.isascii() and "<|" not in text]
    assert_same(lambda t: library.encode(t, disallowed_special=()), got, texts)
    assert got.encode("<|im_end|>").ids == [len(ranked()) + 2]


TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def test_tekken(tmp_path):
    """The vocabulary is longer than what is used of it, as in the published files."""
    marks = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    says = {
        "config": {
            "pattern": TEKKEN, "num_vocab_tokens": len(ranked()), "default_vocab_size": 580,
            "default_num_special_tokens": 30, "version": "v7",
        },
        "vocab": [
            {"rank": n, "token_bytes": base64.b64encode(piece).decode(), "token_str": None}
            for n, piece in enumerate(ranked())
        ],
        "special_tokens": [
            {"rank": n, "token_str": mark, "is_control": True} for n, mark in enumerate(marks)
        ],
    }  # fmt: skip
    write(tmp_path, "mistral", {}, tekken__json=json.dumps(says).encode())
    got = find_tokenizer(tmp_path)
    library = encoding(TEKKEN, ranked()[:550])
    plain = [text for text in TEXTS if "<s>" not in text]
    due = lambda t: [1, *(n + 30 for n in library.encode(t, disallowed_special=()))]  # noqa: E731
    assert_same(due, got, plain)
    converted = MistralConverter(str(tmp_path / "tekken.json")).converted()
    assert_same(lambda t: [1, *converted.encode(t).ids], got)
    assert got.encode("[INST]<SPECIAL_29>").ids == [1, 3, 29]
