"""Tiny checkpoints as transformers would save them, and what transformers computes with them.

checkpoints.json holds each case's config.json and the names and shapes of its tensors, as
`save_pretrained` wrote them, and which fields of the config could have been left out;
checkpoints.npz what was fed to the model and what came out. Both are made by make_checkpoints.py.
The values of the tensors are drawn here, without PyTorch, so that nothing but shapes is stored.
"""

import json
import re
import zlib
from pathlib import Path

import numpy as np

RECIPES = Path(__file__).with_name("checkpoints.json")
ANSWERS = Path(__file__).with_name("checkpoints.npz")

INPUTS = ("ids", "source_ids", "segments", "global_tokens")
STACKS = ("self", "encoder", "decoder", "cross")

# What a tensor's name says of it. Attention has to be peaked, or wrong scales and orders hide; but
# not so peaked that float32 rounds one model's weights to another's.
EMBEDDINGS = re.compile(
    r"(embeddings|embed_tokens|embed_positions|embed_in|shared|wte|wpe)\.weight$"
)
POSITION_BIAS = re.compile(r"relative_attention_bias")
UNSCALED_QUERIES = re.compile(r"(SelfAttention|EncDecAttention)\.q\.|attn\.attention\.q_proj\.")


PLAIN_GEMMAS = ("gemma4_text", "gemma3n_text")  # whose norms are of weights as they are

_recipes = json.loads(RECIPES.read_text()) if RECIPES.exists() else {}
CASES = tuple(_recipes)


def recipe(case):
    """A fresh copy of what is stored: "config", "unsaid" (its fields that could have been left
    out) and "tensors" (name → shape)."""
    return json.loads(json.dumps(_recipes[case]))


def config(case):
    """What config.json holds."""
    return recipe(case)["config"]


def short_config(case):
    """The same config, without the fields that have their family's default."""
    unsaid = recipe(case)["unsaid"]
    return {name: value for name, value in config(case).items() if name not in unsaid}


def tensors(case):
    """Name → values, as they are in the file."""
    kind = config(case)["model_type"]  # norms of 1 + weight
    plus_one = kind.startswith(("gemma", "t5gemma", "nemotron")) and kind not in PLAIN_GEMMAS
    shapes = recipe(case)["tensors"]
    return {name: draw(case, name, shape, plus_one) for name, shape in shapes.items()}


def draw(case, name, shape, plus_one=False):
    """The same numbers wherever and whenever this runs: NumPy keeps RandomState's stream."""
    if name.endswith("inv_freq"):  # which are no weights, and yet stand in files of ESM
        return (10000.0 ** -(np.arange(*shape) / shape[0])).astype(np.float32)
    if case.startswith("roformer") and name.endswith("embed_positions.weight"):
        angles = np.outer(
            np.arange(shape[0]), 10000.0 ** -(np.arange(shape[1] // 2) * 2 / shape[1])
        )
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
    seed = zlib.crc32(f"{case}/{name}".encode())
    noise = np.random.RandomState(seed).standard_normal(shape)
    if name.endswith(("weight", "gamma")) and len(shape) == 1:
        values = 0.25 * noise + (0 if plus_one else 1)
    elif name.endswith(("layer_scalar", "router.scale", "per_expert_scale")):
        values = 1 + 0.25 * noise
    elif len(shape) < 2:
        values = 0.25 * noise
    elif POSITION_BIAS.search(name):
        values = noise
    elif EMBEDDINGS.search(name):
        values = 0.5 * noise
    else:
        values = 1.3 / np.sqrt(shape[-1]) * noise
    if UNSCALED_QUERIES.search(name) or (
        case.startswith("gemma4") and name.endswith("q_norm.weight")
    ):
        values /= 4
    return values.astype(np.float32)


def save(folder, config, tensors):
    """config.json and model.safetensors, the latter by its definition."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (folder / "config.json").write_text(text)
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, values in tensors.items():
        start, end = end, end + values.nbytes
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    data = b"".join(values.astype("<f4").tobytes() for values in tensors.values())
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + data)


def write(case, folder):
    """The checkpoint of the case, in `folder`."""
    save(folder, config(case), tensors(case))


def expected(case):
    """Inputs (`INPUTS`), weights of each stack (`STACKS`) and "hidden", as far as there are any.

    Weights are (layers, heads, queries, keys), hidden is (queries, width).
    """
    with np.load(ANSWERS, allow_pickle=False) as file:
        fields = (path.rsplit("/", 1) for path in file.files)
        return {field: file[f"{name}/{field}"] for name, field in fields if name == case}


def stand_in_for_minilm(package):
    """A package of that name whose model has as many layers and heads, untrained and small: the
    real one does not come with what the tests need (tests/parity runs it)."""
    width, words = 48, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "mat", "who"]
    words += ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    config = {
        "model_type": "bert", "vocab_size": 5000, "hidden_size": width, "num_hidden_layers": 6,
        "num_attention_heads": 12, "intermediate_size": width, "max_position_embeddings": 64,
    }  # fmt: skip
    shapes = {"word_embeddings": 5000, "position_embeddings": 64, "token_type_embeddings": 2}
    tensors = {f"embeddings.{name}.weight": (n, width) for name, n in shapes.items()}
    linear = "attention.self.query attention.self.key attention.self.value attention.output.dense"
    layers = [f"encoder.layer.{i}." for i in range(6)]
    linears = [
        f"{i}{n}" for i in layers for n in (*linear.split(), "intermediate.dense", "output.dense")
    ]
    norms = [f"{i}{n}.LayerNorm" for i in layers for n in ("attention.output", "output")]
    tensors |= {f"{name}.weight": (width, width) for name in linears}
    tensors |= {f"{name}.weight": (width,) for name in ("embeddings.LayerNorm", *norms)}
    tensors |= {f"{name}.bias": (width,) for name in (*linears, "embeddings.LayerNorm", *norms)}
    draw = np.random.RandomState(0).standard_normal
    save(package / "model", config, {n: draw(s).astype("f4") for n, s in tensors.items()})
    (package / "__init__.py").write_text("")
    (package / "model" / "vocab.txt").write_text("\n".join(words))


def add_head(folder, architecture, maps):
    """Give a written folder one more linear map of each name, with so many outputs, as a model of
    that class has."""
    from attnviz.files.safetensors import open_files

    config = json.loads((folder / "config.json").read_text())
    width, found = config["hidden_size"], open_files([folder / "model.safetensors"])
    arrays = {name: np.array(found.array(name)) for name in found}
    draw = np.random.RandomState(1).standard_normal
    for name, n_out in maps.items():
        arrays |= {f"{name}.weight": draw((n_out, width)).astype("f4")}
        arrays |= {f"{name}.bias": draw(n_out).astype("f4")}
    save(folder, config | {"architectures": [architecture]}, arrays)
