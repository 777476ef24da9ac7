"""A text that a model writes, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.language.language import Language
    from attnviz.tracing.generate import Generated


def stream_to_screen(text: str) -> None:
    """Write a piece of the text as it comes; nothing in it can move a terminal's cursor."""
    from attnviz.cli.output import put_text
    from attnviz.inputs.labels import visible

    put_text("\n".join(visible(line) for line in text.split("\n")))


def end_of_stream(found: Generated, language: Language, *, json: bool, quiet: bool) -> None:
    """End the streamed text, and say on standard error how quick it was."""
    from attnviz.cli.output import put_text, say
    from attnviz.language.language import TERMINAL
    from attnviz.language.reworded import reworded_note

    if not json:
        put_text("\n")
    for note in found.notes:
        say(reworded_note(note, language, TERMINAL), quiet)
    value = f"{found.tokens_per_second:.1f}"
    wrote = language.say("run.wrote", n_tokens=len(found.ids), value=value)
    stopped = f" · {language.say('run.stopped')}" if found.interrupted else ""
    say(f"{wrote}{stopped}", quiet)
