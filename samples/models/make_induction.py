"""Make the known-answer model: a GPT-2 folder whose weights were set by hand.

    python -m samples.models.make_induction

Two layers of four heads over 24 numbers, in which one previous-token head (0.1) and one induction
head (1.2) alone carry the answer (Olsson et al. 2022, arXiv 2209.11895). A token's vector has four
parts of 24 features: which token, which place, which token stood before, and what comes next; the
output layer reads the last part. The feed-forward parts are zero. Each layer norm has the weight
and bias that undo its division and subtraction, because every vector that comes to it has the same
sum and nearly the same length.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

FOLDER = Path(__file__).with_name("induction")
N = 24  # ids, and places
WIDTH, HEADS, LAYERS = 4 * N, 4, 2
TOKEN, PLACE, BEFORE, NEXT = (slice(i * N, (i + 1) * N) for i in range(4))
EPS = 1e-5
SHARP = 24.0  # a matching key's score after the division by √head_dim
LOGIT = 18.2  # what a certain next token adds to its logit
BAG = 0.05  # how much head 0.2 writes of the mean of all tokens so far


def undoing(ones: int, extra: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A layer norm's weight and bias that give back a vector of `ones` ones whose sum is `ones` +
    `extra`: its deviation and its mean, (WIDTH,) each."""
    mean = (ones + extra) / WIDTH
    deviation = np.sqrt(ones / WIDTH - mean**2 + EPS)
    return np.full(WIDTH, deviation, np.float32), np.full(WIDTH, mean, np.float32)


def zeros() -> dict[str, np.ndarray]:
    """Every tensor of the checkpoint, all zero: the parts that do nothing."""
    names = {"wte.weight": (N, WIDTH), "wpe.weight": (N, WIDTH), "lm_head.weight": (N, WIDTH)}
    names |= {"ln_f.weight": (WIDTH,), "ln_f.bias": (WIDTH,)}
    for i in range(LAYERS):
        for norm in ("ln_1", "ln_2"):
            names |= {f"h.{i}.{norm}.weight": (WIDTH,), f"h.{i}.{norm}.bias": (WIDTH,)}
        for part, (n_in, n_out) in {
            "attn.c_attn": (WIDTH, 3 * WIDTH), "attn.c_proj": (WIDTH, WIDTH),
            "mlp.c_fc": (WIDTH, 1), "mlp.c_proj": (1, WIDTH),
        }.items():  # fmt: skip
            names |= {f"h.{i}.{part}.weight": (n_in, n_out), f"h.{i}.{part}.bias": (n_out,)}
    prefixed = {n if n.startswith("lm_head") else f"transformer.{n}": s for n, s in names.items()}
    return {name: np.zeros(shape, np.float32) for name, shape in prefixed.items()}


def tensors() -> dict[str, np.ndarray]:
    """The checkpoint's tensors by name."""
    made, eye = zeros(), np.eye(N, dtype=np.float32)
    made["transformer.wte.weight"][:, TOKEN] = eye
    made["transformer.wpe.weight"][:, PLACE] = eye
    made["lm_head.weight"][:, NEXT] = LOGIT * eye
    norms = {"h.0.ln_1": (2, 0.0), "h.1.ln_1": (3, BAG), "ln_f": (4, BAG)}
    for name, (ones, extra) in norms.items():
        weight, bias = undoing(ones, extra)
        made[f"transformer.{name}.weight"], made[f"transformer.{name}.bias"] = weight, bias

    def head(layer: int, number: int, query: object, key: object, write: slice | None, size: float):
        """Set one head: `query` and `key` are (part of the input, its (N, N) map), and what is
        attended to is the token, written into a part with a size; a query of None is even."""
        weight = made[f"transformer.h.{layer}.attn.c_attn.weight"]
        at = [slice(i * WIDTH + number * N, i * WIDTH + (number + 1) * N) for i in range(3)]
        if query is not None:
            (read, by), (looked_at, as_it_is) = query, key
            weight[read, at[0]] = SHARP * np.sqrt(N) * by
            weight[looked_at, at[1]] = as_it_is
        if write is not None:
            weight[TOKEN, at[2]] = eye
            merge = made[f"transformer.h.{layer}.attn.c_proj.weight"]
            merge[number * N : (number + 1) * N, write] = size * eye

    first = np.zeros((N, N), np.float32)
    first[:, 0] = 1
    one_back = np.eye(N, k=-1, dtype=np.float32)  # row p asks for place p - 1
    head(0, 0, (PLACE, first), (PLACE, eye), None, 0)  # first: writes nothing
    head(0, 1, (PLACE, one_back), (PLACE, eye), BEFORE, 1)  # previous
    head(0, 2, None, None, NEXT, BAG)  # spread: a bag of all words so far
    head(0, 3, (PLACE, eye), (PLACE, eye), None, 0)  # self: writes nothing
    head(1, 2, (TOKEN, eye), (BEFORE, eye), NEXT, 1)  # induction: what stood after me, last time
    return made


def main() -> None:
    """Write config.json, model.safetensors, tokenizer.json, and texts to take means over."""
    FOLDER.mkdir(exist_ok=True)
    config = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": N,
        "n_positions": N, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_inner": 1,
        "layer_norm_epsilon": EPS, "activation_function": "gelu_new", "tie_word_embeddings": False,
        "bos_token_id": None, "eos_token_id": None,
    }  # fmt: skip
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(tensors(), FOLDER / "model.safetensors", metadata={"format": "pt"})
    words = models.WordLevel({str(i): i for i in range(N)})
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    dice = np.random.default_rng(24)
    texts = [" ".join(map(str, np.tile(dice.permutation(N)[:12], 2)[:23])) for _ in range(10)]
    (FOLDER / "reference.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
