"""Knock-outs, patching, the lens and direct attribution against TransformerLens."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools.analysis.direct_logit_attribution import direct_logit_attribution
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

import attnviz
from attnviz.tracing.lens import lens

IDS = [3, 17, 5, 40, 11, 29, 8, 33, 21]
OTHER = [3, 17, 9, 40, 11, 29, 50, 33, 21]
LAYERS, HEADS = 3, 4
LLAMA = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8,
}  # fmt: skip
MODELS = {
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=60, n_embd=32, n_layer=LAYERS, n_head=HEADS, n_positions=32)
    ),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**LLAMA)),
}


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    """A checkpoint's folder, and the same model under TransformerLens's hooks."""
    torch.manual_seed(7)
    found = MODELS[request.param]().eval()
    found.set_attn_implementation("eager")
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"  # theirs asks for a tokenizer
    found.save_pretrained(ours)
    found.save_pretrained(theirs)
    words = Tokenizer(WordLevel({str(i): i for i in range(60)}, unk_token="0"))
    words.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="1").save_pretrained(theirs)
    bridge = TransformerBridge.boot_transformers(str(theirs), hf_model=found, device="cpu")
    return request.param, ours, bridge


def log_shares(bridge, ids, hooks=()):
    with torch.no_grad():
        logits = bridge.run_with_hooks(torch.tensor([ids]), fwd_hooks=[*hooks])
    return logits[0, -1].double().log_softmax(-1).numpy()


def with_head(layer, head, instead):
    """A hook that puts something in the place of what one head gives."""

    def hook(z, hook):  # noqa: ARG001 the library names it
        z = z.clone()
        z[:, :, head] = instead
        return z

    return (f"blocks.{layer}.attn.hook_z", hook)


def test_heads_that_are_taken_away(model):
    _, folder, bridge = model
    clean = log_shares(bridge, IDS)
    found = attnviz.effects(ids=IDS, model=str(folder), by="zero").table
    for layer, head in np.ndindex(LAYERS, HEADS):
        without = log_shares(bridge, IDS, [with_head(layer, head, 0.0)])
        wanted = float((np.exp(clean) * (clean - without)).sum())
        assert found[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)


def test_heads_of_another_text(model):
    _, folder, bridge = model
    clean = log_shares(bridge, IDS)
    _, cache = bridge.run_with_cache(torch.tensor([OTHER]))
    found = attnviz.effects(ids=IDS, other_ids=OTHER, model=str(folder), by="text").table
    for layer, head in np.ndindex(LAYERS, HEADS):
        z = cache[f"blocks.{layer}.attn.hook_z"][:, :, head].detach()
        patched = log_shares(bridge, IDS, [with_head(layer, head, z)])
        wanted = float((np.exp(clean) * (clean - patched)).sum())
        assert found[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)


def test_every_depth(model):
    _, folder, bridge = model
    with torch.no_grad():
        _, cache = bridge.run_with_cache(torch.tensor([IDS]))
        streams = [cache[f"blocks.{i}.hook_resid_pre"] for i in range(LAYERS)]
        streams.append(cache[f"blocks.{LAYERS - 1}.hook_resid_post"])
        logits = [bridge.unembed(bridge.ln_final(one))[0, -1] for one in streams]
    found = lens(ids=IDS, model=str(folder))
    answer = int(logits[-1].argmax())
    for depth, one in zip(found.depths, logits, strict=True):
        wanted = float(one.double().softmax(-1)[answer])
        assert depth.probability == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("model", ["llama"], indirect=True)
def test_what_each_head_adds(model):
    """Llama only: the library folds biases of values, and of the norm before them, out of heads."""
    _, folder, bridge = model
    answer, against = 12, 31
    bridge.enable_compatibility_mode()

    def ours(ids):
        return lens(
            ids=ids, model=str(folder), answer=str(answer), against=str(against)
        ).attribution.heads

    def theirs(ids):
        found = direct_logit_attribution(
            bridge, torch.tensor([ids]), torch.tensor([answer]), torch.tensor([against]),
            unit="head",
        )  # fmt: skip
        shares = dict(zip(found.labels, found.attribution.flatten().tolist(), strict=True))
        return np.array([[shares[f"L{i}H{j}"] for j in range(HEADS)] for i in range(LAYERS)])

    mine, wanted = ours(IDS), theirs(IDS)
    np.testing.assert_allclose(mine, wanted, atol=1e-5 * max(np.abs(wanted).max(), 1))
