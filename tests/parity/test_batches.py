"""Texts that run together, against transformers' batches with padding."""

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

import attnviz

TEXTS = [
    "The cat sat on the mat because it was tired",
    "A dog",
    "No.",
    "It rained all day long, and",
]


def test_minilm_in_batches():
    model = attnviz.load_model("minilm")
    place = str(model.checkpoint.place)
    theirs = AutoModel.from_pretrained(place, attn_implementation="eager").eval()
    fed = AutoTokenizer.from_pretrained(place)(TEXTS, return_tensors="pt", padding=True)
    with torch.no_grad():
        due = torch.stack(theirs(**fed, output_attentions=True).attentions, dim=1).numpy()
    for i, record in enumerate(attnviz.trace(texts=TEXTS, model=model)):
        n = int(fed["attention_mask"][i].sum())
        assert record.stack.shape == (n, n)
        np.testing.assert_allclose(record.stack.weights, due[i, :, :, :n, :n], atol=1e-5)
