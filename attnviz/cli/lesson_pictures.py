"""The live pictures of the lesson: each is computed when its topic is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.text import Text

from attnviz.cli import lesson_images
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attnviz.analysis.steps import Steps
    from attnviz.language.language import Language
    from attnviz.record.record import AttentionRecord
    from attnviz.views.screen import Screen

LENGTHS = (128, 512, 2048)  # tokens of the measured example
REPEATS = 3  # of each measured length: the quickest counts, after one that is not counted
WIDTHS, PRODUCTS = (1, 16, 64), 4000  # numbers of random vectors, and how many are multiplied
# What is said in the bundled sounds of these names.
SAID = {"english": "Yesterday my brother bought fish.", "arabic": "أمس اشترى أخي السمك من السوق."}
FOLLOWED = 2  # the head "near": its weights are spread, so that every step has something to show
SAME_WORD, WHAT_FOLLOWED = 1, 5  # heads of the built-in list
BANKS = (("He sat on the bank of the river", "She keeps her money in the bank"), "bank")
BANK_LAYER = 5  # where the river and the money stand out
TIRED = ("The cat sat on the mat because it was tired", "it")
TIRED_LAYER = 2
STRONGEST = 4  # keys of a row that are named
MOST_TOKENS = 16  # of a reader's text: rows and columns that fit 80 columns
LABEL = 12
BAR = 24


@dataclass(frozen=True)
class Reader:
    """Who reads: in which language, on what screen, and with what text of their own."""

    language: Language
    screen: Screen
    text: str | None = None

    @property
    def shown(self) -> str:
        """The text of the pictures."""
        return self.language.example.text if self.text is None else self.text

    @property
    def query(self) -> str | None:
        """The position of the query that is followed, the last word of a reader's own text; None
        for the example's."""
        return None if self.text is None else str(self.last)

    @property
    def viewer(self) -> lesson_images.Viewer:
        """The same reader before pictures that are no text."""
        return lesson_images.Viewer(self.language, self.screen)

    @property
    def last(self) -> int:
        """The position of the text's last word: punctuation alone asks little."""
        from attnviz.inputs.text import last_word, tokenize

        return last_word(tokenize(self.shown))

    @property
    def word(self) -> str | None:
        """The query as it is written, where the reader's own text is shown."""
        from attnviz.inputs.text import tokenize

        return None if self.text is None else tokenize(self.text).labels[self.last]

    def check(self) -> None:
        """Refuse a text that no picture has room for. Raises AttnvizError."""
        from attnviz.inputs.text import tokenize

        if self.text is None:
            return
        n_tokens = len(tokenize(self.text))
        if n_tokens > MOST_TOKENS:
            raise AttnvizError(
                f"The text has {n_tokens} tokens, and a picture of the lesson has room for "
                f"{MOST_TOKENS} tokens.", "Shorten it.",
                key="err.lesson_long", n_tokens=n_tokens, limit_tokens=MOST_TOKENS,
            )  # fmt: skip
        if n_tokens < 2:
            raise AttnvizError(
                "The text is too short for the lesson.", "Write two words or more.",
                key="err.lesson_short",
            )  # fmt: skip


def pictures(example: str, reader: Reader) -> list[RenderableType]:
    """Compute and draw the picture of that name."""
    if example in PICTURES:
        return PICTURES[example](reader)
    return _table(reader, example)


def steps_of(reader: Reader) -> Steps:
    """Follow the lesson's query through the head "near": the numbers of `attnviz steps`."""
    from attnviz.tracing.trace import trace_steps

    query = reader.query or reader.language.example.query
    return trace_steps(reader.shown, query, head=FOLLOWED)


def _steps(reader: Reader, *names: str) -> list[RenderableType]:
    from attnviz.views.terminal import steps as views

    followed = steps_of(reader)
    return [line for name in names for line in getattr(views, name)(followed, reader.language)]


def _vectors(reader: Reader) -> list[RenderableType]:
    from attnviz.views.terminal import steps as views

    followed, language = steps_of(reader), reader.language
    _, *scores = views.scores(followed, language)
    values = views.values(followed, language)
    return [*views.vectors(followed, language), *values, *scores]


def _scaling(reader: Reader) -> list[RenderableType]:
    """The table with and without the division, and why: products grow with the vectors."""
    import numpy as np

    generator = np.random.default_rng(0)
    measured = []
    for width in WIDTHS:
        left, right = generator.standard_normal((2, PRODUCTS, width))
        measured.append(f"d = {width}: {np.einsum('ij,ij->i', left, right).var():.1f}")
    line = f"var(q · k), random, n = {PRODUCTS:,}:  {'   '.join(measured)}"
    return [*_steps(reader, "scaling"), Text(line, "dim")]


def _traced(text: str, **options: Any) -> AttentionRecord:
    from attnviz.tracing.trace import trace

    return trace(text, **options)


def _show(record: AttentionRecord, reader: Reader, **look: Any) -> RenderableType:
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    chosen = Look(language=reader.language, **{"show": "table"} | look)
    return show(record, chosen, reader.screen)


def _table(reader: Reader, kind: str) -> list[RenderableType]:
    """The mean of four heads over the text, under one type of attention."""
    from attnviz.language.lesson import WINDOW

    example = reader.language.example
    own = example.global_token if reader.text is None else "0"
    record = _traced(
        reader.shown,
        type=kind if kind in ("causal", "local", "global") else None,
        window=WINDOW,
        global_tokens=[own],
        model="random" if kind == "random" else "builtin",
    )
    return [_show(record, reader)]


def _framed(reader: Reader) -> list[RenderableType]:
    formula = Text("softmax(Q Kᵀ / √d) · V", "dim")
    return [_show(_traced(reader.shown), reader, heads=(FOLLOWED,)), formula]


def _multi_head(reader: Reader) -> list[RenderableType]:
    record = _traced(reader.shown)
    return [_show(record, reader, show="grid"), Text(), *_steps(reader, "merging")]


def _causal(reader: Reader) -> list[RenderableType]:
    from attnviz.inputs.text import tokenize

    text = reader.language.example.writer if reader.text is None else reader.text
    last = len(tokenize(text)) - 1
    record = _traced(text, heads=WHAT_FOLLOWED + 1, type="causal")
    row = row_of(record, last, head=WHAT_FOLLOWED)
    title = f"{text} …   head {WHAT_FOLLOWED} {record.stack.head_names[WHAT_FOLLOWED]}"
    return [*_table(reader, "causal"), Text(), Text(title, "dim"), *bars(row)]


def _cross(reader: Reader) -> list[RenderableType]:
    example = reader.language.example
    target = example.target if reader.text is None else reader.text
    return [_show(_traced(target, source=example.source), reader)]


def _question(reader: Reader) -> list[RenderableType]:
    example = reader.language.example
    passage = example.passage if reader.text is None else reader.text
    return [_show(_traced(example.question, source=passage), reader)]


def _line(reader: Reader) -> list[RenderableType]:
    """Stations of a line: the first of them is global."""
    from attnviz.language.lesson import WINDOW

    text = reader.language.example.line if reader.text is None else reader.text
    record = _traced(text, type="global", window=WINDOW, global_tokens=["0"])
    return [_show(record, reader)]


def _far(reader: Reader) -> list[RenderableType]:
    text = reader.language.example.far if reader.text is None else reader.text
    return [_show(_traced(text), reader, show="arcs", heads=(SAME_WORD,))]


def _order(reader: Reader) -> list[RenderableType]:
    """The same word's weights in two orders: by what tokens are, and by where they stand."""
    from rich.table import Table

    texts = reader.language.example.order
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    first, *_ = (record.stack.query_tokens.labels for record in map(_traced, texts[:1]))
    table.add_column(first[0], no_wrap=True)
    table.add_column("head", no_wrap=True)
    for label in first:
        table.add_column(label.casefold(), justify="right", no_wrap=True)
    for head in (SAME_WORD, 0):
        for text in texts:
            record = _traced(text)
            names = [label.casefold() for label in record.stack.query_tokens.labels]
            row = dict(zip(names, row_of(record, names.index(first[0].casefold()), 0, head),
                           strict=True))  # fmt: skip
            cells = [f"{100 * row[label.casefold()][1]:.0f}%" for label in first]
            table.add_row(text, f"{head} {record.stack.head_names[head]}", *cells)
    return [table]


def _tokens(reader: Reader) -> list[RenderableType]:
    """One line for each way to cut the text, with the number of its tokens."""
    from attnviz.inputs.text import tokenize
    from attnviz.language.language import TERMINAL

    text = reader.shown
    cut = {name: tokenize(text, name).labels for name in ("words", "characters", "bytes")}
    trained = _minilm()
    if trained is not None:
        cut["minilm"] = _traced(text, model=trained).stack.query_tokens.labels
    lines: list[RenderableType] = []
    for name in sorted(cut, key=lambda name: len(cut[name])):
        lines.append(Text(f"{name}  {reader.language.count(len(cut[name]), 'token')}", "bold"))
        lines.append(Text("·".join(TERMINAL.token(label) for label in cut[name])))
    return lines if trained is not None else [*lines, *_absent(reader)]


def _why(reader: Reader) -> list[RenderableType]:
    texts, query = BANKS
    trained = _minilm()
    lines: list[RenderableType] = [] if trained is not None else _absent(reader)
    for text in texts:
        record = _without_special(text, trained)
        query_place = record.stack.query_tokens.labels.index(query)
        layer = BANK_LAYER if trained is not None else 0
        lines.append(Text(text, "bold"))
        lines += bars(row_of(record, query_place, layer), without=query_place)
    return lines


def _trained(reader: Reader) -> list[RenderableType]:
    """One row of one sentence: by a trained model, by random matrices, by built-in heads."""
    text, query = TIRED
    trained = _minilm()
    lines: list[RenderableType] = [] if trained is not None else _absent(reader)
    for model in (trained, "random", "builtin"):
        if model is None:
            continue
        record = _traced(text, model=model)
        place = record.stack.query_tokens.labels.index(query)
        layer = TIRED_LAYER if model is trained else 0
        lines.append(Text(f"{record.model.name} · {query}", "bold"))
        lines += bars(row_of(record, place, layer))
    return lines


def tired_row() -> list[tuple[str, float]]:
    """What the trained model's layer looks at from "it"; built-in heads where it is not here."""
    text, query = TIRED
    trained = _minilm()
    record = _traced(text, model="builtin" if trained is None else trained)
    place = record.stack.query_tokens.labels.index(query)
    return row_of(record, place, 0 if trained is None else TIRED_LAYER)


def _without_special(text: str, trained: Any) -> AttentionRecord:
    from attnviz.analysis.transform import Transform

    if trained is None:
        return _traced(text)
    return _traced(text, model=trained, transform=Transform(hide_special=True))


def _minilm() -> Any:
    """The small trained model, or None where it is not installed."""
    from attnviz.models import load_model
    from attnviz.models.find import MINILM

    try:
        return load_model(MINILM)
    except AttnvizError:
        return None


def _absent(reader: Reader) -> list[RenderableType]:
    return [Text(reader.language.say("lesson.trained.absent"), "dim")]


def row_of(
    record: AttentionRecord, query: int, layer: int = 0, head: int | None = None
) -> list[tuple[str, float]]:
    """One query's keys and their weights, by one head or the mean of all."""
    stack = record.stack
    row = stack.map(layer, "mean" if head is None else head, max(stack.shape)).mean[query]
    return [(label, float(row[i])) for i, label in enumerate(record.stack.key_tokens.labels)]


def bars(row: list[tuple[str, float]], without: int | None = None) -> list[RenderableType]:
    """Draw the strongest keys of a row, a bar for each."""
    from attnviz.views.labels import label_text, padded

    ranked = sorted((-weight, i) for i, (_, weight) in enumerate(row) if i != without)
    lines: list[RenderableType] = []
    for minus, place in ranked[:STRONGEST]:
        line = padded(label_text(row[place][0], LABEL), LABEL + 1)
        line.append(f"{-100 * minus:6.1f}% ").append("█" * round(-BAR * minus), "cyan")
        line.no_wrap = True
        lines.append(line)
    return lines


def _heard(reader: Reader, *, said: bool) -> list[RenderableType]:
    """Moments of a bundled sound, or words lined up with it."""
    from attnviz.files.samples import samples_folder

    name = "arabic" if reader.language.tag == "ary-Arab" else "english"
    from attnviz.tracing.trace import trace

    sound = samples_folder() / "audio" / f"{name}.wav"
    record = trace(SAID[name] if said else None, audio=sound)
    return [_show(record, reader, show="auto")]


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
        took, size = [], 0
        for _ in range(1 + REPEATS):
            start = time.perf_counter()
            weights = scaled_dot_product_attention(x, x, x)[1]
            took.append(1000 * (time.perf_counter() - start))
            size = weights.nbytes
        best = min(took[1:])
        table.add_row(f"{n:,}", f"{n * n:,}", f"{size / 1e6:.1f} MB", f"{best:.1f} ms")
    return [table]


PICTURES: dict[str, Callable[[Reader], list[RenderableType]]] = {
    "why": _why,
    "tokens": _tokens,
    "order": _order,
    "vectors": _vectors,
    "scores": lambda reader: _steps(reader, "vectors", "scores"),
    "scaling": _scaling,
    "softmax": lambda reader: _steps(reader, "softmax"),
    "weighted-sum": lambda reader: _steps(reader, "weighted_sum"),
    "framed": _framed,
    "multi-head": _multi_head,
    "causal": _causal,
    "cross": _cross,
    "line": _line,
    "cost": lambda _: _measured(),
    "trained": _trained,
    "question": _question,
    "far": _far,
    "sound": lambda reader: _heard(reader, said=False),
    "speech": lambda reader: _heard(reader, said=True),
    "patches": lambda reader: lesson_images.one_patch(reader.viewer),
    "picture-heads": lambda reader: lesson_images.four_heads(reader.viewer),
    "cls": lambda reader: lesson_images.all_patches(reader.viewer),
    "image-tokens": lambda reader: lesson_images.words_and_patches(reader.viewer),
}
