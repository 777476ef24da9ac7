"""Where the bundled samples lie."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import AttnvizError


def samples_folder() -> Path:
    """Return the folder of the samples: inside the installed package, or beside it in a checkout.

    Raises AttnvizError where they were not installed.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "samples", package.parent / "samples"):
        if (folder / "samples.toml").is_file():
            return folder
    raise AttnvizError(
        "The samples were not installed.", "Install attnviz again.", key="err.samples_not"
    )
