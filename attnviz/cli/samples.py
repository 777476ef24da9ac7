"""`attnviz samples`: the bundled texts, and a command line for each."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

import attnviz
from attnviz.cli.output import console, put
from attnviz.errors import AttnvizError, bad_choice


@dataclass(frozen=True)
class Sample:
    """One bundled text, or a pair of them, and the options that show it at its best."""

    name: str
    title: str
    language: str
    file: Path
    source: Path | None
    options: Sequence[str]

    def command(self) -> str:
        """A command line that can be pasted."""
        source = ["--source-file", str(self.source)] if self.source else []
        return shlex.join(["attnviz", "run", "--file", str(self.file), *source, *self.options])


def samples(
    name: Annotated[
        str | None, typer.Argument(help="Print this sample's text.", show_default=False)
    ] = None,
) -> None:
    """List the bundled samples, or print one.

    attnviz samples

    attnviz samples english | attnviz run - --type causal
    """
    known = {sample.name: sample for sample in load()}
    if name is not None:
        if name not in known:
            raise bad_choice(name, "a sample", known)
        print(known[name].file.read_text(encoding="utf-8"), end="")
        return
    table = Table.grid(padding=(0, 2))
    for sample in known.values():
        table.add_row(Text(sample.name, "bold"), Text(sample.language, "dim"), Text(sample.title))
        table.add_row("", "", Text(sample.command(), "cyan", overflow="fold"))
    target = console()
    put(target, table)


def load() -> list[Sample]:
    """The samples in the order of their index; AttnvizError if they were not installed."""
    folder = _folder()
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


def _folder() -> Path:
    """Inside the installed package, or beside it in a checkout."""
    package = Path(attnviz.__file__).parent
    for folder in (package / "samples", package.parent / "samples"):
        if (folder / "samples.toml").is_file():
            return folder
    raise AttnvizError("The samples were not installed.", "Install attnviz again.")
