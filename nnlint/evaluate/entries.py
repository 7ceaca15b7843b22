"""What torch.nn.Module and its containers refuse to be constructed with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import libcst as cst

from nnlint.layers import Violation
from nnlint.layers.table import signature
from nnlint.signature import BindError
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, Dict, Function, Instance, List, Native, Set, Stream, Tensor, Value, has_rest

_SIGNATURES = {
    "Sequential": signature("*args"),
    "ModuleList": signature("modules=None"),
    "ModuleDict": signature("modules=None"),
    "ParameterList": signature("values=None"),
    "ParameterDict": signature("parameters=None"),
}
# The commonest names that a Module or a container has already; a test holds them against torch.
TAKEN = {
    "Module": "forward training type to cpu cuda half float double train eval apply modules children parameters "
    "buffers state_dict add_module compile",
    "Sequential": "append extend insert pop",
    "ModuleDict": "keys values items pop update clear",
}
_PLAIN = (int, float, complex, str, bytes, tuple, List, Dict, Set, Tensor, Stream)


def refused_arguments(kind: str, args: list[Value], kwargs: dict[str, Value]) -> Violation | None:
    """Why a container does not take these arguments (without the container itself)."""
    unknown = kwargs.get("**")
    given = {name: value for name, value in kwargs.items() if name != "**"}
    try:
        _SIGNATURES[kind].bind(args, given, unknown if isinstance(unknown, Unknown) else None)
    except BindError as error:
        return Violation("NNL203", str(error))
    return None


def refused_iterable(value: Value) -> Violation | None:
    """Why a list does not take the items of a value: it has none."""
    if isinstance(value, (int, float)):
        return Violation("NNL204", f"{value!r} is not iterable")
    if isinstance(value, Instance) and _has_no_items(value):
        return Violation("NNL204", f"{value.cls.name} is not iterable")
    return None


def refused_pairs(value: Value) -> Violation | None:
    """Why a dict does not take the entries of a value: they are no pairs."""
    if value is None or isinstance(value, Dict):
        return None
    refused = refused_iterable(value)
    for item in value if refused is None and isinstance(value, (List, tuple)) else ():
        refused = refused or refused_iterable(item)
        if isinstance(item, (List, tuple)) and not has_rest(item) and len(item) != 2:
            return Violation("NNL204", f"an entry has {len(item)} items, not 2")
    return refused


def refused_entries(kind: str, entries: Iterable[tuple[Value, Value]]) -> Violation | None:
    """Why a container of modules does not take an entry, by its name."""
    return next((why for name, value in entries if (why := _refused_entry(kind, name, value)) is not None), None)


def _refused_entry(kind: str, name: Value, value: Value) -> Violation | None:
    why = refused_name(name) or _taken_name(kind, name) or _refused_module(value)
    return None if why is None else Violation("NNL204", why)


def refused_name(name: Value) -> str | None:
    """Why a value surely is no name."""
    return f"the name {name!r} is not a string" if name is None or isinstance(name, (int, float, tuple)) else None


def _taken_name(kind: str, name: Value) -> str | None:
    if not isinstance(name, str):
        return None
    if not name or "." in name:
        return f"the name {name!r} {'has a dot' if name else 'is empty'}"
    taken = f"{TAKEN['Module']} {TAKEN.get(kind, '')}".split()
    return f"the name {name!r} is an attribute of {kind}" if name in taken else None


def _refused_module(value: Value) -> str | None:
    """Why a value surely is no Module, nor None, in words."""
    if isinstance(value, Class) and value.module is None and value.full_name.startswith("torch.nn."):
        return f"the class {value.name} is not a Module; it is not called"
    if isinstance(value, Native):
        return f"the function {value.name.rpartition('.')[2]} is not a Module"
    if isinstance(value, Function) and value.name == "<lambda>":
        return "a lambda is not a Module"
    if isinstance(value, _PLAIN):
        return f"{_kind(value)} is not a Module"
    return None


def _kind(value: Value) -> str:
    named = {List: "a list", Set: "a set", Dict: "a dict", Tensor: "a tensor", Stream: "an iterator", tuple: "a tuple"}
    return named[type(value)] if type(value) in named else repr(value)


def refuses_arguments(cls: Class, args: list[Value], kwargs: dict[str, Value]) -> bool:
    """Whether Module's own constructor, which takes nothing, is surely given something."""
    if not args and not [name for name in kwargs if name != "**"]:
        return False
    own = [base for base in cls.mro if base.module is not None]
    return (
        cls.unknown_base is None
        and not has_rest(args)
        and cls.find("call_super_init") is False
        and not any(_may_be_rewritten(base) for base in own)
    )


def _may_be_rewritten(cls: Class) -> bool:
    """Whether a decorator or a metaclass may have given a class another constructor."""
    node: Any = cls.site.node if cls.site is not None else None
    return not isinstance(node, cst.ClassDef) or bool(node.decorators or node.keywords)


def _has_no_items(value: Instance) -> bool:
    is_known = value.open is None and value.cls.unknown_base is None and value.payload is None
    return is_known and value.cls.find("__iter__") is ABSENT
