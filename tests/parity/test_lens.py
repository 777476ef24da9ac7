"""Depths against transformers' hidden states, and shares of the answer against PyTorch."""

import numpy as np
import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from attnviz.tracing.lens import lens

IDS = [3, 17, 5, 40, 11, 29, 8, 33, 21]
LLAMA = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
         "intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}  # fmt: skip
MODELS = {
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=32, n_layer=3, n_head=4)),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**LLAMA)),
    "gemma2": lambda: Gemma2ForCausalLM(
        Gemma2Config(**LLAMA, sliding_window=4, final_logit_softcapping=None)
    ),
}


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    torch.manual_seed(5)
    found = MODELS[request.param]().eval()
    found.config._attn_implementation = "eager"
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    found.save_pretrained(tmp_path)
    return request.param, found, tmp_path


def parts(kind, reference):
    """The last norm, and the output map of each layer's heads."""
    if kind == "gpt2":
        body = reference.transformer
        return body.ln_f, [block.attn.c_proj for block in body.h]
    return reference.model.norm, [layer.self_attn.o_proj for layer in reference.model.layers]


def test_every_depth_against_hidden_states(model):
    kind, reference, folder = model
    norm, _ = parts(kind, reference)
    with torch.no_grad():
        states = reference(torch.tensor([IDS]), output_hidden_states=True).hidden_states
        normed = [norm(state[0, -1]) for state in states[:-1]] + [states[-1][0, -1]]
        wanted = torch.stack([reference.lm_head(x).double().softmax(-1) for x in normed]).numpy()
    found = lens(ids=IDS, model=str(folder), k=60)
    for depth, shares in zip(found.depths, wanted, strict=True):
        assert depth.rank == 1 + (shares > shares[wanted[-1].argmax()]).sum()
        for number, _, share in depth.candidates:
            assert share == pytest.approx(shares[number], abs=1e-5)


def test_what_each_head_adds_against_its_output(model):
    kind, reference, folder = model
    norm, maps = parts(kind, reference)
    seen = {}
    hooks = [
        one.register_forward_pre_hook(lambda _, args, layer=layer: seen.update({layer: args[0]}))
        for layer, one in enumerate(maps)
    ]
    last = {}
    hooks.append(norm.register_forward_pre_hook(lambda _, args: last.update(x=args[0])))
    with torch.no_grad():
        logits = reference(torch.tensor([IDS])).logits[0, -1].double()
    for hook in hooks:
        hook.remove()
    found = lens(ids=IDS, model=str(folder), answer=None, against=None)
    best = found.depths[-1].candidates[0][0]
    other = (best + 7) % 60
    found = lens(ids=IDS, model=str(folder), answer=str(best), against=str(other))
    assert found.attribution.total == pytest.approx(float(logits[best] - logits[other]), abs=1e-4)
    x = last["x"][0, -1].detach().double().requires_grad_()
    gap = (reference.lm_head.weight[best] - reference.lm_head.weight[other]).double()
    direction = frozen(kind, norm, x) @ gap.detach()
    for layer, one in enumerate(maps):
        weight = one.weight.detach().double()
        weight = weight if kind == "gpt2" else weight.T  # (heads × dim, width)
        for head in range(4):
            here = slice(8 * head, 8 * head + 8)
            before = direction
            if kind == "gemma2":  # what the heads give together is normed before it is added
                norm_after = reference.model.layers[layer].post_attention_layernorm
                before = frozen(kind, norm_after, seen[layer][0, -1].double() @ weight) @ direction
            wanted = float(seen[layer][0, -1, here].double() @ weight[here] @ before)
            assert found.attribution.heads[layer, head] == pytest.approx(wanted, abs=1e-5)


def frozen(kind, norm, x):
    """The linear map that the norm is when its scale is held: (width, width)."""
    x = x.detach()
    eye = torch.eye(len(x), dtype=torch.double)
    gamma = norm.weight.detach().double()
    if kind == "llama":
        return eye * gamma / torch.sqrt((x**2).mean() + norm.variance_epsilon)
    if kind == "gemma2":
        return eye * (1 + gamma) / torch.sqrt((x**2).mean() + norm.eps)
    centre = eye - 1 / len(x)
    return centre @ (eye * gamma) / torch.sqrt(x.var(unbiased=False) + norm.eps)


def test_the_sum_is_exact(model):
    _, _, folder = model
    best = lens(ids=IDS, model=str(folder)).depths[-1].candidates[0][0]
    found = lens(ids=IDS, model=str(folder), answer=str(best), against="3").attribution
    total = found.heads.sum() + found.rest.sum() + found.embedding + found.constant
    np.testing.assert_allclose(total, found.total, rtol=1e-9)
