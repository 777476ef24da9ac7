"""Texts that run together have the numbers of single runs."""

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from tests.reference import checkpoints

CASES = [
    "bert", "roberta", "distilbert", "mpnet", "electra", "albert", "modernbert", "gpt2", "gpt_neo",
    "gpt_neox", "llama", "gemma2", "t5", "bart",
]  # fmt: skip
# Whose first token sees all, and whose experts take only so many tokens of a text.
ALONE = {"longformer", "led", "switch_transformers", "nllb-moe"}
OTHERS = [  # the first case of every other model_type
    pytest.param(case, marks=pytest.mark.slow)
    for kind, case in {
        checkpoints.config(case)["model_type"]: case for case in reversed(checkpoints.CASES)
    }.items()
    if not {kind, case} & {*CASES, *ALONE}
]
# Of a few whose weights are so peaked that float32 itself is off by more than 1e-6: ModernBERT's
# are on processors without AVX-512 kernels.
PEAKED = 2e-6
IDS = [[5, 17, 60, 3], [9, 8, 30, 2, 9, 8, 44], [41], [7, 7, 12, 13, 14, 15, 20, 21, 22]]


@pytest.mark.parametrize("case", [*CASES, *OTHERS])
def test_every_family(case, tmp_path):
    checkpoints.write(case, tmp_path / "model")
    model = attnviz.load_model(tmp_path / "model")
    asked = [{"ids": ids} for ids in IDS]
    if model.reads_source:
        asked = [{"ids": ids, "source_ids": IDS[i - 1]} for i, ids in enumerate(IDS)]
    from attnviz.tracing.trace import trace_all

    ran = trace_all([(None, {"model": model, **one}) for one in asked])
    together = [record for records in ran for record in records]
    for record, one in zip(together, asked, strict=True):
        alone = attnviz.trace(model=model, **one)
        assert set(record.stacks) == set(alone.stacks)
        for name, stack in record.stacks.items():
            assert stack.query_tokens == alone.stacks[name].query_tokens
            off = 1e-6 if case in CASES and case != "modernbert" else PEAKED
            np.testing.assert_allclose(stack.weights, alone.stacks[name].weights, atol=off)
    assert model.runs_together


@pytest.mark.parametrize("case", sorted(ALONE))
def test_texts_run_one_after_the_other(case, tmp_path):
    checkpoints.write(case, tmp_path / "model")
    model = attnviz.load_model(tmp_path / "model")
    assert not model.runs_together
    records = attnviz.trace(texts=["a"], model="builtin")
    assert len(records) == 1


def test_texts_and_pairs_from_python():
    texts = ["the cat sat", ("le chat", "the cat"), "a"]
    records = attnviz.trace(texts=texts, heads=2)
    for record, text in zip(records, texts, strict=True):
        given = {"source": text[1]} if isinstance(text, tuple) else {}
        alone = attnviz.trace(text if isinstance(text, str) else text[0], heads=2, **given)
        assert record == alone


def test_keep_and_transform_hold_for_each():
    from attnviz.analysis.transform import Transform

    records = attnviz.trace(
        texts=["the cat sat on it", "a dog"],
        keep=("query",),
        transform=Transform(hide_special=True),
    )
    assert [record.stack.query.shape[2] for record in records] == [5, 2]


@pytest.mark.parametrize("texts", [["a cat", ""], ["a cat", 3], ["a", ("b", 2)]])
def test_a_text_that_cannot_be(texts):
    with pytest.raises(AttnvizError):
        attnviz.trace(texts=texts)


def test_texts_stand_alone():
    with pytest.raises(AttnvizError, match="texts"):
        attnviz.trace("a", texts=["b"])
