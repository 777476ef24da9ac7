"""The bundled samples: texts, and the options that show each at its best."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from attnviz.errors import bad_choice
from attnviz.files.samples import samples_folder

COMPUTED = ("--type", "--tokenizer", "--global-tokens")  # of a sample's options; others show


class Sample(NamedTuple):
    """One bundled text, or a pair of them, and the options that show it at its best."""

    name: str
    title: str
    language: str
    file: Path
    source: Path | None
    options: Sequence[str]

    def text(self) -> str:
        """Return what the text file holds."""
        return self.file.read_text(encoding="utf-8")

    def settings(self) -> dict[str, str]:
        """Return the options that change what is computed, each with its value."""
        given = dict(pairwise(self.options))
        return {name[2:]: given[name] for name in COMPUTED if name in given}

    def command(self) -> str:
        """Return a command line that can be pasted."""
        import shlex

        source = ["--source-file", _short(self.source)] if self.source else []
        return shlex.join(["attnviz", "run", "--file", _short(self.file), *source, *self.options])


def find_sample(name: str) -> Sample:
    """Return the sample of that name; AttnvizError with the names that there are."""
    known = {sample.name: sample for sample in load()}
    if name not in known:
        raise bad_choice(name, "a sample", known)
    return known[name]


def load() -> list[Sample]:
    """Return the samples in the order of their index; AttnvizError if they were not installed."""
    import tomllib

    folder = samples_folder()
    index = tomllib.loads((folder / "samples.toml").read_text(encoding="utf-8"))
    return [
        Sample(
            entry["name"],
            entry["title"],
            entry["language"],
            folder / entry["file"],
            folder / entry["source"] if "source" in entry else None,
            entry["options"],
        )
        for entry in index["sample"]
    ]


def _short(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
