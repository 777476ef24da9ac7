"""The stack machine of pickles, as far as state dicts need it: it makes containers and notes where
tensors lie. It calls nothing, imports nothing, and refuses what it does not know by name.

The instructions are those of Python's pickletools, which also parses them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass

MOST_STEPS = 1 << 21  # instructions: each can make an object of some hundred bytes at most

# PyTorch's names of storages and of dtypes → the name that safetensors has for it, and its bytes.
DTYPES = {
    "Double": ("F64", 8), "Float": ("F32", 4), "Half": ("F16", 2), "BFloat16": ("BF16", 2),
    "Long": ("I64", 8), "Int": ("I32", 4), "Short": ("I16", 2), "Char": ("I8", 1),
    "Byte": ("U8", 1), "Bool": ("BOOL", 1), "Untyped": ("U8", 1),
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint8": ("U8", 1), "uint16": ("U16", 2), "uint32": ("U32", 4), "uint64": ("U64", 8),
    "bool": ("BOOL", 1), "float8_e4m3fn": ("F8_E4M3", 1), "float8_e5m2": ("F8_E5M2", 1),
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """A row of numbers in the file: its name there, and how many of which dtype."""

    key: str
    dtype: str
    dtype_bytes: int
    n_numbers: int

    @property
    def n_bytes(self) -> int:
        """Bytes that it takes."""
        return self.n_numbers * self.dtype_bytes


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as a view of its storage: offset and strides are counted in numbers."""

    storage: Storage
    dtype: str
    dtype_bytes: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Name:
    """Something of a module that the pickle names; it is never imported."""

    module: str
    name: str


_MARK = object()


def run_pickle(file: Path, program: bytes | IO[bytes], storages: dict[str, Storage]) -> Any:
    """Return what a pickle of containers and tensors describes, and note the storages it names.

    program: its bytes, or an open file that stands at its start and is left after its end.

    Raises AttnvizError naming what else it holds, ValueError where it is not a pickle.
    """
    from pickletools import genops  # few checkpoints are pickles

    machine = _Machine(file, storages)
    try:
        for step, (opcode, argument, _) in enumerate(genops(program)):
            if step >= MOST_STEPS:
                raise ValueError(f"its pickle has more than {grouped(MOST_STEPS)} instructions")
            if opcode.name == "STOP":
                return machine.stack.pop()
            machine.step(opcode.name, argument)
    except (IndexError, KeyError, TypeError, OverflowError, UnicodeError) as error:
        raise ValueError("its pickle is broken") from error
    raise ValueError("its pickle has no end")


class _Machine:
    """A stack, a memo, and what each instruction does to them."""

    def __init__(self, file: Path, storages: dict[str, Storage]):
        self.file = file
        self.storages = storages
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction."""
        if name in _PUSHES:
            self.stack.append(argument)
        elif name in _NEW:
            self.stack.append(_NEW[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in _NOTHING:
            raise AttnvizError(
                f"{self.file} is a pickle with the instruction {name}, which is not followed: "
                "it makes objects that are not tensors.",
                "Save the model's state dict alone, as safetensors if you can.",
                key="err.pickle_instruction",
                place=self.file,
                name=name,
            )

    def pop_mark(self) -> list[Any]:
        """What lies above the last mark, which goes too."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("its pickle is broken")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def pop_several(self, n: int) -> list[Any]:
        """The last n things."""
        if len(self.stack) < n:
            raise ValueError("its pickle is broken")
        items = self.stack[len(self.stack) - n :]
        del self.stack[len(self.stack) - n :]
        return items

    def set_items(self, items: list[Any]) -> None:
        """Put keys and values into the dict on top; keys are simple, so that none can be deep."""
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError
        for key, value in zip(items[::2], items[1::2], strict=True):
            if key is not None and type(key) not in (str, int, float, bool, bytes):
                raise TypeError
            target[key] = value

    def reduce(self) -> None:
        """What a known name gives for its arguments."""
        function, arguments = self.pop_several(2)
        if type(function) is not _Name or type(arguments) is not tuple:
            raise TypeError
        self.stack.append(_MAKERS[function.module, function.name](*arguments))

    def name(self, module: Any, name: Any) -> None:
        """Push a name, if it is one of those that are known."""
        found = _Name(module, name)
        if (module, name) not in _MAKERS and _dtype_name(found) is None:
            raise AttnvizError(
                f"{self.file} holds {str(module)[:60]}.{str(name)[:60]}, which is neither a "
                "tensor nor a plain container, and is not made: a pickle can run code.",
                "Save the model's state dict alone, as safetensors if you can.",
                key="err.holds_neither",
                place=self.file,
                module=str(module)[:60],
                name=str(name)[:60],
            )
        self.stack.append(found)

    def persistent(self) -> None:
        """A storage: ("storage", its type, its name in the file, a device, how many numbers)."""
        kind, dtype, key, _, n_numbers, *views = self.stack.pop()
        name = _dtype_name(dtype)
        whole = type(n_numbers) is int and n_numbers >= 0
        if kind != "storage" or name is None or type(key) is not str or not whole or any(views):
            raise TypeError
        self.storages[key] = Storage(key, *DTYPES[name], n_numbers)
        self.stack.append(self.storages[key])


def _dtype_name(found: Any) -> str | None:
    """The entry in DTYPES that torch.FloatStorage, torch.float16 … mean."""
    if type(found) is not _Name or found.module not in ("torch", "torch.storage"):
        return None
    name = str(found.name).removesuffix("Storage")
    return name if name in DTYPES else None


def _tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *_: Any, dtype: Any = None
) -> StoredTensor:
    if type(storage) is not Storage or type(shape) is not tuple or type(strides) is not tuple:
        raise TypeError
    if any(type(n) is not int for n in (offset, *shape, *strides)):
        raise TypeError
    name, n_bytes = storage.dtype, storage.dtype_bytes
    if dtype is not None:
        name, n_bytes = DTYPES[_dtype_name(dtype) or ""]
    return StoredTensor(storage, name, n_bytes, offset, shape, strides)


def _tensor_with_dtype(*arguments: Any) -> StoredTensor:
    return _tensor(*arguments[:4], dtype=arguments[6])


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _empty_dict() -> dict[str, Any]:
    return {}  # its items are set one after the other


def _size(numbers: Any) -> tuple[Any, ...]:
    if type(numbers) is not tuple:
        raise TypeError
    return numbers


_MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _empty_dict,
    ("torch", "Size"): _size,
    ("torch", "device"): lambda *_: None,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_with_dtype,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
}

_NOTHING = {"PROTO", "FRAME"}
_PUSHES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
}  # fmt: skip
_NEW: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": list,
    "MARK": lambda: _MARK,
}  # fmt: skip


def _extend(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not list:
        raise TypeError
    target.extend(items)


def _new_dict(machine: _Machine) -> None:
    items = machine.pop_mark()
    machine.stack.append({})
    machine.set_items(items)


def _memoise(machine: _Machine, place: int) -> None:
    machine.memo[place] = machine.stack[-1]


def _tuple_of(n: int) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(tuple(machine.pop_several(n)))


_STEPS: dict[str, Callable[[_Machine, Any], object]] = {
    "POP": lambda m, _: m.pop_several(1),
    "POP_MARK": lambda m, _: m.pop_mark(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "PUT": _memoise,
    "BINPUT": _memoise,
    "LONG_BINPUT": _memoise,
    "MEMOIZE": lambda m, _: _memoise(m, len(m.memo)),
    "GET": lambda m, place: m.stack.append(m.memo[place]),
    "BINGET": lambda m, place: m.stack.append(m.memo[place]),
    "LONG_BINGET": lambda m, place: m.stack.append(m.memo[place]),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.pop_mark())),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "LIST": lambda m, _: m.stack.append(m.pop_mark()),
    "DICT": lambda m, _: _new_dict(m),
    "APPEND": lambda m, _: _extend(m, m.pop_several(1)),
    "APPENDS": lambda m, _: _extend(m, m.pop_mark()),
    "ADDITEMS": lambda m, _: _extend(m, m.pop_mark()),
    "SETITEM": lambda m, _: m.set_items(m.pop_several(2)),
    "SETITEMS": lambda m, _: m.set_items(m.pop_mark()),
    "GLOBAL": lambda m, both: m.name(*both.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.name(*m.pop_several(2)),
    "REDUCE": lambda m, _: m.reduce(),
    "BUILD": lambda m, _: m.pop_several(1),  # attributes of the dict: torch's versions
    "BINPERSID": lambda m, _: m.persistent(),
}
