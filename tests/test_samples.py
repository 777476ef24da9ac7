"""The bundled samples are whole, and their commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest

from attnviz.cli.bundled import load
from attnviz.inputs.text import tokenize
from tests.reference import in_process

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "samples"
SAMPLES = {sample.name: sample for sample in load()}
SUBTAG = r"(en|fr|zh|ary-Latn|ary-Arab)"


# The same output everywhere; and one thread each, because tests already run side by side.
ENVIRONMENT = {"PYTHONIOENCODING": "utf-8", "COLUMNS": "100", "OPENBLAS_NUM_THREADS": "1"}


def run(arguments, **environment):
    """A command of this interpreter."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT, **environment},
    )


def files_of(sample):
    return [sample.file, *([sample.source] if sample.source else [])]


def test_the_index_and_the_files_belong_together():
    index = tomllib.loads((FOLDER / "samples.toml").read_text(encoding="utf-8"))["sample"]
    assert [entry["name"] for entry in index] == list(SAMPLES)
    assert len(index) == len(SAMPLES) >= 9
    listed = {entry[key] for entry in index for key in ("file", "source") if key in entry}
    assert {f"texts/{path.name}" for path in (FOLDER / "texts").iterdir()} == listed


def test_all_scripts_and_lengths_are_there():
    names = {
        unicodedata.name(char).split()[0]
        for sample in SAMPLES.values()
        for char in sample.file.read_text(encoding="utf-8")
        if char.isalpha()
    }
    assert names >= {"LATIN", "ARABIC", "CJK"}
    assert len(tokenize(SAMPLES["long"].file.read_text(encoding="utf-8"))) >= 12_000


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_sample_is_clean_text(sample):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", sample.name)
    assert re.fullmatch(rf"{SUBTAG}(\+{SUBTAG})?", sample.language)
    assert 10 < len(sample.title) < 90
    for file in files_of(sample):
        text = file.read_bytes().decode("utf-8")
        assert text.strip()
        assert unicodedata.is_normalized("NFC", text)
        assert {c for c in text if unicodedata.category(c)[0] == "C"} <= {"\n"}
        assert not text.startswith("\ufeff")


@pytest.mark.parametrize("folder", [ROOT, FOLDER, Path(os.sep)], ids=["root", "samples", "/"])
def test_a_command_can_be_pasted(folder, monkeypatch):
    """Wherever one stands."""
    monkeypatch.chdir(folder)
    for sample in SAMPLES.values():
        program, command, *options = shlex.split(sample.command())
        assert (program, command) == ("attnviz", "run")
        assert (options[0], Path(options[1]).resolve()) == ("--file", sample.file.resolve())
        assert ("--source-file" in options) == (sample.source is not None)
        if sample.source:
            source = options[options.index("--source-file") + 1]
            assert Path(source).resolve() == sample.source.resolve()
        assert all(file.is_file() for file in files_of(sample))
        assert options[-len(sample.options) :] == list(sample.options)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_its_command_runs(sample, monkeypatch):
    monkeypatch.chdir(ROOT)
    _, *arguments = shlex.split(sample.command())
    if sample.name == "long":
        arguments = ["run", "--file", str(sample.file), "--show", "none", "--type", "local"]
    status, shown, err = in_process.run(*arguments, COLUMNS="100")
    assert (status, err) == (0, "")
    if sample.name != "long":
        first = tokenize(sample.file.read_text(encoding="utf-8")).labels[0]
        assert first in shown or first[0] in shown


def test_samples_are_listed_and_printed():
    listed = in_process.run("samples")
    assert (listed.status, listed.err) == (0, "")
    for sample in SAMPLES.values():
        assert sample.name in listed.out
        printed = in_process.run("samples", sample.name)
        assert printed.out == sample.file.read_bytes().decode("utf-8")


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_long_text_is_composed_again_to_the_byte(seed):
    done = run([str(FOLDER / "compose.py"), "--words", "12000", "--seed", "0"], PYTHONHASHSEED=seed)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == SAMPLES["long"].file.read_bytes()


def test_another_seed_composes_another_text():
    texts = [
        run([str(FOLDER / "compose.py"), "--words", "900", "--seed", seed]).stdout.decode("utf-8")
        for seed in ("0", "1")
    ]
    assert texts[0] != texts[1]
    assert all(900 <= len(text.split()) < 3000 for text in texts)
