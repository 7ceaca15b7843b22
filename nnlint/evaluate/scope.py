"""Which names a piece of code binds, and where lowering stands in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from nnlint.evaluate.machine import Machine
    from nnlint.source import Source


@dataclass(frozen=True)
class Site:
    """A call in a file: where a layer may be constructed. `scope` is the qualified name around it."""

    source: Source
    node: cst.CSTNode
    scope: str

    def __hash__(self) -> int:
        return id(self.node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Site) and other.node is self.node


@dataclass
class Scope:
    """Where code stands: kind is "module", "class" or "function"; `local` are the names a function binds."""

    machine: Machine
    source: Source
    kind: str
    qualified: str = ""
    parent: Scope | None = None
    local: frozenset[str] = frozenset()
    outer: frozenset[str] = field(default=frozenset())  # declared nonlocal
    globals: frozenset[str] = field(default=frozenset())  # declared global
    has_yield: bool = False

    def inside(self, kind: str, name: str, local: frozenset[str] = frozenset(), **more: object) -> Scope:
        """The scope of a class or function called `name` in this one."""
        between = ".<locals>." if self.kind == "function" else "."
        qualified = f"{self.qualified}{between}{name}" if self.qualified else name
        return Scope(self.machine, self.source, kind, qualified, self, local, **more)  # type: ignore[arg-type]


class _Binder(cst.CSTVisitor):
    """Collects the names that a function's own body binds (not those of nested functions and classes)."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.has_yield = False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.bound.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.bound.add(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Call(self, node: cst.Call) -> None:
        return None

    def visit_Yield(self, node: cst.Yield) -> None:
        self.has_yield = True

    def visit_Global(self, node: cst.Global) -> bool:
        self.globals.update(item.name.value for item in node.names)
        return False

    def visit_Nonlocal(self, node: cst.Nonlocal) -> bool:
        self.nonlocals.update(item.name.value for item in node.names)
        return False

    def _bind(self, target: cst.CSTNode) -> None:
        if isinstance(target, cst.Name):
            self.bound.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value)
        elif isinstance(target, cst.StarredElement):
            self._bind(target.value)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._bind(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._bind(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._bind(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._bind(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._bind(node.name)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:
        if node.asname is None:
            name: cst.BaseExpression = node.name
            while isinstance(name, cst.Attribute):
                name = name.value
            self._bind(name)

    def visit_Del(self, node: cst.Del) -> None:
        self._bind(node.target)

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        if node.name is not None:
            self.bound.add(node.name.value)

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        if node.name is not None:
            self.bound.add(node.name.value)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        # A comprehension's own variables live in its own frame; only walrus targets escape.
        return None


def binder(body: cst.CSTNode) -> _Binder:
    """What a function's body binds."""
    found = _Binder()
    body.visit(found)
    return found
