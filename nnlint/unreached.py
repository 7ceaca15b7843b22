"""The calls of a file that no root has evaluated, as far as they may construct a layer."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from nnlint.evaluate.expressions import dotted_name
from nnlint.evaluate.machine import Machine
from nnlint.evaluate.scope import binder
from nnlint.evaluate.torch_modules import CONTAINERS
from nnlint.layers import PLAIN
from nnlint.source import Folded, children, walk
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, External, Module, Value

WITHOUT_PARAMETERS = {*PLAIN, *(f"torch.nn.{name}" for name in CONTAINERS)}
INNER = (cst.Lambda, cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)


Unbound = tuple[cst.Call, frozenset[str]]  # a call, with the names that the functions around it bind


class Unreached:
    """What is left of a module when its roots have run."""

    def __init__(self, machine: Machine, module: Module) -> None:
        self.machine, self.module = machine, module
        self._constructs: dict[str, bool] = {}

    def calls(self, tree: cst.CSTNode, bound: frozenset[str] = frozenset()) -> Iterator[Unbound]:
        """The calls below a node."""
        for node in walk(tree, closed={cst.FunctionDef, *INNER}):
            if isinstance(node, cst.Call):
                if node not in self.machine.evaluated and self.constructs(dotted_name(node.func)):
                    yield node, bound
            elif isinstance(node, INNER):
                inside = bound | own_names(node)
                for part in children(node):
                    yield from self.calls(part, inside)
            elif isinstance(node, cst.FunctionDef):
                yield from self._calls_of(node, bound)

    def _calls_of(self, node: cst.FunctionDef, bound: frozenset[str]) -> Iterator[Unbound]:
        parts = [*node.decorators, node.params]
        if any(map(self.constructs, self._callees(node))):
            parts.append(node.body)
            named = (*node.params.params, *node.params.kwonly_params, *node.params.posonly_params)
            bound = bound | {p.name.value for p in named} | binder(node.body).bound
        for part in parts:
            yield from self.calls(part, bound)

    def may_construct(self, function: cst.FunctionDef) -> bool:
        """Whether a function has calls that may construct a layer, or a module of the project, when it is run."""
        imports = has_import(function)
        for callee in self._callees(function):
            head, _, rest = callee.partition(".")
            if self.constructs(callee, or_module=True):
                return True
            if head not in self.module.frame.variables and head not in self.machine.builtins and (imports or not rest):
                return bool(head)
        return False

    def _callees(self, function: cst.FunctionDef) -> Iterator[str]:
        """What the calls in a function name that nothing has evaluated."""
        if type(function.body) is Folded:
            python = ast.walk(function.body.python)
            return (dotted_in_python(node.func) for node in python if isinstance(node, ast.Call))
        calls = (node for node in walk(function) if isinstance(node, cst.Call))
        return (dotted_name(call.func) for call in calls if call not in self.machine.evaluated)

    def constructs(self, dotted: str, or_module: bool = False) -> bool:
        """Whether a name of the module stands for a class of the framework (or any Module, of the project too)."""
        if dotted not in self._constructs:
            cls = self._named(dotted)
            known = isinstance(cls, Class) and (cls.layer is not None or cls.full_name in WITHOUT_PARAMETERS)
            self._constructs[dotted] = known or cls is None
        if self._constructs[dotted] or not or_module:
            return self._constructs[dotted]
        cls = self._named(dotted)
        return isinstance(cls, Class) and is_module_class(cls)

    def _named(self, dotted: str) -> Value:
        """What a dotted name stands for; None where it may be anything, ABSENT where it surely is no class."""
        head, *attributes = dotted.split(".")
        variables = self.module.frame.variables
        if head not in variables:
            return None if head and "*" in variables else ABSENT
        value = variables[head]
        for name in attributes:
            if isinstance(value, External):
                value = self.machine.resolve(f"{value.name}.{name}")
            elif isinstance(value, Module):
                value = value.frame.variables.get(name, ABSENT)
            elif isinstance(value, Class):
                value = value.find(name)
        if isinstance(value, Unknown) and value.options:
            return None
        return value if isinstance(value, Class) else ABSENT


def is_module_class(cls: Class) -> bool:
    return any(base.full_name == "torch.nn.Module" for base in cls.mro)


def has_import(function: cst.FunctionDef) -> bool:
    """Whether a function imports anything itself."""
    if type(function.body) is Folded:
        return any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(function.body.python))
    return any(isinstance(node, cst.ImportAlias) for node in walk(function))


def dotted_in_python(node: ast.expr) -> str:
    """a.b.c as text, or "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted_in_python(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def own_names(node: cst.CSTNode) -> set[str]:
    """The names that a lambda or a comprehension binds."""
    named: set[str] = set()
    for inner in walk(node):
        if isinstance(inner, cst.Param):
            named.add(inner.name.value)
        elif isinstance(inner, cst.CompFor):
            named.update(names_in(inner.target))
    return named


def names_in(node: cst.CSTNode) -> Iterator[str]:
    """The names below a node, in order."""
    return (found.value for found in walk(node) if isinstance(found, cst.Name))
