"""`attnviz samples`: the bundled texts, and a command line for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from attnviz.errors import bad_choice
from attnviz.files.samples import samples_folder


class Sample(NamedTuple):
    """One bundled text, or a pair of them, and the options that show it at its best."""

    name: str
    title: str
    language: str
    file: Path
    source: Path | None
    options: Sequence[str]

    def command(self) -> str:
        """A command line that can be pasted."""
        import shlex

        source = ["--source-file", _short(self.source)] if self.source else []
        return shlex.join(["attnviz", "run", "--file", _short(self.file), *source, *self.options])


def samples(
    name: Annotated[str | None, typer.Argument(help="Print this sample's text.")] = None,
) -> None:
    """List the bundled samples, or print one.

    attnviz samples

    attnviz samples english | attnviz run - --type causal
    """
    from attnviz.cli.output import put_text

    known = {sample.name: sample for sample in load()}
    if name is not None:
        if name not in known:
            raise bad_choice(name, "a sample", known)
        put_text(known[name].file.read_text(encoding="utf-8"))
        return
    for sample in known.values():
        put_text(f"{sample.name} ({sample.language}): {sample.title}\n    {sample.command()}\n")


def load() -> list[Sample]:
    """The samples in the order of their index; AttnvizError if they were not installed."""
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
