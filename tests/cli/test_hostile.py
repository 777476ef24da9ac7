"""Strings of strangers, through every door: what they would do to a terminal, a drawing, a page or
a spreadsheet, they do not do. New commands, options and fields are found by themselves."""

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer

import attnviz
from attnviz.cli import COMMANDS, app_of, run_command_line
from tests.reference import checkpoints

SAMPLES = Path(__file__).parents[2] / "samples"
# Colours, a link and the clipboard by OSC 8 and 52, C1, CR, bidi overrides, markup of Rich and of
# Textual, mathematics, a script, a formula.
HOSTILE = (
    "=1\x1b[31mR\x1b]8;;http://x\x07L\x1b]52;c;QQ==\x07\x9b2J\rC\u202eB\u2066[red]m[/][@click=app.quit]q"
    "[/]$\\frac{x$<script>alert(7777)</script></text><![CDATA["
)
BARE = HOSTILE.replace("/", "|")  # as the name of a file may be
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
VIEWS = ("table", "heatmap", "grid", "top", "arcs", "far")


def harmless_text(shown):
    """What a terminal gets: no character moves it, and marks of direction are the program's own."""
    return not CONTROLS.search(shown)


def harmless_file(path):
    data = path.read_bytes()
    if path.suffix == ".json":
        return not CONTROLS.search(data.decode()) or json.loads(data)
    if path.suffix == ".csv":
        cells = [cell for row in csv.reader(io.StringIO(data.decode())) for cell in row]
        return not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    if path.suffix == ".svg":
        root = ElementTree.fromstring(data)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        return not tags & {"script", "foreignObject", "a"} and not re.search(
            rb"[\x00-\x08\x1b]", data
        )
    if path.suffix == ".html":
        return b"<script>alert(7777)" not in data and not re.search(rb"[\x00-\x08\x1b]", data)
    if path.suffix == ".pdf":
        data = re.sub(rb"\nstream.*?endstream", b"", data, flags=re.DOTALL)
        return not re.search(rb"/(JavaScript|JS|Launch|URI)\b|\x1b\]", data)
    return True


def look(capsys, *words):
    """Run a command; everything it says has to be harmless. Returns whether it did it."""
    status = run_command_line(list(words))
    out, err = capsys.readouterr()
    assert status in (0, 2), (words, err)
    assert "Traceback" not in err
    assert harmless_text(out), (words, ascii(out))
    if "--json" in words and status == 0:
        json.loads(out)
    assert harmless_text(err), (words, ascii(err))
    return status == 0


def fields(tree, path=()):
    """The places of strings in a tree, one of each list."""
    if isinstance(tree, str):
        yield path
    elif isinstance(tree, dict):
        for name, inner in tree.items():
            yield from fields(inner, (*path, name))
    elif isinstance(tree, list) and tree:
        yield from fields(tree[0], (*path, 0))


def with_field(tree, path, value):
    changed = json.loads(json.dumps(tree))
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


RECORDS = {
    "text": lambda: attnviz.trace("The cat sat", type="global", heads=2, global_tokens=["cat"]),
    "two texts": lambda: attnviz.trace("The cat", source="lmouch gles", heads=2),
    "streamed": lambda: attnviz.trace("The cat sat", heads=2, max_memory=0),
    "picture": lambda: attnviz.trace(image=SAMPLES / "images" / "cat.jpg", heads=1),
    "sound": lambda: attnviz.trace(audio=SAMPLES / "audio" / "arabic.wav", end=0.3, heads=1),
    "written": lambda: (
        attnviz.generate(ids=[3, 7, 9, 4, 3, 7], model="induction", max_new_tokens=2).record
    ),
    "given": lambda: attnviz.from_weights([[1.0, 0.0], [0.2, 0.3]], ["a", "b"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", RECORDS)
def test_every_string_of_a_record(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tree = json.loads(RECORDS[kind]().to_json())
    places = list(fields(tree))
    assert len(places) > 8
    shown = 0
    for path in places:
        Path("x.json").write_text(json.dumps(with_field(tree, path, HOSTILE)))
        if not look(capsys, "view", "x.json", "--show", "table"):
            continue
        shown += 1
        for view in VIEWS:
            look(capsys, "view", "x.json", "--show", view, "--head", "all")
        for lang in ("en", "darija", "ary-Arab"):
            look(capsys, "view", "x.json", "--explain", "--lang", lang)
        look(capsys, "view", "x.json", "--json")
        for suffix in (".svg", ".pdf", ".html", ".json", ".csv"):
            if look(capsys, "view", "x.json", "--show", "none", "-o", f"y{suffix}"):
                assert harmless_file(Path(f"y{suffix}")), (path, suffix)
        look(capsys, "compare", "x.json", "x.json")
    assert shown > 2


def commands():
    return typer.main.get_command(app_of(COMMANDS)).commands


OF_CHECKPOINTS = ("predict", "effect", "check", "lens", "transcribe")


def arguments(name):
    """The words of a command, and each of its options with the hostile string."""
    positional = {"compare": 2, "samples": 1, "models": 1, "explain": 1, "cost": 0}.get(name, 1)
    yield [HOSTILE] * positional
    yield [BARE] * positional
    given = ["The cat sat"] * positional
    options = commands()[name].params
    has = {word for option in options for word in option.opts}
    given += ["--model", "induction"] * ("--max-new-tokens" in has or name in OF_CHECKPOINTS)
    given += ["--no-measure"] * (name == "cost")
    for option in options:
        if option.opts and option.opts[0].startswith("--") and not getattr(option, "is_flag", 0):
            yield [*given, option.opts[0], BARE if "Path" in repr(option.type) else HOSTILE]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_word_of_a_command_line(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for words in arguments(name):
        look(capsys, name, *words)
    assert list(tmp_path.iterdir()) == []


def name_tokens(place):
    """Give a folder a tokenizer whose words are hostile."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = {"[UNK]": 0, "cat": 1} | {f"{HOSTILE}{n}": n for n in range(2, 10)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(["[UNK]"])
    tokenizer.save(str(place / "tokenizer.json"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert", "gpt2", "bart"])
def test_every_string_of_a_checkpoint(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    recipe = next(each for each in checkpoints.CASES if each.startswith(name))
    place = Path(BARE[:60])
    checkpoints.write(recipe, place)
    name_tokens(place)
    (place / "README.md").write_text(f"---\nlicense: {HOSTILE!r}\n---\n# {HOSTILE}\n")
    config = json.loads((place / "config.json").read_text())
    for path in [*fields(config), ("note",)]:
        (place / "config.json").write_text(json.dumps(with_field(config, path, HOSTILE)))
        for given in (["--ids", "1,2,1"], [], ["--pair", HOSTILE]):
            look(capsys, "run", *(["cat"] if not given or given[0] == "--pair" else []), *given,
                 "--model", str(place))  # fmt: skip
        look(capsys, "models", str(place))
        look(capsys, "heads", "--ids", "1,2,1", "--model", str(place))
        look(capsys, "cost", "--no-measure", "--model", str(place))
        look(capsys, "predict", "--ids", "1,2,1", "--model", str(place))


VIEWERS = {
    "effect": ["effect", "--ids", "IDS"],
    "tokens": ["effect", "--ids", "IDS", "--of", "tokens"],
    "check": ["check", "--ids", "IDS"],
    "lens": ["lens", "--ids", "IDS"],
    "predict": ["predict", "--ids", "IDS"],
    "probe": ["heads", "--probe"],
    "timeline": ["generate", "--ids", "IDS", "--max-new-tokens", "3"],
    "survey": ["survey", "texts.txt"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VIEWERS)
def test_every_view_of_a_model_with_such_names(name, tmp_path, monkeypatch, capsys):
    """The tokens of the model and its folder have hostile names."""
    monkeypatch.chdir(tmp_path)
    model = Path(BARE[:60])
    checkpoints.write("gpt2, with a head", model)
    name_tokens(model)
    Path("texts.txt").write_text(f"{HOSTILE}\nThe cat\n".replace("\r", ""))
    words = ["3,7,9,4,3,7" if word == "IDS" else word for word in VIEWERS[name]]
    for more in ([], ["--lang", "ary-Arab"], ["--json"]):
        look(capsys, *words, "--model", str(model), *more)
    for suffix in (".svg", ".html", ".json", ".csv"):
        file = Path(f"y{suffix}")
        if look(capsys, *words, "--model", str(model), "-o", str(file)) and file.exists():
            assert harmless_file(file), suffix
