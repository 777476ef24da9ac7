"""Vocabularies of several files or of none: Marian, M2M-100, ByT5, Mistral's and tiktoken's."""

import base64
import json
from contextlib import suppress

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.inputs.text import encode
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from tests.models.test_tokenizer import folder, pieces_file, refusal  # noqa: F401 a fixture

MARKS = (("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3))
SOURCE = (*MARKS, ("▁the", -1, 1), ("▁cat", -2, 1), ("▁", -4, 1), ("x", -5, 1))
TARGET = (*MARKS, ("▁le", -1, 1), ("▁ch", -2, 1), ("at", -3, 1), ("▁", -4, 1))
NUMBERS = {name: n for n, name in enumerate(
    ["</s>", "<unk>", "▁the", "▁cat", "▁le", "▁ch", "at", "▁", ">>fra<<", "<pad>"]
)}  # fmt: skip
MARIAN = {
    "source.spm": pieces_file(SOURCE), "target.spm": pieces_file(TARGET),
    "vocab.json": json.dumps(NUMBERS),
}  # fmt: skip


def test_marian_cuts_a_text_and_its_translation_by_two_files(folder):  # noqa: F811
    record = attnviz.trace("le chat", source=">>fra<< the cat x", model=folder("marian", MARIAN))
    source, target = record.stack.key_tokens, record.stack.query_tokens
    assert source.ids.tolist() == [8, 2, 3, 7, 1, 0]  # x has a piece and no number
    assert source.labels[:3] == (">>fra<<", "the", "cat")
    assert target.ids.tolist()[1:] == [4, 5, 6]


@pytest.mark.parametrize("name", MARIAN)
def test_a_file_of_several_that_is_missing_is_named(folder, name):  # noqa: F811
    files = {other: content for other, content in MARIAN.items() if other != name}
    refusal(folder("marian", files), name, "MarianTokenizer")


def test_m2m_100_has_its_languages_behind_the_vocabulary(folder):  # noqa: F811
    names = ["<s>", "<pad>", "</s>", "<unk>", "▁the", "▁cat"]
    files = {
        "sentencepiece.bpe.model": pieces_file(SOURCE),
        "vocab.json": json.dumps({name: n for n, name in enumerate(names)}),
        "tokenizer_config.json": json.dumps({"tokenizer_class": "M2M100Tokenizer"}),
    }
    tokenizer = find_tokenizer(folder("m2m_100", files))
    assert tokenizer.encode("the cat").ids == [6 + 18, 4, 5, 2]  # __en__ is the 19th
    assert tokenizer.encode("x").ids == [24, 3, 3, 2]


def test_a_byte_is_a_token(folder):  # noqa: F811
    files = {"tokenizer_config.json": json.dumps({"tokenizer_class": "ByT5Tokenizer"})}
    tokenizer = find_tokenizer(folder("t5", files))
    assert tokenizer.encode("aé").ids == [3 + 0x61, 3 + 0xC3, 3 + 0xA9, 1]
    assert tokenizer.encode("<extra_id_0>").ids == [259, 1]


def merged(*more):
    """All bytes, and what they are merged to."""
    return [*(bytes([n]) for n in range(256)), *more]


def tekken(marks, **config):
    pieces = merged(b"th", b"the")
    says = {
        "config": {"pattern": r"\p{L}+|[^\p{L}]", **config},
        "vocab": [{"token_bytes": base64.b64encode(piece).decode()} for piece in pieces],
    }
    if marks is not None:
        ranked = [{"rank": n, "token_str": mark} for n, mark in enumerate(marks)]
        says["special_tokens"] = ranked
    return {"tekken.json": json.dumps(says)}


@pytest.mark.parametrize(
    ("files", "before"),
    [
        (tekken(["<unk>", "<s>", "</s>"]), 3),
        (tekken(["<unk>", "<s>"], default_num_special_tokens=9, default_vocab_size=9 + 258), 9),
        (tekken(None), 20),  # the marks of files that name none
    ],
)
def test_mistrals_own_file(folder, files, before):  # noqa: F811
    tokenizer = find_tokenizer(folder("mistral", files))
    assert tokenizer.encode("theé").ids == [1, *(before + n for n in (257, 0xC3, 0xA9))]
    cut = json.loads(files["tekken.json"])
    cut["config"] |= {"default_num_special_tokens": before, "default_vocab_size": before + 257}
    tokenizer = find_tokenizer(folder("mistral", {"tekken.json": json.dumps(cut)}))
    assert tokenizer.encode("the").ids == [1, before + 256, before + ord("e")]


def ranks(pieces):
    rows = (base64.b64encode(piece) + b" %d\n" % n for n, piece in enumerate(pieces))
    return b"".join(rows)


def test_a_file_of_tiktoken_by_its_name_and_by_its_content(folder):  # noqa: F811
    for name in ("tiktoken.model", "tokenizer.model"):
        files = {name: ranks(merged(b"th", b"the"))}
        tokenizer = find_tokenizer(folder("llama", files))
        assert tokenizer.encode("the 1").ids == [257, 32, 49]
        (folder("llama", {}) / name).unlink()


def test_rules_of_tiktoken_that_are_not_known_are_named(folder):  # noqa: F811
    says = {"tokenizer_config.json": json.dumps({"tokenizer_class": "TikTokenTokenizer"})}
    refusal(folder("llama", {"tiktoken.model": ranks(merged())} | says), "TikTokenTokenizer")


BROKEN = {
    "tekken.json": [
        "", "{", "[]", "null", "{}", '{"config": {}}', '{"config": {"pattern": "("}, "vocab": []}',
        '{"config": {"pattern": "a", "default_num_special_tokens": 999999999999}, "vocab": []}',
        '{"config": {"pattern": "a"}, "vocab": [{"token_bytes": "!"}]}', '{"a":' * 40_000,
        '{"config": {"pattern": "a"}, "vocab": [], "special_tokens": [{"rank": 5}]}',
    ],
    "tiktoken.model": ["", "YQ==", "YQ== x", "YQ== 5", "YQ== 99999999999999", "!!! 0", "\0" * 99],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [(name, each) for name, all_of in BROKEN.items() for each in all_of]
)
def test_files_of_bytes_that_are_broken_end_in_one_line(folder, name, content):  # noqa: F811
    refusal(folder("llama", {name: content}))


def test_settings_that_number_a_token_far_away_are_refused(folder):  # noqa: F811
    says = {"added_tokens_decoder": {"4000000000": {"content": "<far>"}}}
    files = {"tiktoken.model": ranks(merged()), "tokenizer_config.json": json.dumps(says)}
    refusal(folder("llama", files), "4000000000")


HOSTILE = {
    "tokenizer.model": ("llama", {"tokenizer.model": ranks(merged(b"th"))}),
    "tekken.json": ("mistral", {k: v.encode() for k, v in tekken(["<unk>", "<s>"]).items()}),
    "source.spm": ("marian", MARIAN),
    "vocab.json": ("marian", MARIAN | {"vocab.json": MARIAN["vocab.json"].encode()}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_two_thousand_mutations_are_read_or_refused(tmp_path, name):
    model_type, files = HOSTILE[name]
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    for other, content in files.items():
        content = content if isinstance(content, bytes) else content.encode()
        (tmp_path / other).write_bytes(content)
    encode(find_tokenizer(tmp_path, source=True), "the cat é")  # as it is, it can be read
    whole, chance = (tmp_path / name).read_bytes(), np.random.RandomState(11)
    for n in range(2000):
        data = bytearray(whole[: chance.randint(len(whole) + 1)] if n % 3 == 0 else whole)
        for _ in range(chance.randint(5)):
            if data:
                data[chance.randint(len(data))] = chance.randint(256)
        (tmp_path / name).write_bytes(data)
        with suppress(AttnvizError):  # any other error fails
            encode(find_tokenizer(tmp_path, source=True), "the cat é")


def test_mbarts_languages_stand_behind_a_source_and_before_its_translation(folder):  # noqa: F811
    files = {
        "sentencepiece.bpe.model": pieces_file(SOURCE),
        "tokenizer_config.json": json.dumps({"tokenizer_class": "MBartTokenizer"}),
    }
    place = folder("mbart", files, decoder_start_token_id=None, bos_token_id=0)
    languages = {"source_lang": "ar_AR", "target_lang": "it_IT"}
    record = attnviz.trace("the cat", source="the cat x", model=place, **languages)
    n_pieces = 4 + 4  # fairseq's marks, and what sentencepiece has behind its own three
    assert record.stack.key_tokens.ids.tolist() == [4, 5, 6, 7, 2, n_pieces]  # x is "▁", "x"
    assert record.stack.query_tokens.ids.tolist() == [n_pieces + 10, 4, 5]
    usual = attnviz.trace("the cat", source="the cat", model=place).stack.key_tokens
    assert usual.labels[-2:] == ("</s>", "en_XX")
