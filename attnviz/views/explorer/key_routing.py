"""Keys that come faster than the focus moves, as over a slow line: each gets to where it was meant.

Textual hands a key to what has the focus as soon as it arrives, and lets it wait there. A key that
opens a line to write in may still wait when the next ones come.
"""

from __future__ import annotations

from collections import deque

from textual import events
from textual.widget import Widget


class Keystrokes:
    """What one place to write in, `widget.keystrokes`, was given to read."""

    def __init__(self) -> None:
        self._heard: deque[events.Event] = deque(maxlen=100)

    def strays(self, widget: Widget, event: events.Event) -> bool:
        """Tell whether a key came after the widget was left: then the screen gets it."""
        if not isinstance(event, events.Key):
            return False
        if widget.screen.focused is widget:
            self._heard.append(event)
            return False
        widget.screen.post_message(events.Key(event.key, event.character))
        return True

    async def obeys(self, widget: Widget, event: events.Event) -> bool:
        """Do at once what a key that writes nothing does to the widget or to the screen around it.

        Textual would first hand such a key up to the app, and the letters that come next would
        overtake it: with Ctrl-U and a name in one go, the name was deleted.
        """
        if not isinstance(event, events.Key):
            return False
        if widget.check_consume_key(event.key, event.character):
            return False
        active = widget.screen.active_bindings.get(event.key)
        if active is None or not (active.node is widget or event.key == "escape"):
            return False
        await widget.app.run_action(active.binding.action, active.node)
        return True

    def has_heard(self, event: events.Key) -> bool:
        """Tell whether this key came by here."""
        return any(heard is event for heard in self._heard)


def passed_on(event: events.Key, focused: Widget | None) -> bool:
    """Tell whether a key that comes back from the screen was meant for what has got the focus
    since."""
    keystrokes = getattr(focused, "keystrokes", None)
    if focused is None or not isinstance(keystrokes, Keystrokes):
        return False
    if not event.is_forwarded or keystrokes.has_heard(event):
        return False
    again = events.Key(event.key, event.character)
    return focused.post_message(again.set_sender(focused))  # what an app sends never comes back
