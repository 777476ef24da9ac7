"""How a record shows itself in a notebook."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from attnviz.record import AttentionRecord
from attnviz.views.choice import Choice
from attnviz.views.figure import picture
from attnviz.views.labels import title


def html(record: AttentionRecord) -> str:
    """The mean over heads as a picture, with its title as text for those who cannot see it."""
    data, _ = picture(record, "png", Choice(), grid=False)
    words = escape(title(record), quote=True)
    source = f"data:image/png;base64,{b64encode(data).decode()}"
    return f'<img alt="{words}" style="max-width:100%" src="{source}">'
