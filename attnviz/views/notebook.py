"""How a record shows itself in a notebook."""

from __future__ import annotations

from html import escape

from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.page.page import page
from attnviz.views.titles import title

HEIGHT = 780  # pixels: a heatmap and its controls


def html(record: AttentionRecord) -> str:
    """Return the record's page in a frame that may run the page's script, save a
    picture of it as a file, and nothing else."""
    document = escape(page(record, Look()).decode(), quote=True)
    name = escape(title(record), quote=True)
    return (
        f'<iframe title="{name}" sandbox="allow-scripts allow-downloads" width="100%" '
        f'height="{HEIGHT}" style="border:0" srcdoc="{document}"></iframe>'
    )
