"""Sentence pieces inside a GGUF file against the sentencepiece library that trained them."""

import io

import pytest
import sentencepiece

from attnviz.models.checkpoint.folder import open_checkpoint
from tests.files.test_gguf import a_list
from tests.models import gguf_files
from tests.reference import checkpoints

ROWS = [
    "The cat sat on the mat because it was tired.", "القطة جالسة فوق الزربية حيت عيانة",
    "l9atta gals fo9 zzarbiya 7it 3yat", "Le chat s'est assis sur le tapis.", "猫坐在垫子上",
    "Yesterday my brother bought three kilos of fish in Rabat.", "3.14 % of 1,250 = 31.4",
    "def f(x):\n\treturn x ** 2", "Naïve Karadžić ﬁnds ﷽ 🇲🇦 🫖 — “quoted” …", "a" * 40,
]  # fmt: skip
TEXTS = [*ROWS, " ".join(ROWS), "ab", "x", "unknown ⵣ ꧁ letters", "two  spaces", "a\nb"]


def trained(kind, **options):
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(ROWS * 20), model_writer=written, model_type=kind, vocab_size=420,
        character_coverage=0.98, minloglevel=2, **options,
    )  # fmt: skip
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())


def kind_of(processor, n):
    """The format's number for a kind of piece."""
    tests = (processor.is_unknown, processor.is_control, lambda _: False, processor.is_unused,
             processor.is_byte)  # fmt: skip
    return next((place for place, is_one in enumerate(tests, 2) if is_one(n)), 1)


def in_a_file(processor, folder, model, extra=(), **more):
    tokens = [(processor.id_to_piece(n), kind_of(processor, n)) for n in range(len(processor))]
    pairs = gguf_files.vocabulary(
        model, tokens, scores=[processor.get_score(n) for n in range(len(processor))],
        unknown_token_id=processor.unk_id(), bos_token_id=processor.bos_id(),
        eos_token_id=processor.eos_id(), **more,
    )  # fmt: skip
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    content = gguf_files.packed(
        [*gguf_files.keys(config), *pairs, *extra], gguf_files.tensors(config, arrays)
    )
    (folder / "m.gguf").write_bytes(content)
    return open_checkpoint(folder / "m.gguf").open_tokenizer()


def assert_same_ids(processor, tokenizer, before=(), after=()):
    for text in TEXTS:
        due = [*before, *processor.encode(text), *after]
        assert tokenizer.encode(text).ids == due, text


@pytest.mark.parametrize("prefix", [True, False])
@pytest.mark.parametrize("bytes_too", [True, False])
def test_pieces_merged_by_score(tmp_path, prefix, bytes_too):
    processor = trained(
        "bpe", byte_fallback=bytes_too, add_dummy_prefix=prefix, remove_extra_whitespaces=False,
        normalization_rule_name="identity",
    )  # fmt: skip
    tokenizer = in_a_file(processor, tmp_path, "llama", add_space_prefix=prefix)
    assert_same_ids(processor, tokenizer, [processor.bos_id()])


def parts(message):
    """Field number → value of a protobuf message: bytes, or a whole number."""
    found, place = {}, 0

    def varint():
        nonlocal place
        n = shift = 0
        while True:
            byte = message[place]
            place += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while place < len(message):
        key = varint()
        if key & 7 == 2:
            size = varint()
            found[key >> 3] = message[place : place + size]
            place += size
        else:
            found[key >> 3] = varint() if key & 7 == 0 else None
            place += {1: 8, 5: 4}.get(key & 7, 0)
    return found


@pytest.mark.parametrize("squeezed", [True, False])
@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity"])
def test_the_likeliest_pieces(tmp_path, squeezed, rule):
    processor = trained(
        "unigram", remove_extra_whitespaces=squeezed, normalization_rule_name=rule,
        hard_vocab_limit=False,
    )  # fmt: skip
    charsmap = parts(parts(processor.serialized_model_proto())[3]).get(2, b"")
    assert bool(charsmap) == (rule != "identity")
    pairs = [("tokenizer.ggml.precompiled_charsmap", a_list(0, [bytes([n]) for n in charsmap]))]
    tokenizer = in_a_file(
        processor, tmp_path, "t5", pairs if charsmap else [], remove_extra_whitespaces=squeezed
    )
    assert_same_ids(processor, tokenizer, after=[processor.eos_id()])
