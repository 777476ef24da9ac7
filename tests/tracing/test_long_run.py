"""A process that goes on for long: what one trace took, the next ones take again."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROWTH = 15  # MiB, from the hundredth to the thousandth

TRACES = """
import gc
import attnviz

words = "the cat sat on a mat because it was tired and then dogs ran past an old door".split()
types = "self", "causal", "local", "global"

def resident():
    gc.collect()
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

for n in range(1, 1001):
    text = " ".join(words[(n * k) % len(words)] + str(n % (k + 7)) for k in range(20 + n % 80))
    kind = types[n % 4]
    more = {"global_tokens": [0]} if kind == "global" else {}
    if n % 10 == 0:  # a checkpoint, opened again each time
        record = attnviz.trace(ids=[3 + (n * k) % 20 for k in range(20)], model="induction")
    else:
        memory = 0 if n % 3 == 0 else None
        record = attnviz.trace(text, type=kind, heads=1 + n % 5, seed=n, max_memory=memory, **more)
    record.to_json(), record.to_npz()
    if n in (100, 500, 1000):
        print(resident())
"""


@pytest.mark.slow
def test_a_thousand_traces_grow_by_no_more_than_15_mib_after_the_first_hundred():
    done = subprocess.run(
        [sys.executable, "-c", TRACES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    after_100, _, after_1000 = (int(line) / 1024 for line in done.stdout.split())
    assert after_1000 - after_100 <= GROWTH, done.stdout
