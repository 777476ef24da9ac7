"""Models by name: the hub's own client against a hub on the loopback address, and `minilm`.

The client reads its settings when it is imported, so each run is a process of its own.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.cli import run_command_line
from attnviz.models import NAMES
from attnviz.models import find as places
from tests.models import gguf_files, hub_server
from tests.models.hub_server import error, serve
from tests.models.test_adapter import save_adapter
from tests.reference import checkpoints

ROOT = Path(attnviz.__file__).parents[1]
TEXT = "The cat sat"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat"]
ONE_FILE, INDEX, PICKLED = "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"
NEEDED = ["config.json", ONE_FILE, "tokenizer.json"]
NOT_NEEDED = ["README.md", PICKLED, "onnx/model.onnx", "model.fp16.safetensors", "vocab.txt"]

PATIENCE = 15  # seconds until a hub that cannot be reached is given up
SECRET = "hf_NotToBeShown"
SETTINGS = ("HF_", "HUGGING", "TRANSFORMERS_", "ATTNVIZ_", "TQDM_")

# The client waits between its attempts, half a minute in all: here that is counted and not waited.
WITHOUT_WAITING = """
import atexit, os, pathlib, time
waits = []
time.sleep = waits.append
atexit.register(lambda: pathlib.Path(os.environ["WAITS"]).write_text(str(sum(waits))))
from attnviz.__main__ import main
main()
"""


class Done:
    """What a process said, and how long it took or would have taken."""

    def __init__(self, status, out, err, seconds=0.0):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    @property
    def record(self):
        """The record on standard output, after a run with --json."""
        assert self.status == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def server(tiny):
    """A hub that has one model, user/tiny."""
    with serve() as running:
        running.add("user/tiny", tiny)
        yield running


@pytest.fixture
def model(server):
    """Its files: name → bytes."""
    return server.models["user/tiny"]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a small BERT, with files that nothing here needs."""
    folder = tmp_path_factory.mktemp("tiny")
    checkpoints.write("bert", folder)
    (folder / "tokenizer.json").write_text(tokenizer(), encoding="utf-8")
    for name in NOT_NEEDED:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not needed")
    return folder


def tokenizer(words=WORDS):
    """A tokenizer.json of whole words, framed as BERT's."""
    ids = {name: {"id": name, "ids": [words.index(name)], "tokens": [name]} for name in words[2:4]}
    first, last = ({"SpecialToken": {"id": name, "type_id": 0}} for name in words[2:4])
    vocabulary = {word: n for n, word in enumerate(words)}
    return json.dumps(
        {
            "version": "1.0",
            "added_tokens": [],
            "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [first, {"Sequence": {"id": "A", "type_id": 0}}, last],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": ids,
            },
        }
    )


def shard(
    model, folder, names=("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
):
    """Its one file cut into shards, alternate tensors in each, beside a shard of nobody's."""
    del model[ONE_FILE]
    tensors = checkpoints.tensors("bert")
    place = {}
    for n, name in enumerate(names):
        part = dict(list(tensors.items())[n :: len(names)])
        checkpoints.save(folder / name, {}, part)
        model[name] = (folder / name / ONE_FILE).read_bytes()
        place |= dict.fromkeys(part, name)
    model["model-00003-of-00002.safetensors"] = b"of an older version"
    model[INDEX] = json.dumps({"weight_map": place}).encode()
    return list(names)


def environment(endpoint, home, **more):
    """This one, without its own settings of the client, and with these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(SETTINGS) and not name.lower().endswith("_proxy")
    }
    ours = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    return kept | ours | {"PYTHONPATH": str(ROOT)} | more


def run(endpoint, home, *words, model="user/tiny", stderr=subprocess.PIPE, **more):
    """`attnviz run` as a process; the rest are words after it, and variables of its environment."""
    waits = home.with_name("waits")
    start = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT_WAITING,
            "run",
            TEXT,
            "--model",
            model,
            *(words or ["--json"]),
        ],
        env=environment(endpoint, home, WAITS=str(waits), **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    seconds = time.monotonic() - start + float(waits.read_text())
    return Done(done.returncode, done.stdout, done.stderr, seconds)


def numbers(record):
    """What of a record has to be the same wherever its model came from."""
    return {name: record[name] for name in ("type", "settings", "stacks")}


def of_folder(folder):
    """The same numbers of the same text from a folder."""
    return numbers(json.loads(attnviz.trace(TEXT, model=str(folder)).to_json()))


def assert_refused(done, *named):
    """One line that names all this, and nothing else."""
    assert done.status == 2, done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("attnviz: ")
    for word in named:
        assert word in done.err


# What is fetched


@pytest.mark.slow
def test_a_model_is_fetched_once_and_then_from_the_cache(server, tiny, home):
    first = run(server.url, home)
    assert numbers(first.record) == of_folder(tiny)
    assert first.record["model"]["name"] == "user/tiny"
    assert sorted(server.fetched) == NEEDED
    server.forget()
    assert run(server.url, home).record == first.record
    assert server.fetched == []
    assert not server.looked_at & set(NOT_NEEDED)


def test_of_shards_those_that_the_index_names(server, model, tiny, home, tmp_path):
    shards = shard(model, tmp_path)
    done = run(server.url, home)
    assert numbers(done.record) == of_folder(tiny)
    assert sorted(server.fetched) == sorted(["config.json", INDEX, "tokenizer.json", *shards])


@pytest.mark.slow
def test_a_vocabulary_where_there_is_no_tokenizer_json(server, model, tiny, home):
    del model["tokenizer.json"]
    model["vocab.txt"] = "\n".join(WORDS).encode()
    done = run(server.url, home)
    assert numbers(done.record) == of_folder(tiny)
    assert sorted(server.fetched) == ["config.json", ONE_FILE, "vocab.txt"]


@pytest.mark.slow
def test_an_id_without_a_user(server, model, tiny, home):
    server.models["bert-tiny"] = model
    done = run(server.url, home, model="bert-tiny")
    assert numbers(done.record) == of_folder(tiny)


def test_a_token_is_sent_and_never_shown(server, tiny, home):
    server.private["user/tiny"] = SECRET
    done = run(server.url, home, HF_TOKEN=SECRET)
    assert numbers(done.record) == of_folder(tiny)
    assert {asked.authorization for asked in server.log if asked.file} == {f"Bearer {SECRET}"}
    assert SECRET not in done.out + done.err


# Without a network


@pytest.mark.slow
@pytest.mark.parametrize("sharded", [False, True], ids=["one file", "shards"])
def test_a_filled_cache_needs_no_hub(server, model, home, tmp_path, sharded):
    """Also where files that the model does not have are not in the cache either."""
    if sharded:
        shard(model, tmp_path)
        del model["tokenizer.json"]
        model["vocab.txt"] = "\n".join(WORDS).encode()
    first = run(server.url, home)
    server.forget()
    offline = run(server.url, home, HF_HUB_OFFLINE="1")
    assert offline.record == first.record
    assert offline.err == ""
    assert server.connections == 0
    with refusing() as nobody:
        away = run(nobody, home)
    assert away.record == first.record
    assert away.seconds < PATIENCE


@pytest.mark.slow
def test_offline_with_an_empty_cache(server, home):
    done = run(server.url, home, HF_HUB_OFFLINE="1")
    assert_refused(done, "user/tiny", "HF_HUB_OFFLINE")
    assert server.connections == 0


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"NO_PROXY": "localhost"}], ids=["", "NO_PROXY"])
def test_a_hub_that_is_not_there(home, more):
    with refusing() as nobody:
        done = run(nobody, home, **more)
    assert_refused(done, "user/tiny", "reached")
    assert done.seconds < PATIENCE


def test_a_hub_that_does_not_answer(server, home):
    server.faults["user/tiny"] = hub_server.silent
    with stopped_after(server, 6):
        done = run(server.url, home, HF_HUB_ETAG_TIMEOUT="1")
    assert_refused(done, "user/tiny", "reached")
    assert not server.stopped.is_set()


@pytest.mark.slow
def test_an_address_that_is_none(home):
    assert_refused(run("http://127.0.0.1:PORT", home))


@pytest.mark.slow
def test_a_cache_that_lost_its_weights(server, home):
    run(server.url, home)
    for path in home.rglob(ONE_FILE):
        path.unlink()
    done = run(server.url, home, HF_HUB_OFFLINE="1")
    assert_refused(done, "user/tiny", "HF_HUB_OFFLINE")


@pytest.mark.slow
def test_a_broken_hub_does_not_hold_up_a_filled_cache(server, model, home, tmp_path):
    """Nor do the files that the model never had."""
    shard(model, tmp_path)
    model["vocab.txt"] = "\n".join(WORDS).encode()
    del model["tokenizer.json"]
    first = run(server.url, home)
    server.faults["user/tiny"] = error(503, says="Service Unavailable")
    again = run(server.url, home)
    assert again.record == first.record
    assert again.seconds < PATIENCE


@contextmanager
def refusing():
    """An address on which connections are refused, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def stopped_after(server, seconds):
    """Lets what waits for the hub go on after so many seconds."""
    timer = threading.Timer(seconds, server.stopped.set)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


# What the hub refuses


def test_no_such_model(server, home):
    assert_refused(run(server.url, home, model="user/none"), "user/none", "no model", "HF_TOKEN")


@pytest.mark.slow
def test_no_such_model_for_one_who_is_logged_in(server, home):
    done = run(server.url, home, model="user/none", HF_TOKEN=SECRET)
    assert_refused(done, "user/none", "no model")
    assert SECRET not in done.err


@pytest.mark.slow
def test_a_gated_model_says_where_to_ask(server, home):
    says = "Access to model user/tiny is restricted. You must have access to it."
    server.faults["user/tiny"] = error(403, "GatedRepo", says)
    done = run(server.url, home)
    assert_refused(done, "user/tiny", "gated", f"{server.url}/user/tiny", "HF_TOKEN")


def test_a_token_that_the_hub_does_not_know(server, home):
    says = "Invalid credentials in Authorization header"
    server.faults["user/tiny"] = error(401, says=says)
    done = run(server.url, home, HF_TOKEN=SECRET)
    assert_refused(done, "user/tiny", "HF_TOKEN")
    assert SECRET not in done.err


@pytest.mark.slow
def test_pickled_weights_are_fetched_where_there_are_no_others(server, model, home):
    del model[ONE_FILE]
    assert_refused(run(server.url, home), PICKLED, "zip archive")  # the file is a few letters
    assert sorted(server.fetched) == ["config.json", PICKLED, "tokenizer.json"]


def test_an_adapter_is_fetched_with_the_model_that_it_names(server, tiny, home, tmp_path):
    low, high = (np.ones(shape, np.float32) / 9 for shape in ((2, 32), (32, 2)))
    module = "encoder.layer.0.attention.self.query.lora_"
    pair = {f"{module}A.weight": low, f"{module}B.weight": high}
    adapter = save_adapter(tmp_path / "mine", pair, base_model_name_or_path="user/tiny")
    server.add("user/lora", adapter)
    record = run(server.url, home, model="user/lora").record
    due = attnviz.trace(TEXT, model=str(tiny), adapter=str(adapter))
    assert record["stacks"] == json.loads(due.to_json())["stacks"]
    assert sorted(server.fetched)[:2] == ["adapter_config.json", "adapter_model.safetensors"]


@pytest.mark.slow
def test_no_weights_at_all(server, model, home):
    del model[ONE_FILE], model[PICKLED]
    assert_refused(run(server.url, home), "user/tiny", ONE_FILE)


@pytest.mark.slow
def test_no_config(server, model, home):
    del model["config.json"]
    assert_refused(run(server.url, home), "user/tiny", "config.json")
    assert server.fetched == []


@pytest.mark.slow
def test_a_shard_that_is_missing(server, model, home, tmp_path):
    lost, _ = shard(model, tmp_path)
    del model[lost]
    assert_refused(run(server.url, home), "user/tiny", lost)


@pytest.mark.slow
@pytest.mark.parametrize(
    "index",
    [
        {"weight_map": {"a": "../../evil.safetensors"}},
        {"weight_map": {"a": "/evil.safetensors"}},
        {"weight_map": {"a": "evil.safetensors", "b": 5}},
    ],
    ids=["upwards", "absolute", "number"],
)
def test_an_index_that_is_none(server, model, home, tmp_path, index):
    shard(model, tmp_path)
    model[INDEX] = json.dumps(index).encode()
    assert_refused(run(server.url, home))
    assert not [path for path in tmp_path.rglob("evil*") if home in path.parents]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "named"),
    [
        (b'{"model_type": "tinyformer"}', "tinyformer"),
        (b'{"model_type": ', "config.json"),
    ],
    ids=["unknown family", "no JSON"],
)
def test_a_config_is_refused_before_the_weights_are_fetched(server, model, home, config, named):
    model["config.json"] = config
    assert_refused(run(server.url, home), named)
    assert server.fetched == ["config.json"]


# What goes wrong on the way


@pytest.mark.slow
def test_a_hub_that_is_broken(server, home):
    server.faults["user/tiny"] = error(500, says="Internal Error")
    assert_refused(run(server.url, home), "user/tiny", "hub")


@pytest.mark.slow
@pytest.mark.parametrize("file", [ONE_FILE, "tokenizer.json"])
def test_what_the_hub_cannot_give_now_is_not_taken_for_absent(server, model, home, tmp_path, file):
    """Or another file would be used in its place, or the model be called incomplete."""
    shard(one := dict(model), tmp_path)
    model |= {name: data for name, data in one.items() if name not in model}
    model["vocab.txt"] = "\n".join(reversed(WORDS)).encode()
    server.faults["user/tiny", file] = error(503, says="Service Unavailable")
    done = run(server.url, home)
    assert_refused(done, "user/tiny")
    assert "neither" not in done.err


def test_a_download_that_breaks_off_goes_on(server, tiny, home):
    server.faults["user/tiny", ONE_FILE] = hub_server.cut(1000, times=2)
    done = run(server.url, home)
    assert numbers(done.record) == of_folder(tiny)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [hub_server.cut(1000), hub_server.other_size(10**6)], ids=["cut", "shorter than said"]
)
def test_a_download_that_stays_short_leaves_nothing_behind(server, tiny, home, fault):
    server.faults["user/tiny", ONE_FILE] = fault
    assert_refused(run(server.url, home), "user/tiny")
    assert not [*home.rglob("*.incomplete"), *home.rglob(ONE_FILE)]
    server.faults.clear()
    assert numbers(run(server.url, home).record) == of_folder(tiny)


@pytest.mark.slow
def test_something_that_is_no_hub(server, home):
    server.faults["user/tiny"] = hub_server.web_page
    assert_refused(run(server.url, home), "user/tiny")


@pytest.mark.slow
def test_a_home_that_is_a_file(server, home):
    home.write_text("not a folder")
    assert_refused(run(server.url, home), str(home))
    assert home.read_text() == "not a folder"


def test_interrupted_while_it_fetches(server, home):
    server.faults["user/tiny", ONE_FILE] = hub_server.stuck
    command = [sys.executable, "-m", "attnviz", "run", TEXT, "--model", "user/tiny"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment(server.url, home), **pipes) as process:
        until = time.monotonic() + 20
        while ONE_FILE not in server.fetched and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert not [*home.rglob("*.incomplete"), *home.rglob(ONE_FILE)]


# The progress bar


def on_a_terminal(server, home, *words):
    """A run whose standard error is a terminal: what it said there as lines, and all else."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 100))
    heard = []

    def listen():
        try:
            while data := os.read(ours, 4096):
                heard.append(data)
        except OSError:  # how a terminal ends that nobody writes to any more
            pass

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        done = run(server.url, home, *words, stderr=theirs)
    finally:
        os.close(theirs)
        listener.join()
        os.close(ours)
    done.err = b"".join(heard).decode().replace("\r\n", "\n")
    return done


def test_progress_is_shown_on_standard_error(server, tiny, home):
    done = on_a_terminal(server, home, "--json")
    assert numbers(done.record) == of_folder(tiny)
    assert ONE_FILE in done.err
    assert "100%" in done.err


@pytest.mark.slow
def test_quiet_means_no_progress(server, tiny, home):
    done = on_a_terminal(server, home, "--json", "--quiet")
    assert numbers(done.record) == of_folder(tiny)
    assert done.err == ""


@pytest.mark.slow
def test_an_error_has_its_own_line_under_the_progress(server, model, home):
    del model[ONE_FILE], model[PICKLED]
    done = on_a_terminal(server, home)
    *shown, last = done.err.splitlines()
    assert (done.status, done.out) == (2, "")
    assert last.startswith("attnviz: ")
    assert ONE_FILE in last
    assert all("config.json" in line for line in shown if line)


# Names that never reach the hub


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError(f"asked the network for {args}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTNVIZ_LANG", raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def refused_in_process(name, capsys):
    status = run_command_line(["run", TEXT, "--model", name])
    captured = capsys.readouterr()
    done = Done(status, captured.out, captured.err)
    assert_refused(done)
    return done.err


NO_IDS = [
    "",
    " ",
    "a b",
    "x/y/z",
    "../x",
    "./x",
    "~/x",
    "~nobody-of-this-name/x",
    "/x",
    "user/",
    "user//tiny",
    "user/..",
    "../..x",
    "-user/tiny",
    "user/tiny.git",
    "user--of/tiny",
    "user/tiny@main",
    "https://huggingface.co/user/tiny",
    "user\\tiny",
    "نموذج/صغير",
    "user/" + "n" * 99,
    "n" * 300,
    "n/" * 3000,
    "\udcff/tiny",
    "user/ti\x1b[31mny",
    "user/tiny\n",
]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", NO_IDS, ids=lambda name: ascii(name)[:20])
def test_what_can_be_no_id(capsys, name):
    message = refused_in_process(name, capsys)
    if name.isascii() and name.isprintable() and len(name) < 99:
        assert name.strip() in message


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("minilmm", "minilm"),
        ("minlm", "minilm"),
        ("mini-lm", "minilm"),
        ("minilm6", "minilm"),
        ("buildin", "builtin"),
        ("bulitin", "builtin"),
        ("built-in", "builtin"),
        ("radnom", "random"),
        ("random2", "random"),
        ("MiniLM", None),
        ("BUILTIN", None),
        ("something", None),
        ("gpt-9", None),
        ("a b", None),
    ],
)
def test_a_slip_is_told_the_names(capsys, slip, meant):
    message = refused_in_process(slip, capsys)
    choices = message.partition("Choose one of: ")[2].partition(".")[0].split(", ")
    assert slip in message
    assert set(NAMES) <= set(choices)
    assert meant in (None, choices[0])


# minilm


@pytest.fixture
def asked(monkeypatch):
    """Ids that would have been fetched."""
    ids = []
    monkeypatch.setattr(places, "fetch_folder", lambda name, *_more: ids.append(name) or Path(name))
    return ids


def package(place, monkeypatch, name=places.MINILM_PACKAGE):
    """A package of that name in front of any other, whose code leaves a mark when it is run."""
    monkeypatch.delitem(sys.modules, name, raising=False)
    folder = place / name
    folder.mkdir(parents=True)
    mark = folder / "was-run"
    (folder / "__init__.py").write_text(f"open({str(mark)!r}, 'w').close()")
    monkeypatch.syspath_prepend(place)
    return folder


def test_minilm_is_an_id_without_the_package(monkeypatch, asked):
    monkeypatch.setattr(places, "folder_in_package", lambda *_: None)
    assert places.find_folder("minilm", NAMES) == Path("sentence-transformers/all-MiniLM-L6-v2")
    assert asked == ["sentence-transformers/all-MiniLM-L6-v2"]


def test_smollm2_is_the_file_in_its_package_or_an_id(monkeypatch, asked, tmp_path):
    folder = package(tmp_path, monkeypatch, places.SMOLLM2_PACKAGE)
    assert places.find_folder("smollm2", NAMES) == Path("HuggingFaceTB/SmolLM2-135M-Instruct")
    assert asked == ["HuggingFaceTB/SmolLM2-135M-Instruct"]
    gguf_files.write("llama", folder / "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert places.find_folder("smollm2", NAMES) == folder / "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert attnviz.load_model("smollm2").name == "smollm2"
    assert not (folder / "was-run").exists()


def test_a_gguf_file_is_a_checkpoint_and_another_file_is_not(tmp_path):
    file = gguf_files.write("llama", tmp_path / "tiny.gguf")
    assert places.find_folder(str(file), NAMES) == file
    for name, says in (("tiny.onnx", "ONNX"), ("tiny.bin", r"is a file.*\.gguf")):
        (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(AttnvizError, match=says):
            places.find_folder(str(tmp_path / name), NAMES)


@pytest.mark.parametrize("name", ["config.json", ONE_FILE])
def test_a_file_of_a_checkpoint_folder_stands_for_the_folder(tiny, name):
    assert places.find_folder(str(tiny / name), NAMES) == tiny


def test_minilm_is_the_package_whose_code_is_not_run(monkeypatch, asked, tmp_path, tiny):
    folder = package(tmp_path, monkeypatch)
    shutil.copytree(tiny, folder / "model")
    assert places.find_folder("minilm", NAMES) == folder / "model"
    record = attnviz.trace(TEXT, model="minilm")
    assert numbers(json.loads(record.to_json())) == of_folder(tiny)
    assert record.model.name == "minilm"
    assert asked == []
    assert not (folder / "was-run").exists()
    assert places.MINILM_PACKAGE not in sys.modules


def test_minilm_of_a_package_without_a_model_is_an_id(monkeypatch, asked, tmp_path):
    folder = package(tmp_path, monkeypatch)
    places.find_folder("minilm", NAMES)
    assert asked == ["sentence-transformers/all-MiniLM-L6-v2"]
    assert not (folder / "was-run").exists()


def test_minilm_is_a_folder_where_one_has_that_name(monkeypatch, asked, tmp_path, tiny):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny, "minilm")
    assert places.find_folder("minilm", NAMES).resolve() == tmp_path / "minilm"
    assert asked == []


@pytest.mark.parametrize("name", ["gpt2", "bert-base-cased", "t5-small", "user/minilm", "a/b"])
def test_names_that_are_ids(monkeypatch, asked, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    places.find_folder(name, NAMES)
    assert asked == [name]
