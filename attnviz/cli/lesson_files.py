"""Topics of the lesson as files: a picture of one, or a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.cli.lesson_pictures import panels
from attnviz.language.language import PICTURE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from attnviz.cli.lesson_pictures import Reader
    from attnviz.language.lesson import Topic
    from attnviz.views.panels import Panel

PICTURES = (".png", ".svg", ".pdf")


def check_files(output: Sequence[Path], *, several: bool) -> None:
    """Refuse before any work what could not be written; several topics are no picture."""
    from attnviz.cli.output import check_outputs
    from attnviz.errors import AttnvizError

    if several:
        raise AttnvizError("A picture shows one topic.", "Name it: attnviz explain softmax -o "
                           "softmax.png.", key="err.picture_topic")  # fmt: skip
    check_outputs(output, suffixes=PICTURES)


def write_files(
    topics: Sequence[Topic], output: Sequence[Path], reader: Reader, *, quiet: bool
) -> None:
    """Write every file, whole or not at all, and say so."""
    from attnviz.cli.output import save

    for path in output:
        save(path, _picture(topics[0], path.suffix.lower()[1:], reader, quiet), reader.language,
             quiet)  # fmt: skip


def _picture(topic: Topic, kind: str, reader: Reader, quiet: bool) -> bytes:
    """The topic's question, and what it shows below."""
    from attnviz.cli.output import say
    from attnviz.views.picture.lesson import picture

    drawing = replace(reader, guard=PICTURE)
    question = reader.language.say(topic.question, PICTURE)
    data, missing = picture(question, shown(topic, drawing), kind, f"attnviz explain {topic.name}")
    if missing:
        say(reader.language.say("warn.glyph", chars=" ".join(missing[:12])), quiet)
    return data


def shown(topic: Topic, reader: Reader) -> list[Panel]:
    """Compute what a topic shows: its picture, or the questions of the check."""
    from attnviz.cli.exercises import CHECKED, exercises
    from attnviz.views.panels import line

    if topic.name != CHECKED:
        return panels(topic.example, reader)
    made = exercises(None, reader, 0)
    return [line(f"{n}. {one.question}") for n, one in enumerate(made, 1)]
