"""Deletion and insertion against transformers' attention masks."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

import attnviz
from attnviz.tracing.check import ONE_BY_ONE

IDS = [3, 17, 5, 40, 11, 29, 8, 33, 21]
SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(5)
    found = BertModel(BertConfig(**SIZES, intermediate_size=48)).eval()
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    found.save_pretrained(tmp_path)
    return found, tmp_path


def vector(model, hidden):
    mask = torch.ones(1, len(IDS), dtype=torch.long)
    mask[0, hidden] = 0
    with torch.no_grad():
        states = model(torch.tensor([IDS]), attention_mask=mask).last_hidden_state[0].double()
    mean = states[mask[0].bool()].mean(0)
    return mean / mean.norm()


def test_the_areas_are_those_of_masks(model):
    reference, folder = model
    clean = vector(reference, [])
    alone = [float(1 - clean @ vector(reference, [i])) for i in range(len(IDS))]
    order = np.argsort(-np.array(alone), kind="stable").tolist()
    steps = range(1, len(IDS))
    lost = [float(1 - clean @ vector(reference, order[:k])) for k in steps]
    back = [float(clean @ vector(reference, order[k:])) for k in steps]
    found = attnviz.check(ids=IDS, model=str(folder), measures=["weights"])
    assert found.one_by_one.name == ONE_BY_ONE
    assert found.one_by_one.curves.deletion[0] == pytest.approx(np.mean(lost), abs=1e-5)
    assert found.one_by_one.curves.insertion[0] == pytest.approx(np.mean(back), abs=1e-5)
