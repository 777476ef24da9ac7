"""Writes which fields transformers' own config classes have, and what they are where not stated.

python -m tests.reference.make_fields, after a new release of transformers. It writes
attnviz/models/families/fields.json: for each model_type the fields of its class with their
defaults (null where another field decides), and other names that the class knows them by.
"""

import dataclasses
import json
from pathlib import Path

from transformers import PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from attnviz.models.families import MODULE_OF, PARTS

FILE = Path(__file__).parents[2] / "attnviz/models/families/fields.json"
COMMON = {field.name for field in dataclasses.fields(PreTrainedConfig)}


def fields(kind):
    """Field → default, of one model_type."""
    found = {}
    for field in dataclasses.fields(CONFIG_MAPPING[kind]):
        if field.name in COMMON:
            continue
        plain = isinstance(field.default, bool | int | float | str)
        found[field.name] = field.default if plain else None
    return found


def made():
    """All of the file: model_type → defaults and aliases."""
    return {
        kind: {"defaults": fields(kind), "aliases": dict(CONFIG_MAPPING[kind].attribute_map)}
        for kind in sorted({*MODULE_OF, *PARTS})
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1) + "\n")
