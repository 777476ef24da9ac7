"""A checkpoint from the hub, by its own client: its cache, its settings, only what is needed."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.adapter import PICKLED as PICKLED_WEIGHTS
from attnviz.models.checkpoint.adapter import WEIGHTS
from attnviz.models.checkpoint.folder import ADAPTER, INDEX, ONE_FILE, PICKLED, PICKLED_INDEX
from attnviz.models.checkpoint.tokenizer import FILES
from attnviz.models.families import read_family

NO_ANSWER = 500  # statuses from which on a hub is as good as not there


def fetch_checkpoint(name: str) -> Path:
    """Fetch to the cache the folder that holds the model `name`; config first, weights if it loads.
    Of a model that is nothing but an adapter, fetch that.

    Raises AttnvizError for an id that does not exist, is gated or malformed, a hub that cannot be
    reached, and a model whose family or weights cannot be read.
    """
    _check_endpoint()
    from huggingface_hub import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    with _translate_errors(name):
        repository = _Repository(name, here_only=not _answers(name))
        config = repository.fetch_if_there("config.json")
        if config is None:
            return _fetch_adapter(repository)
        read_family(config.parent)
        _fetch_weights(repository)
        if repository.fetch_if_there(FILES[0]) is None:
            for file in FILES[1:]:
                repository.fetch_if_there(file)
    return config.parent


class _Repository:
    """The files of one model. here_only: the cache alone is asked. Once one file is there, the
    rest is of the same commit."""

    def __init__(self, name: str, *, here_only: bool):
        self.name = name
        self._here_only = here_only
        self._revision: str | None = None

    def fetch(self, file: str) -> Path:
        """Fetch a file and return its path in the cache; AttnvizError if there is none."""
        from huggingface_hub.errors import RemoteEntryNotFoundError

        try:
            return self._download(file)
        except RemoteEntryNotFoundError as error:
            raise AttnvizError(
                f"The model {self.name} has no {file}.",
                "Choose another model.",
                key="err.model_has_no",
                name=self.name,
                file=file,
            ) from error

    def fetch_if_there(self, file: str) -> Path | None:
        """Fetch a file and return its path in the cache, or None if the model has no such file."""
        from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError

        try:
            return self._download(file)
        except RemoteEntryNotFoundError:
            return None
        except LocalEntryNotFoundError:  # what cannot be had now is not known to be absent
            if self._here_only:
                return None
            raise

    def _download(self, file: str) -> Path:
        from huggingface_hub import hf_hub_download

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is said in one line
            found = hf_hub_download(
                self.name, file, revision=self._revision, local_files_only=self._here_only
            )
        self._revision = Path(found).parent.name
        return Path(found)


def _check_endpoint() -> None:
    """Before the client is imported: it reads the address then, and fails in its own words."""
    from urllib.parse import urlsplit

    endpoint = os.environ.get("HF_ENDPOINT", "")
    try:
        urlsplit(endpoint).port  # noqa: B018 asking is the check
    except ValueError as error:
        raise AttnvizError(
            f"HF_ENDPOINT is not a valid address: {endpoint} ({error}).",
            "Correct it, or unset it.",
            key="err.hf_endpoint",
            endpoint=endpoint,
            reason=error,
        ) from error


def _answers(name: str) -> bool:
    """Say whether the hub can be asked.

    The client's downloads ask again for half a minute and longer where nobody answers; this asks
    once.
    """
    from huggingface_hub import constants, errors, get_hf_file_metadata, hf_hub_url

    transport: type[Exception] = errors.HfHubHTTPError.__bases__[0]  # of the client's HTTP library
    url = hf_hub_url(name, "config.json")
    try:
        get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except errors.HfHubHTTPError as error:
        return int(error.response.status_code) < NO_ANSWER
    except (transport, errors.OfflineModeIsEnabled):
        return False
    return True


def _fetch_adapter(repository: _Repository) -> Path:
    """An adapter's own files; AttnvizError if there are none, and so no config either."""
    settings = repository.fetch_if_there(ADAPTER)
    if settings is None:
        return repository.fetch("config.json").parent
    if repository.fetch_if_there(WEIGHTS) is None:
        repository.fetch(PICKLED_WEIGHTS)
    return settings.parent


def _fetch_weights(repository: _Repository) -> None:
    """Fetch the first kind of weights that there is, in one file or in shards."""
    for one_file, index_of_many in (ONE_FILE, INDEX), (PICKLED, PICKLED_INDEX):
        if repository.fetch_if_there(one_file) is not None:
            return
        index = repository.fetch_if_there(index_of_many)
        if index is not None:
            _fetch_shards(repository, index)
            return
    repository.fetch(ONE_FILE)  # says why it cannot be had


def _fetch_shards(repository: _Repository, index: Path) -> None:
    try:
        shards = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # said with the folder's name when it is opened
    for shard in shards:
        if not isinstance(shard, str) or Path(shard).name != shard:
            raise AttnvizError(
                f"The index of {repository.name} names {shard}, which is not a file of its own.",
                "Choose another model.",
                key="err.index_names",
                repository=repository.name,
                shard=shard,
            )
        repository.fetch(shard)


@contextmanager
def _translate_errors(name: str) -> Iterator[None]:
    """Turn the hub client's exceptions into one-line AttnvizErrors."""
    from huggingface_hub import constants, errors

    transport: type[Exception] = errors.HfHubHTTPError.__bases__[0]
    try:
        yield
    except errors.GatedRepoError as error:
        raise AttnvizError(
            f"The model {name} is gated.",
            f"Ask for access on {constants.ENDPOINT}/{name}, then log in or set HF_TOKEN.",
            key="err.model_gated",
            name=name,
            endpoint=constants.ENDPOINT,
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise AttnvizError(
            f"There is no model {name} on the hub, or it is private.",
            "Check the id, give a folder, or set HF_TOKEN.",
            key="err.no_model",
            name=name,
        ) from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        why = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else "the hub cannot be reached"
        raise AttnvizError(
            f"The model {name} is not on this machine and {why}.",
            "Fetch it where there is a network, or give the folder of a checkpoint.",
            key="err.model_not",
            name=name,
            why=why,
        ) from error
    except errors.HFValidationError as error:
        raise AttnvizError(
            f"{name} is not a hub id.", "An id reads user/name.", key="err.not_hub", name=name
        ) from error
    except (transport, OSError) as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: Exception) -> AttnvizError:
    response = getattr(error, "response", None)
    if getattr(response, "status_code", None) == 401:
        return AttnvizError(
            f"The hub does not know the token that was sent for {name}.",
            "Set another HF_TOKEN.",
            key="err.hub_does",
            name=name,
        )
    first_line = str(error).strip().partition("\n")[0]
    return AttnvizError(
        f"The hub did not give the model {name}: {first_line}",
        "Try again later.",
        key="err.hub_did",
        name=name,
        first_line=first_line,
    )
