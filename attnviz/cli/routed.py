"""Which experts the tokens pass, as `run --show experts` shows and writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.cli.model_options import TokenPass
    from attnviz.cli.view_options import Display


def put_routing(asked: TokenPass, display: Display) -> None:
    """Run the text, and write which experts its tokens pass in a layer."""
    from attnviz.cli.numbers_output import Numbers
    from attnviz.cli.options import token_ids
    from attnviz.cli.output import console, put, screen_of
    from attnviz.cli.read_text import given_text
    from attnviz.language.languages import find_language
    from attnviz.models import load_model
    from attnviz.record.numbering import layer_number
    from attnviz.tracing.routing import routing
    from attnviz.views.terminal.experts import experts_view

    numbers = Numbers(output=display.output, json=display.json, csv=display.csv)
    numbers.check([asked.file])
    language, layer = find_language(display.lang), layer_number(display.layer)
    model = asked.model
    opened = model if asked.adapter is None else load_model(model, adapter=asked.adapter)
    found = routing(
        asked.text_or_none(), model=opened, layer=layer, ids=token_ids(asked.ids, "--ids"),
        source=given_text(asked.source, asked.source_file, "--source-file"),
        source_ids=token_ids(asked.source_ids, "--source-ids"),
        truncate=asked.truncate,
    )  # fmt: skip

    def show() -> None:
        target = console()
        put(target, experts_view(found, language, screen_of(target)))

    numbers.put(found.to_json, found.to_csv, language, show, [model])
