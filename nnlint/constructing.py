"""Whether running a function can construct a module at all: most functions of a library only compute, and need not be
run to see what they construct.

Read from the names in its text: what they stand for in its module, and what the functions and classes among that name
in turn. In doubt it can.
"""

from __future__ import annotations

import builtins as python

from nnlint.evaluate.functions import REPLACED
from nnlint.evaluate.iterables import BUILTINS
from nnlint.evaluate.machine import OUTSIDE, Machine
from nnlint.evaluate.torch_functions import FUNCTIONS
from nnlint.signature import REQUIRED
from nnlint.unknown import Unknown
from nnlint.values import (
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
    if isinstance(value, Native)
    and (not name.startswith("torch.nn.") or name.startswith(WITHOUT_LAYERS))
    and name.rpartition(".")[2] not in BY_TEXT
}
# What a dataclass is given, beside what its text says.
MADE = frozenset({"__init__", "__setattr__", "__delattr__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__"})
HARMLESS_BASES = frozenset({"enum", "object", "typing", *dir(python)})  # by the first part of their names
MOST = 2_000  # values that are looked at


class Reached:
    """What the code that is looked at has in hand: names, of which each may be asked of each module."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.modules: list[Module] = []
        self.has_torch = False


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
        patches = self.machine.patches
        if self.machine.aliases or patches.rest is not None:
            return True
        values = (*values, *patches.values())  # what stands for names from outside
        pending, seen = [value for value in values if not is_plain(value)], set(map(id, values))
        reached = Reached()
        while pending:
            found = self._behind(pending.pop(), reached)
            if found is None or len(seen) > MOST or (reached.has_torch and reached.names & self.in_torch):
                return True
            fresh = [v for v in found if id(v) not in seen and v is not REQUIRED and not is_plain(v)]
            seen.update(map(id, fresh))
            pending += fresh
        return False

    def _behind(self, value: Value, reached: Reached) -> list[Value] | None:
        """What code with this value in hand can call besides; None where it can construct a module."""
        if isinstance(value, Function):
            return self._named(value, reached)
        if isinstance(value, Module):
            return self._of_module(value, reached)
        if isinstance(value, Class):
            return self._of_class(value)
        if isinstance(value, External) and value.name == "torch":
            reached.has_torch = True
            return []
        if isinstance(value, External):
            dotted = f"{value.name}."
            is_framework = dotted.startswith("torch.nn.") and not dotted.startswith(WITHOUT_LAYERS)
            is_by_text = value.name.rpartition(".")[2] in BY_TEXT
            return None if is_framework or is_by_text or value.name in self.around else []
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

    def _of_module(self, module: Module, reached: Reached) -> list[Value] | None:
        variables = module.frame.variables
        if module.package or module.is_replaced or not module.ready or "*" in variables or "__partial__" in variables:
            return None
        reached.modules.append(module)
        return [variables[name] for name in (reached.names | {"__getattr__"}) & variables.keys()]

    def _of_class(self, cls: Class) -> list[Value] | None:
        if cls.unknown_base is not None or cls.metaclass is not None:
            return None
        found: list[Value] = []
        for base in cls.mro:
            if base.module is None and base.full_name.partition(".")[0] not in HARMLESS_BASES:
                return None
            fields = base.dataclass.values() if isinstance(base.dataclass, dict) else ()
            found += [part for field in fields for part in (field.default, field.factory)]
            for name, value in base.attributes.items():
                if not isinstance(value, Native):
                    found += [value] if name not in ("__:fields__", "__:register__") else []
                elif base.module is not None and not (isinstance(base.dataclass, dict) and name in MADE):
                    return None
        return found

    def _named(self, function: Function, reached: Reached) -> list[Value] | None:
        """What the names in a function's text may stand for."""
        if function.site is None or REPLACED in function.attributes or function.keyword_defaults is not None:
            return None
        text = self.machine.effects.text(function.site)
        if text.has_import or text.names & BY_TEXT:
            return None
        names = set(text.names)
        found: list[Value] = [parameter.default for parameter in function.signature.parameters]
        found += function.attributes.values()
        around: Frame | None = function.parent
        while around is not None:
            variables = around.variables
            if "*" in variables or "__partial__" in variables:
                return None
            found += [variables[name] for name in names & variables.keys()]
            around = around.parent
        for module in reached.modules:
            variables = module.frame.variables
            found += [variables[name] for name in (names - reached.names) & variables.keys()]
        reached.names |= names
        return found
