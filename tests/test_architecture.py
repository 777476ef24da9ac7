"""The import rule: a room may use anything on a lower floor, never sideways or up."""

import ast
from pathlib import Path

import attnviz

PACKAGE = Path(attnviz.__file__).parent

FLOORS = [  # from the street down; rooms that share a floor may not use one another
    ["__main__"],
    ["cli"],
    ["views"],
    ["tracing", "timing", "explain"],
    ["models"],
    ["recorder"],
    ["formats"],
    ["arrays"],
    ["comparing", "lens"],
    ["record"],
    ["focus"],
    ["budget", "storage", "selection", "rollout", "heads", "cost"],
    ["stack", "steps"],
    ["summary"],
    ["units"],
    ["attention", "measures", "tokens", "sentences"],
    ["tensors"],
    ["workers"],
    ["errors"],
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SEES_ONLY_RECORDS = ("views", "explain")
HIDDEN_FROM_THEM = ("models", "tracing", "timing", "recorder", "attention")
FORBIDDEN_NAMES = ("util", "helper", "common", "manager")


def modules():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",):  # the public names, loaded when first used
            yield path, parts[0]


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "attnviz" and len(parts) > 1 and parts[1] in FLOOR_OF:
                yield parts[1]


def test_every_module_has_a_floor():
    assert {room for _, room in modules()} <= FLOOR_OF.keys()


def test_imports_go_down_only():
    wrong = [
        f"{path.relative_to(PACKAGE)} uses {used}"
        for path, room in modules()
        for used in imported_rooms(path)
        if used != room and FLOOR_OF[used] <= FLOOR_OF[room]
    ]
    assert not wrong


def test_views_and_words_know_only_records():
    wrong = [
        f"{path.relative_to(PACKAGE)} uses {used}"
        for path, room in modules()
        if room in SEES_ONLY_RECORDS
        for used in imported_rooms(path)
        if used in HIDDEN_FROM_THEM
    ]
    assert not wrong


def test_no_relative_imports_and_no_rooms_for_everything():
    for path, _ in modules():
        assert not any(word in path.stem for word in FORBIDDEN_NAMES), path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree)), path
