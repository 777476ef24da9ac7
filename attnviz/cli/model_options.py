"""What runs: a text, the model that reads it, and the attention that it is read with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attnviz.attention.attention_types import in_full
from attnviz.cli import options
from attnviz.cli.read_text import given_text, the_text
from attnviz.errors import AttnvizError, both_given

if TYPE_CHECKING:
    from attnviz.language.language import Language
    from attnviz.record.record import AttentionRecord

# All other options are named as `attnviz.tracing` names them, and mean the same there.
READ = ("text", "file", "sample", "source", "source_file", "window", "global_tokens")


# Made at every start, --help too: methods that nobody calls would cost a millisecond.
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TextPass:
    """One pass of a model over a text."""

    text: options.Text = None
    file: options.File = None
    sample: options.Sample = None
    source: options.Source = None
    source_file: options.SourceFile = None
    type: options.Type = None
    heads: options.Heads = None
    window: options.Window = None
    global_tokens: options.GlobalTokens = None
    model: options.Model = "builtin"
    adapter: options.Adapter = None
    tokenizer: options.Tokenizer = None
    pair: options.Pair = None
    truncate: options.Truncate = False
    seed: options.Seed = 0

    def read(self) -> str:
        """Return the text; AttnvizError if there is none."""
        return the_text(self.text, self.file) if self.sample is None else self._sampled()

    def settings(self) -> dict[str, Any]:
        """Return what `attnviz.tracing` takes beside the text."""
        alike = {name: value for name, value in vars(self).items() if name not in READ}
        source = given_text(self.source, self.source_file, "--source-file")
        given = alike | options.of_type(self.window, self.global_tokens) | {"source": source}
        return given if self.sample is None else given | self._of_sample(given)

    def _sampled(self) -> str:
        from attnviz.cli.bundled import find_sample

        if self.text is not None or self.file is not None:
            raise both_given("A text", "--sample")
        return find_sample(str(self.sample)).text()

    def _of_sample(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a sample adds to what was given: its source, and its type of attention."""
        from attnviz.cli.bundled import find_sample

        sample = find_sample(str(self.sample))
        added: dict[str, Any] = dict(sample.settings()) if self.model == "builtin" else {}
        if "global-tokens" in added:
            added |= options.of_type(None, added.pop("global-tokens"))
        if sample.source is not None:
            added["source"] = sample.source.read_text(encoding="utf-8")
        added = {name: value for name, value in added.items() if given.get(name) is None}
        if given["type"] not in (None, "global"):
            added.pop("global_tokens", None)
        return added


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TranslationPass(TextPass):
    """One that may be a translation model's, which is told the languages."""

    target_lang: options.TargetLang = None
    source_lang: options.SourceLang = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TokenPass(TranslationPass):
    """One over texts, or over token ids in their place."""

    ids: options.Ids = None
    source_ids: options.SourceIds = None
    image: options.Image = None
    audio: options.Audio = None
    start: options.Start = None
    end: options.End = None

    def settings(self) -> dict[str, Any]:
        """Return what `attnviz.tracing` takes beside the text."""
        return super().settings() | {
            "ids": options.token_ids(self.ids, "--ids"),
            "source_ids": options.token_ids(self.source_ids, "--source-ids"),
        }

    def trace(self, **how: Any) -> AttentionRecord:
        """Run it, and return the record; `how` as in `attnviz.trace`."""
        from attnviz.tracing.trace import trace

        return trace(self.text_or_none(), **(self.settings() | how))

    def text_or_none(self) -> str | None:
        """Return the text; AttnvizError if there is none where nothing else is read."""
        if self.audio is None and (self.start is not None or self.end is not None):
            raise AttnvizError(
                "--start and --end are for --audio.",
                "Give a sound, or neither.",
                key="err.start_end",
            )
        no_text = any(one is not None for one in (self.ids, self.image, self.audio))
        no_text = no_text and self.sample is None
        return given_text(self.text, self.file) if no_text else self.read()

    def say_unused(self, record: AttentionRecord, language: Language, quiet: bool = False) -> None:
        """Name the options that were given and did nothing."""
        from attnviz.cli.output import say

        for option in options.unused(record.settings, self.window, self.global_tokens):
            say(language.say("warn.unused", option=option, type=in_full(record.type)), quiet)


def of_no_checkpoint() -> AttnvizError:
    """Make the error of --effect where heads belong to no checkpoint."""
    return AttnvizError(
        "--effect takes heads of a checkpoint away, and these heads belong to none.",
        "Choose a checkpoint, or leave --effect out.",
        key="err.effect_takes",
    )
