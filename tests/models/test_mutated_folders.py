"""Two thousand mutations of each file that lies beside a model's weights: read, or refused."""

import json
import random
from contextlib import suppress

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.inputs.text import encode
from attnviz.models.checkpoint.adapter import adapted, open_adapter
from attnviz.models.checkpoint.folder import open_checkpoint
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from tests.models.test_adapter import low_rank, names_of, save_adapter
from tests.models.test_tokenizer import word_list, word_piece
from tests.reference import checkpoints

TIMES = 2000
ODD = ("1e999", "-1", "null", "[]", "{}", '""', "true", "1" * 40, '"\\ud800"', "0.5", "[[[[]]]]")


def mutated(content, chance):
    """A few bytes changed, a part cut out or doubled, or a value of JSON replaced."""
    data = bytearray(content)
    kind = chance.randrange(4)
    if kind == 0 and data:
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 1:
        start, stop = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        data[start:stop] = data[start:stop] * chance.choice([0, 2])
    elif kind == 2:
        del data[chance.randrange(len(data) + 1) :]
    else:
        colons = [n for n, byte in enumerate(data) if byte == ord(":")]
        if colons:
            at = chance.choice(colons)
            ends = [n for n in range(at, len(data)) if data[n] in b",}"]
            data[at + 1 : ends[0] if ends else len(data)] = chance.choice(ODD).encode()
    return bytes(data)


def assert_read_or_refused(file, read, seed):
    whole, chance = file.read_bytes(), random.Random(seed)
    read()  # as it is, it can be read
    for _ in range(TIMES):
        file.write_bytes(mutated(whole, chance))
        with suppress(AttnvizError), np.errstate(all="ignore"):  # any other error fails
            read()
    file.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_adapters(tmp_path, name):
    config, tensors = checkpoints.config("llama"), checkpoints.tensors("llama")
    checkpoints.save(tmp_path / "base", config, tensors)
    pairs = low_rank(tensors, names_of("llama", "q_proj.weight"))
    rules = {"alpha_pattern": {"q_proj": 4}, "rank_pattern": {"q_proj": 4}}
    adapter = save_adapter(tmp_path / "mine", pairs, **rules)
    base = open_checkpoint(tmp_path / "base")

    def read():
        changed = adapted(base, open_adapter(adapter)).tensors
        for other in names_of("llama", "q_proj.weight"):
            assert np.asarray(changed.array(other)[:]).shape == tensors[other].shape

    assert_read_or_refused(adapter / name, read, 5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("tokenizer.json", {"tokenizer.json": word_piece().to_str()}),
        ("tokenizer_config.json", word_list(cls_token={"content": "[CLS]", "lstrip": True})),
        ("added_tokens.json", word_list() | {"added_tokens.json": json.dumps({"<user>": 22})}),
        (
            "special_tokens_map.json",
            word_list() | {"special_tokens_map.json": '{"mask_token": {"content": "[MASK]"}}'},
        ),
        ("vocab.txt", word_list()),
    ],
)
def test_tokenizers(tmp_path, name, files):
    for other, content in files.items():
        (tmp_path / other).write_text(content)

    def read():
        encode(find_tokenizer(tmp_path), "the unbelievable cat [MASK] 日")

    assert_read_or_refused(tmp_path / name, read, 6)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["bert", "llama"])
def test_configs(tmp_path, case):
    checkpoints.write(case, tmp_path)
    assert_read_or_refused(tmp_path / "config.json", lambda: attnviz.load_model(tmp_path), 7)


@pytest.mark.slow
def test_lists_of_modules_and_of_shards(tmp_path):
    checkpoints.write("bert", tmp_path / "0_Transformer")
    listed = [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    assert_read_or_refused(tmp_path / "modules.json", lambda: attnviz.load_model(tmp_path), 8)
    inner = tmp_path / "0_Transformer"
    (inner / "model.safetensors").rename(inner / "part.safetensors")
    names = checkpoints.tensors("bert")
    index = {"weight_map": dict.fromkeys(names, "part.safetensors")}
    (inner / "model.safetensors.index.json").write_text(json.dumps(index))
    file = inner / "model.safetensors.index.json"
    assert_read_or_refused(file, lambda: attnviz.load_model(inner), 9)
