"""Whether running a function can construct a module at all: most functions of a library only compute, and need not be
run to see what they construct.

Read from the names in its text: what they stand for in its module, and what the functions and classes among that name
in turn. In doubt it can.
"""

from __future__ import annotations

import ast
import builtins as python
from collections.abc import Iterator

from nnlint.evaluate.builtins import BUILTINS
from nnlint.evaluate.functions import REPLACED
from nnlint.evaluate.machine import OUTSIDE, Machine
from nnlint.evaluate.torch_functions import FUNCTIONS
from nnlint.signature import REQUIRED
from nnlint.source import Folded
from nnlint.unknown import Unknown
from nnlint.unreached import has_import
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Descriptor,
    External,
    Frame,
    Function,
    Instance,
    List,
    Module,
    Namespace,
    Native,
    Partial,
    Set,
    Tensor,
    Value,
    is_plain,
)

# What finds things by a name that is not in the text.
BY_TEXT = frozenset(
    {"__builtins__", "__dict__", "__getattr__", "__getattribute__", "__globals__", "__import__", "attrgetter", "eval",
     "exec", "getattr", "getmembers", "globals", "import_module", "locals", "methodcaller", "modules", "vars"}
)  # fmt: skip
WITHOUT_LAYERS = ("torch.nn.functional.", "torch.nn.init.")
# nnlint's own functions that construct nothing but by what they are given.
HARMLESS = {
    id(value)
    for name, value in {**BUILTINS, **OUTSIDE, **FUNCTIONS}.items()
    if isinstance(value, Native) and (not name.startswith("torch.nn.") or name.startswith(WITHOUT_LAYERS))
}
HARMLESS_BASES = frozenset({"enum", "object", "typing", *dir(python)})  # by the first part of their names
MOST = 2_000  # values that are looked at


class Constructing:
    """Which functions of a machine's modules can construct something."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        # The packages and modules in which the classes are that tables know.
        self.around = {
            ".".join(name.split(".")[:end]) for name in machine.torch for end in range(1, name.count(".") + 1)
        }
        self.in_torch = {name.split(".")[1] for name in self.around if name.startswith("torch.")}

    def can(self, *values: Value) -> bool:
        """Whether code with these values in hand can."""
        if self.machine.aliases:
            return True
        pending, seen = [value for value in values if not is_plain(value)], set(map(id, values))
        while pending:
            found = self._behind(pending.pop())
            if found is None or len(seen) > MOST:
                return True
            fresh = [v for v in found if id(v) not in seen and v is not REQUIRED and not is_plain(v)]
            seen.update(map(id, fresh))
            pending += fresh
        return False

    def _behind(self, value: Value) -> list[Value] | None:
        """What code with this value in hand can call besides; None where it can construct a module."""
        if isinstance(value, Function):
            return self._named(value)
        if isinstance(value, Class):
            return self._of_class(value)
        if isinstance(value, External):
            dotted = f"{value.name}."
            is_framework = dotted.startswith("torch.nn.") and not dotted.startswith(WITHOUT_LAYERS)
            return None if is_framework or value.name in self.around else []
        if isinstance(value, Unknown):
            return None if value.calls else list(value.options)
        if isinstance(value, Native):
            return list(value.attributes.values()) if id(value) in HARMLESS else None
        if isinstance(value, Descriptor):
            return [value.getter, value.setter]
        if isinstance(value, (BoundMethod, Partial)):
            held = (value.function, value.receiver) if isinstance(value, BoundMethod) else (value.callee, *value.args)
            return [*held, *(value.kwargs.values() if isinstance(value, Partial) else ())]
        if isinstance(value, Instance) and not isinstance(value, Namespace):
            return [value.cls, value.payload, *value.attributes.values()] if value.open is None else None
        if isinstance(value, dict) and getattr(value, "rest", None) is None:
            return [*value, *value.values(), getattr(value, "factory", None)]
        if isinstance(value, (List, tuple, frozenset)) or (isinstance(value, Set) and value.rest is None):
            return list(value)
        return [] if isinstance(value, (Tensor, range, slice)) else None

    def _of_class(self, cls: Class) -> list[Value] | None:
        if cls.unknown_base is not None or cls.find("__metaclass__") is not ABSENT:
            return None
        found: list[Value] = []
        for base in cls.mro:
            if base.module is None:
                if base.full_name.partition(".")[0] not in HARMLESS_BASES:
                    return None
                continue
            fields = base.dataclass.values() if isinstance(base.dataclass, dict) else ()
            found += [part for field in fields for part in (field.default, field.factory)]
            held = [value for name, value in base.attributes.items() if name not in ("__fields__", "__register__")]
            is_made = isinstance(base.dataclass, dict) or any(
                other.full_name == "typing.NamedTuple" for other in cls.mro
            )
            if not is_made and any(isinstance(value, Native) for value in held):
                return None
            found += [value for value in held if not isinstance(value, Native)]
        return found

    def _named(self, function: Function) -> list[Value] | None:
        """What the names in a function's text may stand for."""
        if function.site is None or REPLACED in function.attributes or function.keyword_defaults is not None:
            return None
        node = function.site.node
        if type(node.body) is Folded:
            python = list(ast.walk(node.body.python))
            names = set(names_in_python(python))
            imports = any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in python)
        else:
            names, imports = set(self.machine.effects.text(node).names), has_import(node)
        if imports or names & BY_TEXT:
            return None
        found: list[Value] = [parameter.default for parameter in function.signature.parameters]
        found += function.attributes.values()
        around: Frame | None = function.parent
        frames: list[Frame] = []
        while around is not None:
            frames.append(around)
            around = around.parent
        for frame in frames:
            variables = frame.variables
            if "*" in variables or "__partial__" in variables:
                return None
            for value in [variables[name] for name in names & variables.keys()]:
                if isinstance(value, Module):
                    if value.package or not value.ready:
                        return None
                    if value.frame not in frames:
                        frames.append(value.frame)
                elif isinstance(value, External) and value.name == "torch":
                    if names & self.in_torch:
                        return None
                else:
                    found.append(value)
        return found


def names_in_python(nodes: list[ast.AST]) -> Iterator[str]:
    """The names and attributes in a text."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
