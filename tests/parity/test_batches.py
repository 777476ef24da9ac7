"""Texts that run together, against transformers' batches with padding."""

import os
import subprocess
import sys

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


COUNTED = """
import sys
import attnviz
texts = [" ".join("the cat sat on a mat and slept all day".split()[: 3 + i % 7]) for i in range(40)]
attnviz.survey(texts, model="minilm", workers=int(sys.argv[1])).save(sys.argv[2])
"""


def test_a_survey_has_the_same_bytes_with_any_number_of_processors(tmp_path):
    """What BLAS shares among threads it sums in another order: a chunk is one thread's alone."""
    found = []
    for name, workers, threads in (("a", 1, "1"), ("b", 1, "2"), ("c", 2, "2")):
        place = tmp_path / f"{name}.npz"
        environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", COUNTED, str(workers), str(place)]
        subprocess.run(command, env=environment, check=True)
        found.append(place.read_bytes())
    assert found[0] == found[1] == found[2]
