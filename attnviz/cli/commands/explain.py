"""`attnviz explain`: the lesson, with examples that are computed on the spot."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attnviz.analysis.steps import Steps
    from attnviz.language.language import Language
    from attnviz.language.lesson import Topic
    from attnviz.views.screen import Screen

LENGTHS = (128, 512, 2048)  # tokens of the measured example
# What is said in the bundled sounds of these names.
SAID = {"english": "Yesterday my brother bought fish.", "arabic": "أمس اشترى أخي السمك من السوق."}
FOLLOWED = 2  # the head "near": its weights are spread, so that every step has something to show

CAT = '"The cat sat on the mat because it was tired"'
TRY = {  # what a reader may do next with a topic, wherever the reader is
    "attention": f"attnviz run {CAT}",
    "query-key-value": f"attnviz steps {CAT} --query it",
    "scores": f"attnviz steps {CAT} --query cat",
    "scaling": f"attnviz steps {CAT} --query tired",
    "softmax": f"attnviz steps {CAT} --query mat",
    "weighted-sum": f"attnviz steps {CAT} --query sat",
    "multi-head": f"attnviz run {CAT} --show grid",
    "self": f"attnviz run {CAT} --show arcs",
    "causal": f"attnviz run {CAT} --type causal",
    "cross": 'attnviz run "Lmouch gles" --source "The cat sat"',
    "local": f"attnviz run {CAT} --type local",
    "global": f"attnviz run {CAT} --type global --global-tokens cat",
    "applications": 'attnviz run "Lmouch gles" --source "The cat sat" --show arcs',
    "strengths": f"attnviz run {CAT} --show top",
    "limits": "attnviz cost --no-measure",
    "not-explanation": f"attnviz run {CAT} --model random",
}


def explain(
    topic: Annotated[
        str | None, typer.Argument(help="A topic, or all; none lists the topics.")
    ] = None,
    lang: options.Lang = None,
) -> None:
    """The lesson: what attention is, step by step, with live examples.

    attnviz explain

    attnviz explain softmax --lang darija
    """
    from rich.console import Group
    from rich.text import Text

    from attnviz.cli.output import console, put, screen_of, warn_of_arabic
    from attnviz.language import lesson
    from attnviz.language.languages import find_language

    language = find_language(lang)
    target = console()
    screen = screen_of(target)
    if topic is None:
        put(target, contents(language))
    else:
        topics = lesson.TOPICS if topic == "all" else (lesson.topic(topic),)
        for chosen in topics:
            body = (Text(sentence) for sentence in lesson.paragraphs(chosen, language))
            example = _example(chosen, language, screen)
            lines = [Text(chosen.name, "bold"), *body, Text(), *example, Text()]
            put(target, Group(*lines, *([] if topic == "all" else _onward(chosen, language))))
    warn_of_arabic(target, language, quiet=False)


def _onward(topic: Topic, language: Language) -> list[RenderableType]:
    """What to try with this topic, and the topic that comes next."""
    from rich.text import Text

    from attnviz.language.lesson import TOPICS

    names = [each.name for each in TOPICS]
    following = names[names.index(topic.name) + 1 :]
    lines = []
    if topic.name in TRY:
        lines.append(Text.assemble((f"{language.say('lesson.try')} ", "dim"), TRY[topic.name]))
    if following:
        command = f"attnviz explain {following[0]}"
        lines.append(Text.assemble((f"{language.say('lesson.next')} ", "dim"), command))
    return list(lines)


def contents(language: Language) -> RenderableType:
    """List every topic and what its first sentence says, under the command that takes one."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from attnviz.language.lesson import TOPICS, paragraphs

    first = {"scaling": "step.scale", "softmax": "step.softmax", "weighted-sum": "step.sum"}
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for topic in TOPICS:
        if topic.name in first:
            sentence = language.say(first[topic.name], scale_expr="√64 = 8")
        else:
            is_scores = topic.name == "scores"
            sentence = language.say("step.score") if is_scores else paragraphs(topic, language)[0]
        table.add_row(Text(topic.name, "bold"), Text(sentence))
    return Group(Text("attnviz explain TOPIC", "dim"), Text(), table)


def _example(topic: Topic, language: Language, screen: Screen) -> list[RenderableType]:
    from attnviz.views.terminal import steps as views

    parts = {
        "vectors": (views.vectors, views.scores),
        "scores": (views.vectors, views.scores),
        "scaling": (views.scaling,),
        "softmax": (views.softmax,),
        "weighted-sum": (views.weighted_sum,),
        "multi-head": (views.merging,),
    }
    if topic.example in parts:
        followed = _steps(language)
        return [line for part in parts[topic.example] for line in part(followed, language)]
    if topic.example in ("sound", "speech"):
        return _heard(topic.example, language, screen)
    return _measured() if topic.example == "cost" else _traced(topic.example, language, screen)


def _steps(language: Language) -> Steps:
    from attnviz.tracing.trace import trace_steps

    example = language.example
    return trace_steps(example.text, example.query, head=FOLLOWED)


def _traced(kind: str, language: Language, screen: Screen) -> list[RenderableType]:
    from attnviz.language.lesson import WINDOW
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    example = language.example
    cross = kind == "cross"
    record = trace(
        example.target if cross else example.text,
        source=example.source if cross else None,
        type=kind if kind in ("causal", "local", "global") else None,
        window=WINDOW,
        global_tokens=[example.global_token],
        model="random" if kind == "random" else "builtin",
    )
    look = Look(show="arcs" if kind == "arcs" else "table", language=language)
    return [show(record, look, screen)]


def _heard(kind: str, language: Language, screen: Screen) -> list[RenderableType]:
    """Moments of a bundled sound, or words lined up with it."""
    from attnviz.files.samples import samples_folder
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    name = "arabic" if language.tag == "ary-Arab" else "english"
    record = trace(
        SAID[name] if kind == "speech" else None, audio=samples_folder() / "audio" / f"{name}.wav"
    )
    return [show(record, Look(language=language), screen)]


def _measured() -> list[RenderableType]:
    """Memory and time of one head's weights against length, on this machine."""
    import numpy as np
    from rich.table import Table

    from attnviz.attention.dense import scaled_dot_product_attention

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("tokens", "scores", "memory", "time"):
        table.add_column(name, justify="right")
    for n in LENGTHS:
        x = np.random.default_rng(0).standard_normal((1, n, 64), dtype=np.float32)
        start = time.perf_counter()
        _, weights = scaled_dot_product_attention(x, x, x)
        took = 1000 * (time.perf_counter() - start)
        table.add_row(f"{n:,}", f"{n * n:,}", f"{weights.nbytes / 1e6:.1f} MB", f"{took:.1f} ms")
    return [table]
