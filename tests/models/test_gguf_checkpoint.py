"""GGUF files of the tiny checkpoints give what transformers computed from the originals."""

import json
import random
from contextlib import suppress

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.models.checkpoint.folder import open_checkpoint
from tests.files.test_gguf import TEXT, a_list, text, value
from tests.models import gguf_files
from tests.models.test_families import TOLERANCE, answers, apart, computed
from tests.reference import checkpoints

CASES = (
    "llama", "llama, llama3 rotation", "llama, linear rotation", "llama, yarn rotation", "qwen2",
    "qwen3", "phi3", "phi3, long rotation", "gemma", "gemma2", "gemma3_text", "bert",
    "nomic_bert",
)  # fmt: skip


def as_the_file_can_say(config, arrays):
    """The format has no divisor of scores but the root of a head's features: queries make up."""
    divided = config.pop("query_pre_attn_scalar", None)
    if divided is None:
        return
    grown = np.float32((config["head_dim"] / divided) ** 0.5)
    for name, array in arrays.items():
        if "q_norm" in name:  # a norm of 1 + weight
            arrays[name] = (1 + array) * grown - 1
        elif "q_proj" in name and config["model_type"] == "gemma2":
            arrays[name] = array * grown


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_those_of_transformers(case, tmp_path):
    file = gguf_files.write(case, tmp_path / "tiny.gguf", as_the_file_can_say)
    stored = checkpoints.expected(case)
    assert apart(computed(file, stored), answers(stored)) <= TOLERANCE


@pytest.mark.parametrize("case", ["llama", "gemma", "phi3, long rotation"])
def test_what_the_converter_changed_matters(case, tmp_path, monkeypatch):
    file = gguf_files.write(case, tmp_path / "tiny.gguf", as_the_file_can_say)
    from attnviz.models.checkpoint import gguf_checkpoint as read

    kind = read.ARCHITECTURES[case.partition(",")[0]]
    changed = read.replace(kind, change={})
    monkeypatch.setitem(read.ARCHITECTURES, case.partition(",")[0], changed)
    monkeypatch.setattr(read, "_factors", lambda *_: None)
    stored = checkpoints.expected(case)
    assert apart(computed(file, stored), answers(stored)) > 1e-3


def test_a_folder_with_one_gguf_file_is_that_file(tmp_path):
    gguf_files.write("qwen2", tmp_path / "any name.gguf")
    stored = checkpoints.expected("qwen2")
    assert apart(computed(tmp_path, stored), answers(stored)) <= TOLERANCE
    gguf_files.write("qwen2", tmp_path / "other.gguf")
    refusal(tmp_path, "any name.gguf", "other.gguf")
    checkpoints.write("llama", tmp_path)  # weights of transformers come first
    assert attnviz.load_model(str(tmp_path)).family == "llama"


def test_about_names_file_dtypes_and_licence(tmp_path):
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    pairs = gguf_files.keys(config)
    pairs.append(("general.license", value(TEXT, text("apache-2.0"))))
    (tmp_path / "tiny.gguf").write_bytes(
        gguf_files.packed(pairs, gguf_files.tensors(config, arrays))
    )
    about = attnviz.load_model(str(tmp_path / "tiny.gguf")).about()
    assert (about["name"], about["licence"]) == ("tiny.gguf", "apache-2.0")
    assert about["tokenizer"] is None
    assert json.loads(json.dumps(about))["dtypes"] == ["F32"]


def refusal(place, *named):
    with pytest.raises(AttnvizError) as caught:
        attnviz.load_model(str(place))
    assert "\n" not in str(caught.value)
    for name in named:
        assert name in str(caught.value)


WRONG = {
    "experts": ({"expert_count": 8}, "expert_count"),
    "an unknown key": ({"attention.scale": 0.5}, "llama.attention.scale"),
    "an unknown text": ({"activation": "swish2"}, "llama.activation"),
    "part of a head rotated": ({"rope.dimension_count": 4}, "rope.dimension_count"),
    "values of another width": ({"attention.value_length": 4}, "value_length"),
    "both ways": ({"attention.causal": False}, "attention.causal"),
    "no layers": ({"block_count": 0}, "num_hidden_layers"),
    "a billion layers": ({"block_count": 10**9}, "num_hidden_layers"),
    "no heads": ({"attention.head_count": 0}, "num_attention_heads"),
    "more layers than there are": ({"block_count": 3}, "layers.2"),
    "another width": ({"embedding_length": 128}, "shape"),
}


@pytest.mark.parametrize("name", WRONG)
def test_keys_that_are_not_followed_are_refused_by_name(name, tmp_path):
    more, named = WRONG[name]
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    content = gguf_files.packed(gguf_files.keys(config, more), gguf_files.tensors(config, arrays))
    (tmp_path / "tiny.gguf").write_bytes(content)
    refusal(tmp_path / "tiny.gguf", named)


def test_heads_that_differ_from_layer_to_layer_are_refused_and_equal_ones_read(tmp_path):
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    for second, loads in ((1, False), (config["num_key_value_heads"], True)):
        each = a_list(4, [n.to_bytes(4, "little") for n in (config["num_key_value_heads"], second)])
        pairs = [p for p in gguf_files.keys(config) if not p[0].endswith("head_count_kv")]
        pairs.append(("llama.attention.head_count_kv", each))
        content = gguf_files.packed(pairs, gguf_files.tensors(config, arrays))
        (tmp_path / "tiny.gguf").write_bytes(content)
        if loads:
            stored = checkpoints.expected("llama")
            assert apart(computed(tmp_path / "tiny.gguf", stored), answers(stored)) <= TOLERANCE
        else:
            refusal(tmp_path / "tiny.gguf", "head_count_kv", "differs")


def test_another_architecture_and_unknown_tensors_are_named(tmp_path):
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    found = gguf_files.tensors(config, arrays)
    pairs = gguf_files.keys(config | {"model_type": "mamba"})
    (tmp_path / "a.gguf").write_bytes(gguf_files.packed(pairs, found))
    refusal(tmp_path / "a.gguf", "mamba", "llama, qwen2")
    found["blk.0.ssm_in.weight"] = np.float32([1])
    (tmp_path / "a.gguf").write_bytes(gguf_files.packed(gguf_files.keys(config), found))
    refusal(tmp_path / "a.gguf", "ssm_in")


def tokenizer_of(tmp_path, pairs):
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    file = tmp_path / "t.gguf"
    file.write_bytes(
        gguf_files.packed(gguf_files.keys(config) + pairs, gguf_files.tensors(config, arrays))
    )
    return open_checkpoint(file).open_tokenizer()


BYTES = [chr(n) for n in range(33, 127)] + ["Ġ", "Ċ"]
PIECES = [("<s>", 3), ("</s>", 3), *((b, 1) for b in BYTES), ("Ġt", 1), ("he", 1), ("Ġthe", 1),
          ("12", 1), ("<tool>", 4)]  # fmt: skip
MERGES = ["Ġ t", "h e", "Ġt he", "1 2"]


def pieces(tokenizer, given):
    return tokenizer.encode(given).tokens


def test_byte_pairs_are_merged_after_the_rule_that_the_file_names(tmp_path):
    more = {"merges": MERGES, "bos_token_id": 0, "eos_token_id": 1}
    smollm = tokenizer_of(tmp_path, gguf_files.vocabulary("gpt2", PIECES, pre="smollm", **more))
    assert pieces(smollm, "a the 12</s>") == ["a", "Ġthe", "Ġ", "1", "2", "</s>"]
    gpt2 = tokenizer_of(tmp_path, gguf_files.vocabulary("gpt2", PIECES, pre="gpt-2", **more))
    assert pieces(gpt2, "a the 12<tool>") == ["a", "Ġthe", "Ġ", "12", "<tool>"]
    llama3 = tokenizer_of(tmp_path, gguf_files.vocabulary("gpt2", PIECES, pre="llama-bpe", **more))
    assert pieces(llama3, "a the 12") == ["<s>", "a", "Ġthe", "Ġ", "12"]
    more |= {"add_bos_token": True, "add_eos_token": True}
    framed = tokenizer_of(tmp_path, gguf_files.vocabulary("gpt2", PIECES, pre="gpt-2", **more))
    assert pieces(framed, "the") == ["<s>", "t", "he", "</s>"]


def test_word_pieces_are_marked_as_bert_marks_them(tmp_path):
    tokens = [("[PAD]", 3), ("[UNK]", 3), ("[CLS]", 3), ("[SEP]", 3), ("▁the", 1), ("▁cat", 1),
              ("s", 1), ("▁.", 1)]  # fmt: skip
    more = {"cls_token_id": 2, "seperator_token_id": 3, "unknown_token_id": 1}
    tokenizer = tokenizer_of(tmp_path, gguf_files.vocabulary("bert", tokens, **more))
    assert pieces(tokenizer, "The cats. dog") == [
        "[CLS]", "the", "cat", "##s", ".", "[UNK]", "[SEP]"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([], "no tokens"),
        (gguf_files.vocabulary("rwkv", PIECES), "rwkv"),
        (gguf_files.vocabulary("gpt2", PIECES, pre="new-bpe", merges=MERGES), "new-bpe"),
        (gguf_files.vocabulary("gpt2", PIECES, pre="gpt-2", merges=["x y"]), "cannot be used"),
        (gguf_files.vocabulary("gpt2", PIECES, pre="gpt-2", merges=["x y z"]), "cannot be used"),
        (gguf_files.vocabulary("gpt2", PIECES, pre="gpt-2", merges=3), "cannot be used"),
    ],
)
def test_tokenizers_that_are_not_read_are_named(tmp_path, pairs, named):
    with pytest.raises(AttnvizError, match=named) as caught:
        tokenizer_of(tmp_path, pairs)
    assert "`tokenizer`" in str(caught.value)


def test_sentence_pieces_are_merged_by_their_scores(tmp_path):
    tokens = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("<0x0A>", 6), ("<0xC3>", 6), ("<0xA9>", 6),
              ("▁", 1), ("a", 1), ("b", 1), ("ab", 1), ("▁a", 1), ("▁ab", 1),
              ("ba", 1)]  # fmt: skip
    more = {"unknown_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    scores = [0.0] * 6 + [-6.0, -7.0, -8.0, -3.0, -2.0, -4.0, -1.0]
    pairs = gguf_files.vocabulary("llama", tokens, scores=scores, **more)
    tokenizer = tokenizer_of(tmp_path, pairs)
    # "ba" is the best, then "▁a": of ▁ a b a b, b a is merged first
    assert pieces(tokenizer, "abab") == ["<s>", "▁a", "ba", "b"]
    assert pieces(tokenizer, "a\né</s>") == ["<s>", "▁a", "<0x0A>", "<0xC3>", "<0xA9>", "</s>"]
    plain = gguf_files.vocabulary("llama", tokens, scores=scores, add_space_prefix=False, **more)
    assert pieces(tokenizer_of(tmp_path, plain), "ab a") == ["<s>", "ab", "▁a"]


def test_the_likeliest_sentence_pieces(tmp_path):
    tokens = [("<unk>", 2), ("</s>", 3), ("▁", 1), ("a", 1), ("b", 1), ("ab", 1), ("▁a", 1)]
    scores = [0.0, 0.0, -3.0, -2.0, -2.5, -3.0, -4.0]
    more = {"unknown_token_id": 0, "eos_token_id": 1}
    tokenizer = tokenizer_of(tmp_path, gguf_files.vocabulary("t5", tokens, scores=scores, **more))
    # ▁ + ab is -6, ▁a + b is -6.5
    assert pieces(tokenizer, " ab   a ") == ["▁", "ab", "▁a", "</s>"]


def mutated_headers(seed, n):
    """The files of three kinds of tokenizers, a few bytes of their headers changed."""
    config, arrays = checkpoints.config("llama"), checkpoints.tensors("llama")
    size = checkpoints.config("llama")["vocab_size"]
    tokens = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("<0x0A>", 6), ("▁", 1), ("a", 1), ("ab", 1)]
    tokens += [(f"{n}", 1) for n in range(size - len(tokens))]
    more = {"unknown_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    scores = [-float(n) for n in range(size)]
    kinds = (
        gguf_files.vocabulary("gpt2", tokens, pre="smollm", merges=["a b"], **more),
        gguf_files.vocabulary("llama", tokens, scores=scores, **more),
        gguf_files.vocabulary("t5", tokens, scores=scores, **more),
    )
    generator = random.Random(seed)
    for _ in range(n):
        pairs = gguf_files.keys(config) + generator.choice(kinds)
        content = bytearray(gguf_files.packed(pairs, gguf_files.tensors(config, arrays)))
        for _ in range(generator.choice([1, 1, 2, 4])):
            byte = generator.choice([0, 1, 255, generator.randrange(256)])
            content[generator.randrange(8, generator.choice([600, 4000]))] = byte
        yield bytes(content)


def loads_or_refuses(file):
    """Open a file and trace a text; anything but a refusal passes on. Whether it went well."""
    with suppress(AttnvizError):
        attnviz.trace("ab a 12", model=str(file))
        return True
    return False


def test_any_header_loads_or_is_refused(tmp_path):
    found = []
    for content in mutated_headers(1, 40):
        (tmp_path / "m.gguf").write_bytes(content)
        found.append(loads_or_refuses(tmp_path / "m.gguf"))
    assert {True, False} == set(found)


@pytest.mark.slow
def test_two_thousand_headers_load_or_are_refused(tmp_path):
    for content in mutated_headers(2, 2000):
        (tmp_path / "m.gguf").write_bytes(content)
        loads_or_refuses(tmp_path / "m.gguf")


def test_scores_of_other_tokens_are_refused(tmp_path):
    pairs = gguf_files.vocabulary("llama", PIECES, scores=[0.0])
    with pytest.raises(AttnvizError, match=r"scores of each token"):
        tokenizer_of(tmp_path, pairs)
