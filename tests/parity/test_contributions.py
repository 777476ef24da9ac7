"""Contributions (ALTI) against PyTorch: every part T_i(x_j) is what a layer's attention part gives
when all but one token's values are zero and the scale of its norm is held."""

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    Gemma2Config,
    Gemma2Model,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
)

import attnviz

IDS = [3, 17, 5, 40, 11, 29, 8, 33]
SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
LLAMA = SIZES | {"intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}
MODELS = {
    "bert": lambda: BertModel(BertConfig(**SIZES, intermediate_size=48)),
    "gpt2": lambda: GPT2Model(GPT2Config(vocab_size=60, n_embd=32, n_layer=3, n_head=4)),
    "llama": lambda: LlamaModel(LlamaConfig(**LLAMA)),
    "gemma2": lambda: Gemma2Model(Gemma2Config(**LLAMA, sliding_window=4)),
}


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    torch.manual_seed(3)
    found = MODELS[request.param]().eval().double()
    found.set_attn_implementation("eager")
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    found.save_pretrained(tmp_path)
    return request.param, found, tmp_path


def layers_of(kind, model):
    """Per layer: value map, output map, the norm before values, the norm of what is added."""
    for layer in {"bert": lambda: model.encoder.layer, "gpt2": lambda: model.h}.get(
        kind, lambda: model.layers
    )():
        if kind == "bert":
            part = layer.attention
            yield layer, part.self.value, part.output.dense, None, part.output.LayerNorm
        elif kind == "gpt2":
            fused = layer.attn.c_attn

            def value(x, fused=fused):
                return fused(x)[..., 64:]

            yield layer, value, layer.attn.c_proj, layer.ln_1, None
        else:
            part = layer.self_attn
            after = layer.post_attention_layernorm if kind == "gemma2" else None
            yield layer, part.v_proj, part.o_proj, layer.input_layernorm, after


def expected(kind, model):
    inputs = []
    hooks = [
        one[0].register_forward_pre_hook(lambda _, args: inputs.append(args[0][0].detach()))
        for one in layers_of(kind, model)
    ]
    with torch.no_grad():
        weights = model(torch.tensor([IDS]), output_attentions=True).attentions
        for hook in hooks:
            hook.remove()
        passed = torch.eye(len(IDS), dtype=torch.float64)
        for x, attention, one in zip(inputs, weights, layers_of(kind, model), strict=True):
            passed = of_layer(x, attention[0], *one[1:]) @ passed
            yield passed.numpy()


def of_layer(x, weights, value, output, before, after):
    n = len(IDS)
    values = value(x if before is None else before(x))
    values = values.reshape(n, -1, 8).repeat_interleave(32 // values.shape[-1], dim=1)
    zero = output(torch.zeros(32, dtype=torch.float64))  # the output map's bias
    parts = torch.stack([
        torch.stack([output((weights[:, i, j, None] * values[j]).reshape(-1)) - zero
                     for j in range(n)]) for i in range(n)
    ])  # fmt: skip
    whole, own = parts.sum(1) + zero, torch.eye(n, dtype=torch.float64)[..., None] * x
    if before is None:  # norm after the sum
        parts, whole = parts + own, whole + x
        scale = (whole.var(-1, unbiased=False) + after.eps).rsqrt()[:, None]
        y = after(whole)
        parts = (parts - parts.mean(-1, keepdim=True)) * scale[:, None] * after.weight
    elif after is not None:
        scale = (whole.square().mean(-1) + after.eps).rsqrt()[:, None, None]
        parts, y = parts * scale * (1 + after.weight) + own, after(whole) + x
    else:
        parts, y = parts + own, whole + x
    shares = (y.abs().sum(-1)[:, None] - (y[:, None] - parts).abs().sum(-1)).clamp(min=0)
    return shares / shares.sum(-1, keepdim=True)


def test_contributions_are_those_of_the_published_formula(model):
    kind, reference, folder = model
    found = attnviz.trace(ids=IDS, model=str(folder), measure="contributions").stack.weights
    wanted = np.stack([*expected(kind, reference)])
    assert found.shape == (3, 1, len(IDS), len(IDS))
    assert np.ptp(wanted) > 0.3  # rows differ
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-5)
