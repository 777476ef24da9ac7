"""The explorer's screen: panels around one state, keys that move it, and work in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, TextArea

from attnviz.analysis.facts import Finding
from attnviz.analysis.findings import best, findings
from attnviz.analysis.timeline import has_steps
from attnviz.errors import AttnvizError
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.views.explorer import keys
from attnviz.views.explorer.editor import Editor
from attnviz.views.explorer.latest import LatestOnly
from attnviz.views.explorer.panels import (
    Findings,
    Heading,
    Heads,
    Map,
    Pointed,
    RunningText,
    Strongest,
)
from attnviz.views.explorer.picture import pictured
from attnviz.views.explorer.prompt import Page, Prompt
from attnviz.views.explorer.state import State
from attnviz.views.explorer.writing import Grown, Write, Writer
from attnviz.views.files import SUFFIXES
from attnviz.views.look import Look
from attnviz.views.number_format import size
from attnviz.views.screen import Screen as Room
from attnviz.views.timeline import timeline_view
from attnviz.views.words import complaint, told

Request = tuple[str, str | None]  # a text and a type of attention
MENDABLE = (AttnvizError, OSError, MemoryError)  # told in a message; anything else is a bug

PAUSE = 0.1  # seconds without a key after which a text is worth computing
TICK = 0.25  # seconds after which, and in steps of which, waiting is told
PAGE = 10  # queries
WIDTHS = [(0, "-narrow"), (170, "-wide")]  # the style sheet has a layout for each
HEIGHTS = [(0, "-flat"), (10, "-low"), (18, "-high"), (36, "-tall")]


@dataclass(frozen=True)
class Callbacks:
    """What the explorer asks of who opened it.

    trace: a text and a type to a record, or None where no model is at hand. types: what `t` goes
    through. save: write a file of a record and return what the reader should know about it. write:
    let the model go on with a text, or None where no model is at hand that writes.
    """

    trace: Callable[[str, str | None], AttentionRecord] | None
    types: Sequence[str | None]
    save: Callable[[AttentionRecord, Path, Look], Sequence[str]]
    write: Write | None = None


@dataclass
class Traced(Message):
    """A request was worked on; is_latest: no later one came meanwhile."""

    request: Request
    result: AttentionRecord | Exception
    is_latest: bool


@dataclass
class Found(Message):
    """Facts about a state."""

    state: State
    result: list[Finding] | Exception


def _bindings() -> list[BindingType]:
    moves = {
        "right": "step(1)", "left": "step(-1)", "down": "line(1)", "up": "line(-1)",
        "pagedown": f"step({PAGE})", "pageup": f"step(-{PAGE})",
        "home": "step(-1000000000)", "end": "step(1000000000)",
        "l,tab": "head(1)", "h,shift+tab": "head(-1)", "j": "layer(1)", "k": "layer(-1)",
        "i,enter": "edit", "slash": "search", "n": "again(1)", "N": "again(-1)",
        "question_mark": "help", "escape": "close",
    }  # fmt: skip
    plain = {"e": "explain", "t": "type", "s": "scale", "g": "language", "p": "pin", "z": "near",
             "c": "column", "m": "merge", "o": "save", "w": "write", "T": "timeline",
             "q": "app.quit"}  # fmt: skip
    return [Binding(key, does, show=False) for key, does in (moves | plain).items()]


class ExplorerScreen(Screen[None]):
    """Everything that is on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS: ClassVar[str | None] = ""  # nothing: keys are for the screen

    def __init__(
        self,
        state: State,
        callbacks: Callbacks,
        *,
        text: str | None,
        type: str | None,
        colour: bool,
    ) -> None:
        super().__init__()
        self.state, self._host, self._colour = state, callbacks, colour
        self._shown: Request = (text or "", type)  # what the state is of
        self._request = self._shown
        self._since: float | None = None
        self._pause: Timer | None = None
        self._answer: Callable[[str], None] | None = None
        self._origin, self._word = state, ""
        self._tracer = LatestOnly(self._trace, lambda *told: self._tell(Traced(*told)))
        self._writer = None if callbacks.write is None else Writer(callbacks.write, self._tell)
        self._finder = LatestOnly(_facts, lambda state, found, _: self._tell(Found(state, found)))

    def compose(self) -> ComposeResult:
        """Lay out heading, text, the four panels, and a line of keys or of a question."""
        state, colour = self.state, self._colour
        yield Heading(state)
        yield RunningText(state, colour=colour, id="text")
        yield Editor(self._shown[0], state, colour=colour)
        with Container(id="body"):
            yield Map(state, colour=colour, id="map")
            yield Strongest(state, colour=colour, id="strongest")
            yield Heads(state, colour=colour, id="heads")
            yield Findings(state, colour=colour, id="findings")
        yield Prompt()
        yield keys.Hints(state)

    def on_mount(self) -> None:
        """Ask for facts, and let waiting be told."""
        self._finder.ask(self.state)
        self.set_interval(TICK, self._tell_waiting)

    # One state, shown everywhere

    def show(self, state: State) -> None:
        """Show another state in all panels, and look for facts about it."""
        changed = state.sheet is not self.state.sheet
        self.state = state
        for panel in self.query("Panel, Hints, Heading, Editor"):
            panel.show(state)  # type: ignore[attr-defined]
        if changed:
            self._finder.ask(state)

    def on_pointed(self, event: Pointed) -> None:
        """Make what was clicked the query, or the head."""
        if event.head is not None:
            self.show(self.state.to_head(event.head, event.layer))
        elif event.query is not None:
            column = event.column or (self.state.column and event.column is None)
            self.show(replace(self.state.to_query(event.query), column=column))
        elif event.key is not None and not self.state.stack.two_texts:
            self.show(self.state.to_query(event.key))
        elif event.steps:
            self.action_step(event.steps)

    def action_step(self, n: int) -> None:
        """Go on along the queries."""
        self.show(self.state.to_query(self.state.query + n))

    def action_line(self, n: int) -> None:
        """Go on down a picture, or along the queries."""
        self.show(self.state.to_line(n))

    def action_head(self, n: int) -> None:
        """Go on along the heads."""
        self.show(self.state.next_head(n))

    def action_layer(self, n: int) -> None:
        """Go on along the layers."""
        self.show(self.state.next_layer(n))

    def action_pin(self) -> None:
        """Keep the query in sight."""
        self.show(self.state.pin())

    def action_scale(self) -> None:
        """Turn weights into colours another way."""
        self.show(self.state.next_scale())

    def action_near(self) -> None:
        """Show single tokens around the query, or the whole."""
        self.show(replace(self.state, near=not self.state.near))

    def action_column(self) -> None:
        """Show, of a picture, who looks at the patch, or where it looks."""
        if pictured(self.state) is not None:
            self.show(replace(self.state, column=not self.state.column))

    def action_merge(self) -> None:
        """Put words in place of pieces."""
        self._try(lambda: self.show(self.state.merge()))

    def action_language(self) -> None:
        """Say all words in another language."""
        self.show(self.state.next_language())
        language = self.state.look.language
        if language.right_to_left:
            self._say(language.say("warn.rtl", TERMINAL, option="-o map.png"))

    # Pages to read

    def action_explain(self) -> None:
        """Say what the weights show, and what not."""
        panel, state = self.query_one(Findings), self.state
        found = panel.found if panel.about is state.sheet else best(_facts(state))
        heading, *body = told(found or [], state.seen, state.look)
        self.app.push_screen(Page(str(heading), body))

    def action_timeline(self) -> None:
        """Show what the model looked at for each token that it wrote."""
        record, language = self.state.record, self.state.look.language
        if has_steps(record):
            layers = tuple(range(record.stack.n_layers))
            look = replace(self.state.look, layers=layers, heads=())
            room = Room(max(self.size.width - 8, 20), self.size.height, self._colour)
            page = Page(language.say("page.timeline"), timeline_view(record, look, room))
            self.app.push_screen(page)

    def action_help(self) -> None:
        """Show every key."""
        language = self.state.look.language
        self.app.push_screen(Page(language.say("key.help"), [keys.table(self.state)]))

    # Questions in the last line

    def action_search(self) -> None:
        """Go to a token by its name, letter by letter."""
        self._origin = self.state
        self._ask("search", "", self._searched)

    def action_again(self, n: int) -> None:
        """Go to the next token of the name that was searched, or the one before."""
        if self._word:
            self._try(lambda: self.show(self.state.search(self._word, n)))

    def action_save(self) -> None:
        """Write a file."""
        self._ask("save", "attention.png", self._save, " ".join(SUFFIXES))

    def action_close(self) -> None:
        """Ask no more, write no more."""
        if self.query_one(Prompt).display:
            if self._answer == self._searched:
                self.show(self._origin)
            self._end_question()
        else:
            self._stop_writing()
            self._end_editing()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look, while a name is typed, where it is."""
        if self._answer == self._searched and event.value:
            with suppress(AttnvizError):  # not there yet, or no longer
                self.show(self._origin.search(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer."""
        answer = self._answer
        self._end_question()
        if answer is not None and event.value:
            answer(event.value)

    def _ask(
        self, what: str, suggested: str, answer: Callable[[str], None], choices: str = ""
    ) -> None:
        self._answer = answer
        self.query_one(keys.Hints).display = False
        self.query_one(Prompt).ask(self.state.look.language.say(f"key.{what}"), suggested, choices)

    def _end_question(self) -> None:
        self._answer = None
        self.query_one(Prompt).close()
        self.query_one(keys.Hints).display = True

    def _searched(self, word: str) -> None:
        self._word = word
        self.show(self._origin)  # parts of the word may have led elsewhere
        self._try(lambda: self.show(self._origin.search(word)))

    def _save(self, name: str) -> None:
        state, path = self.state, Path(name).expanduser()

        def work() -> None:
            try:
                notes = self._host.save(state.seen, path, state.look)
            except MENDABLE as error:
                self.app.call_from_thread(self._complain, error)
            else:
                value = size(path.stat().st_size if path.exists() else 0)
                said = state.look.language.say("run.saved", TERMINAL, path=path, value=value)
                self.app.call_from_thread(self._say, "\n".join([said, *notes]))

        self.run_worker(work, thread=True)

    # Writing, and what a model makes of it

    def action_edit(self) -> None:
        """Write in the text."""
        if self._has_model():
            editor = self.query_one(Editor)
            self.query_one(RunningText).display = False
            editor.display = True
            self.set_focus(editor)  # at once: the next key may be on its way

    def _end_editing(self) -> None:
        self.query_one(Editor).display = False
        self.query_one(RunningText).display = True
        self.set_focus(None)

    def action_write(self) -> None:
        """Let the model go on with the text, or stop it."""
        if self._stop_writing() or not self._has_model():
            return
        if self._writer is None:
            self._say(self.state.look.language.say("ui.no_writer", TERMINAL))
        else:
            self._end_editing()
            self._writer.start(self._shown[0])

    @property
    def is_writing(self) -> bool:
        """Whether the model goes on with the text."""
        return self._writer is not None and self._writer.is_writing

    def _stop_writing(self) -> bool:
        """Stop the model where it writes; return whether it did."""
        if self._writer is not None and self.is_writing:
            self._writer.stop()
            return True
        return False

    def on_grown(self, event: Grown) -> None:
        """Show a longer text and its weights, from its newest token."""
        if event.ended and self._writer is not None:
            self._writer.ended()
        if event.error is not None:
            self._complain(event.error)
        if event.record is None:
            return
        self._shown = self._request = (event.text, None)
        editor = self.query_one(Editor)
        with editor.prevent(TextArea.Changed):
            editor.text = event.text
        state = self.state.with_record(event.record)
        self.show(state.to_query(state.stack.shape[0] - 1))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Compute the new text as soon as no key follows."""
        if self._pause is not None:
            self._pause.stop()
        text = event.text_area.text
        self._pause = self.set_timer(PAUSE, lambda: self._want((text, self._request[1])))

    def on_text_area_selection_changed(self) -> None:
        """Move the query to where the cursor is."""
        self._follow_cursor()

    def action_type(self) -> None:
        """Trace the same text with another type of attention."""
        if not self._has_model():
            return
        types = list(self._host.types)
        if len(types) == 1:
            self._say(self.state.look.language.say("ui.one_type", TERMINAL))
        else:
            at = types.index(self._request[1]) if self._request[1] in types else -1
            self._want((self._request[0], types[(at + 1) % len(types)]))

    def on_traced(self, event: Traced) -> None:
        """Take a new record, unless a newer text waits; the old picture stays where there is
        none."""
        if not event.is_latest:
            return
        self._since = None
        self._tell_waiting()
        if isinstance(event.result, Exception):
            self._request = (event.request[0], self._shown[1])
            self._complain(event.result)
            return
        self._shown = event.request
        self.show(self.state.with_record(event.result))
        self._follow_cursor()

    def on_found(self, event: Found) -> None:
        """Show facts about a head."""
        if isinstance(event.result, Exception):
            raise event.result
        self.query_one(Findings).tell(event.result, event.state.sheet)

    def _has_model(self) -> bool:
        if self._host.trace is None:
            self._say(self.state.look.language.say("ui.no_model", TERMINAL))
        return self._host.trace is not None

    def _want(self, request: Request) -> None:
        if request != self._request:
            self._request = request
            self._since = self._since or monotonic()
            self._tracer.ask(request)

    def _trace(self, request: Request) -> AttentionRecord:
        assert self._host.trace is not None  # `_has_model` was asked
        return self._host.trace(*request)

    def _follow_cursor(self) -> None:
        editor = self.query_one(Editor)
        if editor.display and editor.text == self._shown[0]:
            self.show(self.state.to_query(editor.query_at_cursor()))

    def _tell(self, message: Message) -> None:
        """From another thread: a message to this screen, if it is still there."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(message)

    def _tell_waiting(self) -> None:
        waited = 0.0 if self._since is None else monotonic() - self._since
        self.query_one(Heading).wait(waited if waited >= TICK else None)

    # Messages

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except MENDABLE as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, MENDABLE):
            raise error
        mended = (
            error
            if isinstance(error, AttnvizError)
            else AttnvizError(_reason(error), key="err.other", reason=_reason(error))
        )
        self._say(complaint(mended, self.state.look.language), severity="error")

    def _say(
        self, sentence: str, severity: Literal["information", "error"] = "information"
    ) -> None:
        self.app.clear_notifications()  # only the newest counts
        shown = "\n".join(map(visible, sentence.split("\n")))
        self.notify(shown, severity=severity, markup=False)


def _facts(state: State) -> list[Finding]:
    return best(findings(state.seen, state.sheet.layer, state.sheet.head))


def _reason(error: Exception) -> str:
    return "There is not enough memory." if isinstance(error, MemoryError) else f"{error}."
