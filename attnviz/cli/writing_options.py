"""Options of commands that let a model predict or write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.read_text import given_text

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="smollm2 · a checkpoint folder · a GGUF file · a hub id.",
        show_default="smollm2",
    ),
]  # fmt: skip
AlignedJson = Annotated[
    bool, typer.Option("--json", help="The text and what it looked at as JSON on stdout.")
]
AlignedCsv = Annotated[
    bool, typer.Option("--csv", help="What each part looked at as CSV on stdout.")
]
Chat = Annotated[bool, typer.Option("--chat", help="Put the text into the chat template.")]
System = Annotated[str | None, typer.Option(help="With --chat: instructions before the text.")]
MaxNewTokens = Annotated[
    int | None,
    typer.Option(help="How many tokens are written at most.", show_default="the model's, else 20"),
]
NumBeams = Annotated[int | None, typer.Option(help="Search over so many texts side by side.")]
Temperature = Annotated[
    float | None, typer.Option(help="Draw tokens: below 1 surer, above bolder.")
]
TopK = Annotated[int | None, typer.Option(help="Draw among the k likeliest; 0: all.")]
TopP = Annotated[float | None, typer.Option(help="Draw among those that together reach p.")]
MinP = Annotated[float | None, typer.Option(help="Draw among those with p times the largest.")]
RepetitionPenalty = Annotated[float | None, typer.Option(help="Above 1: repeat less.")]
NoRepeatNgramSize = Annotated[int | None, typer.Option(help="Never write so many tokens twice.")]
LengthPenalty = Annotated[float | None, typer.Option(help="With beams: above 0 favours long.")]
Seed = Annotated[int, typer.Option(help="Of what is drawn.")]
Source = Annotated[str | None, typer.Option(help="What an encoder reads.")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Prompt:
    """What a model reads before it predicts or writes."""

    text: options.Text = None
    file: options.File = None
    model: Model = "smollm2"
    adapter: options.Adapter = None
    source: Source = None
    source_file: options.SourceFile = None
    ids: options.Ids = None
    source_ids: options.SourceIds = None
    source_lang: options.SourceLang = None
    target_lang: options.TargetLang = None
    chat: Chat = False
    system: System = None

    def read(self) -> str | None:
        """Return the text; None where there is none, and a source is enough."""
        return given_text(self.text, self.file)

    def settings(self) -> dict[str, Any]:
        """Return what `attnviz.predict` and `attnviz.generate` take beside the text."""
        return {
            "model": self._model(),
            "source": given_text(self.source, self.source_file, "--source-file"),
            "ids": options.token_ids(self.ids, "--ids"),
            "source_ids": options.token_ids(self.source_ids, "--source-ids"),
            "source_lang": self.source_lang,
            "target_lang": self.target_lang,
            "chat": self.chat,
            "system": self.system,
        }

    def _model(self) -> str | TrainedModel:
        """The model by its name, or opened where an adapter changes it."""
        if self.adapter is None:
            return self.model
        from attnviz.models import load_checkpoint

        return load_checkpoint(self.model, self.adapter)

    @property
    def files(self) -> list[Path | None]:
        """The files that are read, over which nothing may be written."""
        return [self.file, self.source_file]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Writing:
    """How tokens are chosen; names are those of transformers."""

    max_new_tokens: MaxNewTokens = None
    num_beams: NumBeams = None
    temperature: Temperature = None
    top_k: TopK = None
    top_p: TopP = None
    min_p: MinP = None
    repetition_penalty: RepetitionPenalty = None
    no_repeat_ngram_size: NoRepeatNgramSize = None
    length_penalty: LengthPenalty = None
    seed: Seed = 0

    def settings(self) -> dict[str, Any]:
        """Return them as `attnviz.generate` takes them."""
        return dict(vars(self))
