"""`attnviz generate`: a text token by token, then what each token looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from attnviz.cli import options
from attnviz.cli.command_given import signed
from attnviz.cli.each_line import EachLine
from attnviz.cli.view_options import Display
from attnviz.cli.writing import end_of_stream, stream_to_screen
from attnviz.cli.writing_options import Prompt, Writing
from attnviz.errors import EXIT_INTERRUPTED, AttnvizError

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel
    from attnviz.tracing.generate import Generated

LAYERS = "all"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Written(Display):
    """Choose what is shown of a written text: all layers together, unless one is named."""

    layer: options.Layer = LAYERS
    show: options.Show = "timeline"

    def of_view(self) -> Written:
        """Return the same with one layer, for views that have no mean of layers."""
        several = self.show in ("timeline", "caption", "grid", "none")
        return self if several or self.layer != LAYERS else replace(self, layer="first")

    @property
    def for_programs(self) -> bool:
        """Whether standard output is for a program: then no text is written to it as it comes."""
        return self.json or self.csv

    def check_places(self, model: TrainedModel) -> None:
        """Refuse a stack, layer or head that a model has not, before it writes."""
        from attnviz.errors import bad_choice
        from attnviz.record.numbering import heads_apart, layers_and_heads

        layouts = model.layouts
        if self.stack is not None and self.stack not in layouts:
            raise bad_choice(self.stack, "`stack`", layouts)
        name = self.stack or ("cross" if "cross" in layouts else next(iter(layouts)))
        found = layouts[name]
        if not heads_apart(self.head, found.layer_numbers, found.n_heads):
            layers_and_heads(self.layer, self.head, found.layer_numbers, found.n_heads)


@options.spread
def generate(
    *,
    asked: Prompt,
    image: options.Image = None,
    writing: Writing,
    display: Written,
    max_memory: options.MaxMemory = None,
    each_line: EachLine = False,
) -> None:
    """Let a model go on from a text, and show what it looked at for every token.

    attnviz generate "The capital of France is" --model smollm2 --max-new-tokens 8

    attnviz generate "Tell me about tea" --model smollm2 --chat --temperature 0.8 --seed 1

    attnviz generate "What is this?" --image cat.jpg --model llava-hf/llava-1.5-7b-hf --chat

    attnviz generate --file prompts.txt --each-line --max-new-tokens 20

    attnviz generate "Once upon a time" --num-beams 4 -o story.npz --show none
    """
    from attnviz.models import load_writer
    from attnviz.tracing.generate import generate as write
    from attnviz.tracing.memory import parse_bytes

    display.check([*asked.files, image])
    budget = None if max_memory is None else parse_bytes(max_memory)
    if each_line and image is not None:
        raise AttnvizError(
            "--each-line reads texts, and an image was given.",
            "Leave one out.",
            key="err.each_line",
        )
    if each_line:
        _each(asked, display, max_memory=budget, **writing.settings())
        return
    text, settings = asked.read(), asked.settings()
    model = load_writer(settings.pop("model"))
    display.check_places(model)
    stream = None if display.for_programs else stream_to_screen
    found = write(
        text, model=model, image=image, stream=stream, max_memory=budget, **settings,
        **writing.settings(),
    )  # fmt: skip
    show_written(found, display)


def _each(asked: Prompt, display: Written, **how: Any) -> None:
    """Go on with each line: what was written and its steps, and no record."""
    from attnviz.cli.each_line import answer_each_line, open_model
    from attnviz.tracing.generate import generate as write
    from attnviz.tracing.generate import room_for_copies

    if display.output:
        raise AttnvizError(
            "--each-line writes to standard output, and --output was given.",
            "Leave --output out, and send standard output to a file.",
            key="err.each_line_writes",
        )
    model, settings = open_model(asked)
    budget = how["max_memory"]
    model = model.widened(room_for_copies(model) if budget is None else budget)  # once for all

    def work(text: str) -> dict[str, Any]:
        found = write(text, model=model, **settings, **how)
        if found.interrupted:
            raise KeyboardInterrupt
        steps = [asdict(step) for step in found.steps]
        return {"written": found.text, "ids": found.ids, "steps": steps}

    answer_each_line(asked, work, display.quiet)


def show_written(found: Generated, display: Written) -> None:
    """Show the timeline of a written text; raise Exit 130 where somebody stopped it."""
    from attnviz.language.languages import find_language

    language = find_language(display.lang)
    end_of_stream(found, language, json=display.for_programs, quiet=display.quiet)
    shown = display.of_view()
    if shown.for_programs or shown.show != "none" or shown.output or shown.explain:
        record = signed(found.record)
        record = record if shown.stack is None else record.looking_at(shown.stack)
        shown.put(record, shown.look(record))
    if found.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
