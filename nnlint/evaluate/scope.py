"""Which names a piece of code binds, and where lowering stands in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from nnlint.source import walk

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
    """Where code stands: kind is "module", "class", "function", "comprehension" or "text" (that eval() is given);
    `local` are the names that it binds; `breaks`: how a break statement ends there, which says what loop it leaves: one
    in a loop's else leaves the loop around; site: where all calls in a text stand."""

    machine: Machine
    source: Source
    kind: str
    qualified: str = ""
    parent: Scope | None = None
    local: frozenset[str] = frozenset()
    outer: frozenset[str] = field(default=frozenset())  # declared nonlocal
    globals: frozenset[str] = field(default=frozenset())  # declared global
    breaks: str = "break"
    site: Site | None = None

    def qualified_inside(self, name: str) -> str:
        """The qualified name of a class or function called `name` in this scope."""
        between = ".<locals>." if self.kind == "function" else "."
        return f"{self.qualified}{between}{name}" if self.qualified else name

    def inside(self, kind: str, name: str, local: frozenset[str] = frozenset(), **more: object) -> Scope:
        """The scope of a class or function called `name` in this one."""
        return Scope(self.machine, self.source, kind, self.qualified_inside(name), self, local, **more)  # type: ignore[arg-type]


@dataclass
class Bindings:
    """What a function's own body binds (not that of nested functions and classes), and whether it yields."""

    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    has_yield: bool = False

    def bind(self, target: cst.CSTNode) -> None:
        """The names of an assignment's target."""
        if isinstance(target, cst.Name):
            self.bound.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self.bind(element.value)
        elif isinstance(target, cst.StarredElement):
            self.bind(target.value)


CLOSED = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.Annotation})


def binder(body: cst.CSTNode) -> Bindings:
    """What a function's body binds. A comprehension's variables are its own; only walrus targets escape from it."""
    found = Bindings()
    for node in walk(body, CLOSED):
        kind = type(node)
        if kind in TARGETS:
            found.bind(node.target)  # type: ignore[attr-defined]
        elif kind in NAMED:
            if node.name is not None:  # type: ignore[attr-defined]
                found.bind(node.name)  # type: ignore[attr-defined]
        elif kind is cst.ImportAlias:
            assert isinstance(node, cst.ImportAlias)
            if node.asname is None:
                name: cst.BaseExpression = node.name
                while isinstance(name, cst.Attribute):
                    name = name.value
                found.bind(name)
        elif kind is cst.Yield:
            found.has_yield = True
        elif kind is cst.Global:
            found.globals.update(item.name.value for item in node.names)  # type: ignore[attr-defined]
        elif kind is cst.Nonlocal:
            found.nonlocals.update(item.name.value for item in node.names)  # type: ignore[attr-defined]
    return found


TARGETS = frozenset({cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.Del})
NAMED = frozenset({cst.FunctionDef, cst.ClassDef, cst.AsName, cst.MatchAs, cst.MatchStar})
