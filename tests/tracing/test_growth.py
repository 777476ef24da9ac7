"""A program that traces again and again does not grow."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 15  # MiB after the first hundred

CODE = """
import resource
import attnviz
from attnviz.models import load_model

model = load_model("induction")
options = [{"type": t} for t in ("self", "causal", "local", "global")] + [{"source": "a b c"}]


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


for i in range(1000):
    attnviz.trace(f"the cat sat on mat number {i}", **options[i % 5])
    attnviz.trace("1 2 3 4 1 2 3", model=model)
    if i == 99:
        first = peak()
print(peak() - first)
"""


@pytest.mark.slow
def test_a_thousand_traces_grow_by_little():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) <= MOST
