"""The import rule of .github/ARCHITECTURE.md: a room may use lower rooms, never sideways or up."""

import ast
import re
from functools import cache
from pathlib import Path

import attnviz

PACKAGE = Path(attnviz.__file__).parent
PAGE = Path(__file__).parents[1] / ".github" / "ARCHITECTURE.md"
DOORS = {"", "__main__"}  # the package itself and `python -m attnviz` see all
FORBIDDEN_NAMES = ("util", "helper", "common", "manager")
MOST_LINES, LONGEST_FUNCTION = 500, 60
MAKERS_OF_ERRORS = ("AttnvizError", "bad_choice", "out_of_range", "no_token", "cannot_write")
IMPORTERS = ("import_module", "resolve_name", "__import__")


def floors():
    """Room → (floor from the top, part of that floor)."""
    (rule,) = re.findall(r"^`(cli > .*)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        room.strip(): (floor, side)
        for floor, rooms in enumerate(rule.split(">"))
        for side, part in enumerate(rooms.split("|"))
        for room in part.split(",")
    }


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name for _, name in modules()}


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def module_of(dotted):
    """The module of attnviz that a dotted name lies in, or None."""
    parts = dotted.split(".")
    if parts[0] != "attnviz":
        return None
    parts = parts[1:]
    while parts and ".".join(parts) not in NAMES:
        parts.pop()
    return ".".join(parts)


def called(node):
    """The last part of the name of what is called: "import_module" of importlib.import_module."""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in IMPORTERS:
            for part in ast.walk(node.args[0]):  # the fixed part of an f-string names the folder
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value.replace(":", ".").rstrip(".")


@cache
def uses():
    """Every (module, module that it imports), read once for all laws."""
    return list(_uses())


def _uses():
    for path, name in modules():
        tree = tree_of(path)
        for dotted in imported(tree):
            used = module_of(dotted)
            if used is not None and used != name:
                yield name, used


def room(module):
    return module.split(".")[0]


def test_every_module_has_a_floor():
    assert {room(name) for _, name in modules()} - DOORS <= floors().keys()


def test_imports_go_down_only():
    floor = floors()
    ground = max(number for number, _ in floor.values())
    wrong = set()
    for name, used in uses():
        mine, theirs = room(name), room(used)
        if mine in DOORS or mine == theirs or theirs in DOORS:
            continue  # who imports the package itself is the next test's business
        is_lower = floor[theirs][0] > floor[mine][0]
        stands_beside = floor[theirs] == floor[mine] and floor[mine][0] == ground
        if not is_lower and not stands_beside:
            wrong.add(f"{name} uses {used}")
    assert not wrong, "\n".join(sorted(wrong))


def test_the_package_is_not_imported_from_inside():
    assert not {name for name, used in uses() if used == ""} - DOORS


def at_import(tree):
    """What a module imports as soon as it is imported itself."""
    body = [*tree.body]
    while body:
        node = body.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(ast.Module([node], []))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            body += [*node.body, *getattr(node, "orelse", [])]


def test_no_circle_of_modules():
    arrows = {}
    for path, name in modules():
        tree = tree_of(path)
        found = {module_of(dotted) for dotted in at_import(tree)} - {None, name}
        arrows[name] = {used for used in found if not name.startswith(f"{used}.")}
    done, circles = set(), []

    def walk(name, trail):
        if name in trail:
            circles.append(" → ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for used in sorted(arrows[name]):
                walk(used, [*trail, name])
            done.add(name)

    for name in sorted(arrows):
        walk(name, [])
    assert not circles, "\n".join(circles)


def test_families_do_not_import_one_another():
    assert not {
        f"{name} uses {used}"
        for name, used in uses()
        if name.startswith("models.families.") and used.startswith("models.families.")
    }


def medium(module):
    """The folder of `views` that a module lies in, "" for what all media share."""
    parts = module.split(".")
    inside = parts[0] == "views" and len(parts) > 1 and (PACKAGE / "views" / parts[1]).is_dir()
    return parts[1] if inside else ""


def test_media_do_not_import_one_another():
    wrong = {
        f"{name} uses {used}"
        for name, used in uses()
        if medium(name) and medium(used) and medium(name) != medium(used)
    }
    assert not wrong, "\n".join(sorted(wrong))


def names_of_modules(tree):
    """Names that stand for modules of attnviz in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("attnviz"):
            for alias in node.names:
                if f"{node.module}.{alias.name}".removeprefix("attnviz.") in NAMES:
                    yield alias.asname or alias.name


def test_no_private_name_crosses_modules():
    wrong = set()
    for path, name in modules():
        others = {*names_of_modules(tree_of(path))}
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
                owner = getattr(node.value, "id", None)
                wrong |= {f"{name}: {owner}.{node.attr}"} if owner in others else set()
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("attnviz."):
                wrong |= {
                    f"{name}: {a.name}"
                    for a in node.names
                    if a.name.startswith("_") and a.name != "__version__"
                }
    assert not wrong


def test_no_relative_imports_and_no_rooms_for_everything():
    for path, _ in modules():
        assert not any(word in path.stem for word in FORBIDDEN_NAMES), path
        tree = tree_of(path)
        assert not any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree)), path


def test_errors_below_the_command_line_name_parameters():
    """A Python user never reads of `--window`: the command line makes options of parameters."""
    wrong = set()
    for path, name in modules():
        if room(name) == "cli":
            continue
        for node in ast.walk(tree_of(path)):
            is_error = isinstance(node, ast.Call) and called(node) in MAKERS_OF_ERRORS
            for part in ast.walk(node) if is_error else ():
                text = part.value if isinstance(part, ast.Constant) else ""
                if isinstance(text, str) and re.search(r"(?<![\w-])--[a-z]", text):
                    wrong.add(f"{name}: {text}")
    assert not wrong, "\n".join(sorted(wrong))


def test_no_file_and_no_function_is_too_long():
    wrong = []
    for path, name in modules():
        n_lines = path.read_text(encoding="utf-8").count("\n")
        if n_lines > MOST_LINES:
            wrong.append(f"{name}: {n_lines} lines")
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                is_options = name.startswith("cli.commands")  # a signature of options is a list
                if length > LONGEST_FUNCTION and not is_options:
                    wrong.append(f"{name}.{node.name}: {length} lines")
    assert not {line.split(":")[0] for line in wrong}, "\n".join(wrong)


def test_the_page_has_a_row_for_every_room():
    rows = re.findall(r"^\| (`.+?`) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = re.findall(r"`([\w.]+)/?`", " ".join(rows))
    rooms = {room(name) for _, name in modules()} - DOORS
    files = {f"{name}.py" for name in rooms if (PACKAGE / f"{name}.py").is_file()}
    assert sorted(listed) == sorted(files | {name for name in rooms if f"{name}.py" not in files})


def test_the_package_lists_its_folders():
    listed = set(re.findall(r"^([a-z]+)  +\S", attnviz.__doc__, re.MULTILINE))
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert listed == folders


def public_functions():
    """Place and docstring of every function and method that others may call; no properties."""
    for path, _ in modules():
        yield from (
            (f"{path.relative_to(PACKAGE)}:{node.lineno}", ast.get_docstring(node))
            for node in functions_of(tree_of(path))
        )


def functions_of(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from functions_of(child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            made = [ast.unparse(one) for one in child.decorator_list]
            if not child.name.startswith("_") and not any("property" in one for one in made):
                yield child


# A new one is added here; "The", "What", "How" and formulas are none.
VERBS = """
    Add Align Allow Answer Append Apply Ask Attend Be Begin Break Bring Build Check Choose Close
    Compare Compute Copy Count Cut Describe Do Draw Embed End Fetch Fill Find Fit Follow Forget
    Give Go Group Hand Handle Hash Hear Hide Hold Import Join Keep Lay Leave Let Line List Look
    Make Map Measure Move Multiply Name Note Offer Open Pack Paint Parse Pass Pool Probe Put
    Raise Read Reduce Refuse Remember Replace Report Resize Return Run Say Score Search Set Show
    Stand Stream Stretch Summarise Take Tell Test Trace Translate Turn Undo Work Write Yield
"""


def test_public_docstrings_begin_with_a_verb():
    wrong = {
        place: text.splitlines()[0]
        for place, text in public_functions()
        if text and re.split(r"[ ,:;.]", text, maxsplit=1)[0] not in VERBS.split()
    }
    assert not wrong
