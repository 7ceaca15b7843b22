"""LibCST's visitor finds the calls of a file that may construct a layer and that no root has evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import libcst as cst

from nnlint.evaluate.expressions import dotted_name
from nnlint.evaluate.machine import Machine
from nnlint.evaluate.nn_containers import CONTAINERS
from nnlint.evaluate.scope import binder
from nnlint.layers import PLAIN
from nnlint.own_names import dotted_in_python, perhaps_classes
from nnlint.source import Folded, children, unfold, visit, walk
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, External, Module, Value

WITHOUT_PARAMETERS = {*PLAIN, *(f"torch.nn.{name}" for name in CONTAINERS)}
Comprehension = cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp
Unbound = tuple[cst.Call, frozenset[str]]  # a call, with the names that the functions around it bind


class Unreached:
    """What is left of a module when its roots have run."""

    def __init__(self, machine: Machine, module: Module) -> None:
        self.machine, self.module = machine, module
        self._constructs: dict[str, bool] = {}

    def calls(self, tree: cst.CSTNode) -> list[Unbound]:
        """The calls below a node that may construct a layer."""
        found = ConstructorCalls(self)
        visit(tree, found)
        return found.calls

    def may_construct(self, function: cst.FunctionDef) -> bool:
        """Whether a function has calls that may construct a layer, or a module of the project, when it is run: but for
        layers that have nothing to count, which are seen where they stand."""
        callees = set(self.callees(function))
        if any(map(self.constructs_something, callees)):
            return True
        variables, builtins = self.module.frame.variables, self.machine.builtins
        heads = ((callee, callee.partition(".")[0]) for callee in callees)
        own = {callee for callee, head in heads if head and head not in variables and head not in builtins}
        if not own:
            return False
        python = self.module.source.python_of(function)
        if any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(python)):
            return True
        classes = perhaps_classes(python, self.makes_objects)
        return any("." not in callee and (classes is None or callee in classes) for callee in own)

    def callees(self, function: cst.FunctionDef) -> Iterator[str]:
        """What the calls in a function name that nothing has evaluated."""
        if type(function.body) is Folded:
            python = ast.walk(self.module.source.python_of(function))
            return (dotted_in_python(node.func) for node in python if isinstance(node, ast.Call))
        calls = (node for node in walk(function) if type(node) is cst.Call)
        return (dotted_name(call.func) for call in calls if id(call) not in self.machine.evaluated)

    def constructs(self, dotted: str) -> bool:
        """Whether a name of the module stands for a class of the framework."""
        if dotted not in self._constructs:
            cls = self._named(dotted)
            known = isinstance(cls, Class) and (cls.layer is not None or cls.full_name in WITHOUT_PARAMETERS)
            self._constructs[dotted] = known or cls is None
        return self._constructs[dotted]

    def makes_objects(self, dotted: str) -> bool:
        """Whether a name of the module stands for a layer of the framework that has nothing to count: as a loss."""
        cls = self._named(dotted)
        return isinstance(cls, Class) and cls.full_name in PLAIN

    def constructs_something(self, dotted: str) -> bool:
        """Whether a name of the module stands for a Module, of the framework or the project, that may have parameters
        or hold modules."""
        cls = self._named(dotted)
        return cls is None or (isinstance(cls, Class) and is_module_class(cls) and cls.full_name not in PLAIN)

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


class ConstructorCalls(cst.CSTVisitor):
    """Every call that may construct a layer and that no root has evaluated, with the names bound around it."""

    def __init__(self, unreached: Unreached) -> None:
        super().__init__()
        self.unreached = unreached
        self.calls: list[Unbound] = []
        self._bound: frozenset[str] = frozenset()

    def visit_Call(self, node: cst.Call) -> None:
        unreached = self.unreached
        if id(node) not in unreached.machine.evaluated and unreached.constructs(dotted_name(node.func)):
            self.calls.append((node, self._bound))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        """A body is looked into, and parsed, only where something in it may construct a layer."""
        parts: list[cst.CSTNode] = [*node.decorators, node.params]
        bound: set[str] = set()
        if any(map(self.unreached.constructs, self.unreached.callees(node))):
            parts.append(unfold(node))
            named = (*node.params.params, *node.params.kwonly_params, *node.params.posonly_params)
            bound = {parameter.name.value for parameter in named} | binder(node.body).bound
        return self._inside(parts, bound)

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return self._inside(children(node), own_names(node))

    def visit_ListComp(self, node: Comprehension) -> bool:
        return self._inside(children(node), own_names(node))

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _inside(self, parts: Iterable[cst.CSTNode], bound: set[str]) -> bool:
        """Visit the parts of what binds names of its own; False: LibCST's way to say that this is done."""
        around, self._bound = self._bound, self._bound | bound
        for part in parts:
            visit(part, self)
        self._bound = around
        return False


def is_module_class(cls: Class) -> bool:
    return any(base.full_name == "torch.nn.Module" for base in cls.mro)


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
