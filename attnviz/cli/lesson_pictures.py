"""The live pictures of the lesson: each is computed when its topic is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attnviz.cli import lesson_images
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL, Guard

if TYPE_CHECKING:
    from attnviz.analysis.steps import Steps
    from attnviz.language.language import Language
    from attnviz.record.record import AttentionRecord
    from attnviz.views.panels import Bars, Panel
    from attnviz.views.screen import Screen

LENGTHS = (128, 512, 2048)  # tokens of the measured example
REPEATS = 3  # of each measured length: the quickest counts, after one that is not counted
WIDTHS, PRODUCTS = (1, 16, 64), 4000  # numbers of random vectors, and how many are multiplied
# What is said in the bundled sounds of these names.
SAID = {"english": "Yesterday my brother bought fish.", "arabic": "أمس اشترى أخي السمك من السوق."}
FOLLOWED = 2  # the head "near": its weights are spread, so that every step has something to show
SAME_WORD, WHAT_FOLLOWED = 1, 5  # heads of the built-in list
HEADS_OF_ORDER = {SAME_WORD: "same word", 0: "previous"}  # which know what a token is, and where
BANKS = (("He sat on the bank of the river", "She keeps her money in the bank"), "bank")
BANK_LAYER = 5  # where the river and the money stand out
TIRED = ("The cat sat on the mat because it was tired", "it")
TIRED_LAYER = 2
Sentence = tuple[str, list[tuple[str, float]]]  # a text, and shares of its words
STRONGEST = 4  # keys of a row that are named
MOST_TOKENS = 16  # of a reader's text: rows and columns that fit 80 columns


@dataclass(frozen=True)
class Reader:
    """Who reads: in which language, on what screen, and with what text of their own.

    guard: what keeps two directions of writing apart where the sentences stand.
    """

    language: Language
    screen: Screen
    text: str | None = None
    guard: Guard = TERMINAL

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


def panels(example: str, reader: Reader) -> list[Panel]:
    """Compute what the picture of that name shows, for any medium."""
    if example in PICTURES:
        return PICTURES[example](reader)
    return _table(reader, example)


def steps_of(reader: Reader) -> Steps:
    """Follow the lesson's query through the head "near": the numbers of `attnviz steps`."""
    from attnviz.tracing.trace import trace_steps

    query = reader.query or reader.language.example.query
    return trace_steps(reader.shown, query, head=FOLLOWED)


def _steps(reader: Reader, *names: str) -> list[Panel]:
    from attnviz.views import step_panels

    followed = steps_of(reader)
    return [
        panel
        for name in names
        for panel in getattr(step_panels, name)(followed, reader.language, reader.guard)
    ]


def _vectors(reader: Reader) -> list[Panel]:
    from attnviz.views import step_panels

    followed = (steps_of(reader), reader.language, reader.guard)
    _, *scores = step_panels.scores(*followed)
    return [*step_panels.vectors(*followed), *step_panels.values(*followed), *scores]


def _scaling(reader: Reader) -> list[Panel]:
    """The table with and without the division, and why: products grow with the vectors."""
    import numpy as np

    from attnviz.views.panels import FAINT, line

    generator = np.random.default_rng(0)
    measured = []
    for width in WIDTHS:
        left, right = generator.standard_normal((2, PRODUCTS, width))
        measured.append(f"d = {width}: {np.einsum('ij,ij->i', left, right).var():.1f}")
    told = f"var(q · k), random, n = {grouped(PRODUCTS)}:  {'   '.join(measured)}"
    return [*_steps(reader, "scaling"), line(told, FAINT)]


def _traced(text: str, **options: Any) -> AttentionRecord:
    from attnviz.tracing.trace import trace

    return trace(text, **options)


def _show(record: AttentionRecord, reader: Reader, row: int | None = None, **look: Any) -> Panel:
    from attnviz.views.look import Look
    from attnviz.views.panels import Shown

    return Shown(record, Look(language=reader.language, **{"show": "table"} | look), row)


def _table(reader: Reader, kind: str) -> list[Panel]:
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


def _framed(reader: Reader) -> list[Panel]:
    """All rows of the head that was followed, and a frame around the row of the query."""
    from attnviz.views.panels import FAINT, line

    record = _traced(reader.shown)
    query = reader.query or reader.language.example.query
    row = record.stack.query_tokens.find(query)[0]
    formula = line("softmax(Q Kᵀ / √d) · V", FAINT)
    return [_show(record, reader, row, heads=(FOLLOWED,)), formula]


def _multi_head(reader: Reader) -> list[Panel]:
    from attnviz.views.panels import line

    record = _traced(reader.shown)
    return [_show(record, reader, show="grid"), line(""), *_steps(reader, "merging")]


def _causal(reader: Reader) -> list[Panel]:
    from attnviz.inputs.labels import visible
    from attnviz.inputs.text import tokenize
    from attnviz.views.panels import FAINT, line, strongest

    text = reader.language.example.writer if reader.text is None else reader.text
    last = len(tokenize(text)) - 1
    record = _traced(text, heads=WHAT_FOLLOWED + 1, type="causal")
    row = row_of(record, last, head=WHAT_FOLLOWED)
    title = f"{visible(text)} …   head {WHAT_FOLLOWED} {record.stack.head_names[WHAT_FOLLOWED]}"
    told = line(title, FAINT)
    return [*_table(reader, "causal"), line(""), told, strongest(row, STRONGEST)]


def _cross(reader: Reader) -> list[Panel]:
    example = reader.language.example
    target = example.target if reader.text is None else reader.text
    return [_show(_traced(target, source=example.source), reader)]


def _question(reader: Reader) -> list[Panel]:
    example = reader.language.example
    passage = example.passage if reader.text is None else reader.text
    return [_show(_traced(example.question, source=passage), reader)]


def _line(reader: Reader) -> list[Panel]:
    """Stations of a line: the first of them is global."""
    from attnviz.language.lesson import WINDOW

    text = reader.language.example.line if reader.text is None else reader.text
    record = _traced(text, type="global", window=WINDOW, global_tokens=["0"])
    return [_show(record, reader)]


def _far(reader: Reader) -> list[Panel]:
    text = reader.language.example.far if reader.text is None else reader.text
    return [_show(_traced(text), reader, show="arcs", heads=(SAME_WORD,))]


def _order(reader: Reader) -> list[Panel]:
    """The same word's weights in two orders: by what tokens are, and by where they stand."""
    from attnviz.views.panels import PLAIN, Numbers, Row

    by_head = order_rows(reader)
    labels = [label for label, _ in by_head[0][0][1]]
    rows = [
        Row(text, (f"{head} {HEADS_OF_ORDER[head]}", *(f"{100 * w:.0f}%" for _, w in row)), PLAIN)
        for head, texts in by_head.items()
        for text, row in texts
    ]
    return [Numbers((labels[0], "head", *labels), tuple(rows))]


def order_rows(reader: Reader) -> dict[int, list[Sentence]]:
    """Compute what the first word looks at in both orders, by head: text, and words' shares."""
    texts, found = reader.language.example.order, dict[int, list[Sentence]]()
    first, _ = (
        [label.casefold() for label in _traced(text).stack.query_tokens.labels] for text in texts
    )
    for head in HEADS_OF_ORDER:
        found[head] = []
        for text in texts:
            record = _traced(text)
            names = [label.casefold() for label in record.stack.query_tokens.labels]
            shares = row_of(record, names.index(first[0]), 0, head)
            row = dict(zip(names, (share for _, share in shares), strict=True))
            found[head].append((text, [(label, row[label]) for label in first]))
    return found


def _tokens(reader: Reader) -> list[Panel]:
    """One line for each way to cut the text, with the number of its tokens."""
    from attnviz.inputs.text import tokenize
    from attnviz.views.panels import Pieces

    text = reader.shown
    cut = {name: tokenize(text, name).labels for name in ("words", "characters", "bytes")}
    trained = _minilm()
    if trained is not None:
        cut["minilm"] = _traced(text, model=trained).stack.query_tokens.labels
    pieces: list[Panel] = [
        Pieces(f"{name}  {reader.language.count(len(cut[name]), 'token')}", tuple(cut[name]))
        for name in sorted(cut, key=lambda name: len(cut[name]))
    ]
    return pieces if trained is not None else [*pieces, *_absent(reader)]


def _why(reader: Reader) -> list[Panel]:
    from attnviz.views.panels import STRONG, line

    found: list[Panel] = [] if _minilm() is not None else _absent(reader)
    for text, bars in bank_rows():
        found += [line(text, STRONG), bars]
    return found


def bank_rows() -> list[tuple[str, Bars]]:
    """Compute what the same word looks at in each sentence, the strongest first."""
    from attnviz.views.panels import strongest

    texts, query = BANKS
    trained, found = _minilm(), []
    for text in texts:
        record = _without_special(text, trained)
        place = record.stack.query_tokens.labels.index(query)
        row = row_of(record, place, BANK_LAYER if trained is not None else 0)
        found.append((text, strongest(row, STRONGEST, place)))
    return found


def _trained(reader: Reader) -> list[Panel]:
    """One row of one sentence: by a trained model, by random matrices, by built-in heads."""
    from attnviz.views.panels import STRONG, line, strongest

    text, query = TIRED
    trained = _minilm()
    found: list[Panel] = [] if trained is not None else _absent(reader)
    for model in (trained, "random", "builtin"):
        if model is None:
            continue
        record = _traced(text, model=model)
        place = record.stack.query_tokens.labels.index(query)
        row = row_of(record, place, TIRED_LAYER if model is trained else 0)
        found += [line(f"{record.model.name} · {query}", STRONG), strongest(row, STRONGEST)]
    return found


def tired_row() -> list[tuple[str, float]]:
    """Return what the trained model's layer looks at from "it"; built-in heads where it is not
    here."""
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


def _absent(reader: Reader) -> list[Panel]:
    from attnviz.views.panels import FAINT, line

    return [line(reader.language.say("lesson.trained.absent", reader.guard), FAINT)]


def row_of(
    record: AttentionRecord, query: int, layer: int = 0, head: int | None = None
) -> list[tuple[str, float]]:
    """Return one query's keys and their weights, by one head or the mean of all."""
    stack = record.stack
    row = stack.map(layer, "mean" if head is None else head, max(stack.shape)).mean[query]
    return [(label, float(row[i])) for i, label in enumerate(record.stack.key_tokens.labels)]


def _heard(reader: Reader, *, said: bool) -> list[Panel]:
    """Moments of a bundled sound, or words lined up with it."""
    from attnviz.files.samples import samples_folder
    from attnviz.tracing.trace import trace

    name = "arabic" if reader.language.tag == "ary-Arab" else "english"
    sound = samples_folder() / "audio" / f"{name}.wav"
    record = trace(SAID[name] if said else None, audio=sound)
    return [_show(record, reader, show="auto")]


def _measured() -> list[Panel]:
    """Memory and time of one head's weights against length, on this machine."""
    import numpy as np

    from attnviz.attention.dense import scaled_dot_product_attention
    from attnviz.views.panels import PLAIN, Numbers, Row

    rows = []
    for n in LENGTHS:
        x = np.random.default_rng(0).standard_normal((1, n, 64), dtype=np.float32)
        took, size = [], 0
        for _ in range(1 + REPEATS):
            start = time.perf_counter()
            weights = scaled_dot_product_attention(x, x, x)[1]
            took.append(1000 * (time.perf_counter() - start))
            size = weights.nbytes
        cells = (grouped(n * n), f"{size / 1e6:.1f} MB", f"{min(took[1:]):.1f} ms")
        rows.append(Row(grouped(n), cells, PLAIN))
    return [Numbers(("tokens", "scores", "memory", "time"), tuple(rows))]


PICTURES: dict[str, Callable[[Reader], list[Panel]]] = {
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
    "patches": lambda reader: lesson_images.one_patch(reader.language),
    "picture-heads": lambda reader: lesson_images.four_heads(reader.language),
    "cls": lambda reader: lesson_images.all_patches(),
    "image-tokens": lambda reader: lesson_images.words_and_patches(reader.language),
}
