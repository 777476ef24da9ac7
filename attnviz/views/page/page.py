"""The record as one page that opens anywhere, offline: every layer, head and token to click at.

Nothing is fetched and nothing but the page's own script and style may run: the policy names both
by their hashes. What comes from the record travels as JSON whose `<`, `>` and `&` are escapes, and
as base64; the script writes it as text only.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from attnviz._version import __version__
from attnviz.analysis.timeline import check_steps, has_steps
from attnviz.inputs.labels import visible
from attnviz.inputs.where import Times
from attnviz.language.language import Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Which
from attnviz.views.look import Look
from attnviz.views.overlay import looking_patch
from attnviz.views.page.data import Blobs, page_tree
from attnviz.views.page.image import is_pictured
from attnviz.views.page.sound import Spans
from attnviz.views.page.timeline import timeline_tree
from attnviz.views.palette import INK, MASKED_PAPER, ramp
from attnviz.views.titles import title

FOLDER = Path(__file__).parent
SCRIPTS = (  # in this order: each uses only those before it
    "state.js", "words.js", "weights.js", "shades.js", "current.js", "change.js",
    "drawing.js", "beside.js", "pair.js", "side.js", "grid.js", "heatmap.js", "links.js", "text.js",
    "table.js", "timeline.js", "sound.js", "image.js", "tools.js", "address.js", "choices.js",
    "controls.js",
)  # fmt: skip
STYLES = ("page.css",)
VIEWS = {
    "grid": "heads", "heatmap": "heatmap", "arcs": "links", "top": "table", "table": "heatmap",
    "timeline": "timeline", "sound": "sound", "image": "image",
}  # fmt: skip
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page(record: AttentionRecord, look: Look, spans: Spans | None = None) -> bytes:
    """Return the page, in UTF-8. It opens on `look`; the reader may choose another. The same record
    gives the same bytes. spans: seconds in which each query was said, where that is known."""
    blobs = Blobs()
    tree = page_tree(record, blobs, spans)
    tree["timeline"] = timeline_tree(record) if has_steps(record) else None
    tree["start"] = _start(record, look)
    tree["ramp"], tree["masked"], tree["ink"] = ramp(), MASKED_PAPER, INK
    tree["attnviz"] = __version__
    return document(title(record, look.language), look.language, tree, blobs.packed())


def document(
    name: str, language: Language, tree: dict[str, Any], blobs: Sequence[bytes] = (),
    scripts: tuple[str, ...] = SCRIPTS, styles: tuple[str, ...] = STYLES,
) -> bytes:  # fmt: skip
    """Return a page in UTF-8 that draws a tree with these scripts and styles, and may run no other.

    name: what stands in its tab. blobs: bytes that the tree speaks of by their number.
    """
    script, style = script_and_style(scripts, styles)
    values = {
        "policy": policy(script, style),
        "lang": language.tag,
        "title": escape(visible(name)),
        "noscript": escape(language.say("page.noscript")),
        "style": style,
        "script": script,
        "tree": _json(tree),
    }
    before, after = (_filled(part, values).encode() for part in _template().split("{{blobs}}"))
    return b"".join([before, *_scripts(blobs), after])


def policy(script: str, style: str) -> str:
    """Return the Content-Security-Policy: only this script and this style, and no script may make
    markup of a string."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


@cache
def script_and_style(
    scripts: tuple[str, ...] = SCRIPTS, styles: tuple[str, ...] = STYLES
) -> tuple[str, str]:
    """Return a page's own script and style, as they stand between their tags."""
    parts = [(FOLDER / "script" / name).read_text(encoding="utf-8") for name in scripts]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"
    return script, "".join((FOLDER / name).read_text(encoding="utf-8") for name in styles)


def _template() -> str:
    return (FOLDER / "page.html").read_text(encoding="utf-8")


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with its {{names}} replaced, each once: what a value holds is never read."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [values[name], rest]
    return "".join(filled)


def _start(record: AttentionRecord, look: Look) -> dict[str, Any]:
    """What the page opens on."""
    if look.show == "timeline":
        check_steps(record)
    heard = isinstance(record.stack.key_tokens.where, Times)
    seen = is_pictured(record.stack)
    many = (record.stack.n_layers > 1 or not look.shows_one) and not look.apart
    first = look.each()[0] if look.apart else look
    return {
        "view": VIEWS.get(
            look.show, "image" if seen else "sound" if heard else "heads" if many else "heatmap"
        ),
        "layer": first.layer,
        "query": looking_patch(record.stack, look) if seen else _asked(look),
        "head": None if first.head == "mean" else first.head,
        "beside": [_place(*place) for place in look.apart[1:]],
        "scale": look.scale,
        "language": look.language.tag,
    }


def _place(layer: int, head: Which) -> dict[str, int | None]:
    return {"layer": layer, "head": None if head == "mean" else head}


def _asked(look: Look) -> int | None:
    """The query that was asked for, if any: the first of several."""
    return look.queries[0] if look.query is None and look.queries else look.query


def _json(tree: dict[str, Any]) -> str:
    """JSON in ASCII that can stand in a script element: nothing in it can end the element."""
    return json.dumps(tree, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def _scripts(blobs: Sequence[bytes]) -> list[bytes]:
    """Bytes as elements that a browser neither shows nor runs."""
    return [
        b'<script type="text/plain" id="blob-%d">%s</script>\n' % (i, b64encode(blob))
        for i, blob in enumerate(blobs)
    ]


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
