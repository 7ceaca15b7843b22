"""What a root notes of the modules that it constructs, each under the calls that lead to it, itself last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nnlint.count import Count
from nnlint.evaluate.scope import Site
from nnlint.layers import Violation
from nnlint.values import Class, Instance, Value

Stack = tuple[Site, ...]


class Verdict(NamedTuple):
    """What became of one constructor call in one context.

    stack: the calls that lead to it, itself last; guarded: a block around may catch what it raises; certain: all of
    its arguments are known, or what it raises does not depend on them.
    """

    stack: Stack
    layer: str
    violation: Violation | None
    guarded: bool
    certain: bool

    def enter(self, machine: Any) -> None:
        """Note it."""
        machine.verdicts[self] = None

    def moved(self, lead: Stack, cut: int, of: Callable[[Value], Value]) -> Verdict:
        """The same of a copy, of which other calls than the first `cut` are the lead. of: an object as the copy has
        it."""
        return self._replace(stack=(*lead, *self.stack[cut:]))


class LayerMade(NamedTuple):
    """A layer was constructed; total: the layer itself where it is lazy, of which the end of the root tells."""

    stack: Stack
    cls: Class
    total: Count | Instance

    def enter(self, machine: Any) -> None:
        total = self.total
        told = (id(total), None) if isinstance(total, Instance) else (total.parameters, total.at_least)
        machine.records.setdefault((self.stack[-1], self.cls, *told, self.stack), total)

    def moved(self, lead: Stack, cut: int, of: Callable[[Value], Value]) -> LayerMade:
        total = of(self.total) if isinstance(self.total, Instance) else self.total
        return LayerMade((*lead, *self.stack[cut:]), of(self.cls), total)


class SequentialMade(NamedTuple):
    """A Sequential was built; what becomes of it is seen at the end of the root."""

    stack: Stack
    module: Instance
    guarded: bool

    def enter(self, machine: Any) -> None:
        machine.sequentials.append(self)

    def moved(self, lead: Stack, cut: int, of: Callable[[Value], Value]) -> SequentialMade:
        return SequentialMade((*lead, *self.stack[cut:]), of(self.module), self.guarded)


class Built(NamedTuple):
    """One of the project's Modules was constructed, the outermost, through the calls of `stack`, itself last.

    listed: the first of them down to the one for which it is listed, where there is one, which may call a function that
    goes on to change it; total: as that call left it, None for what is listed with something that has it; is_given:
    that call gives it, and not something that has it.
    """

    stack: Stack
    instance: Instance
    listed: Stack = ()
    total: Count | None = None
    is_given: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the call for which it is listed constructs it itself."""
        return self.listed == self.stack

    def enter(self, machine: Any) -> None:
        machine.built.append(self)

    def moved(self, lead: Stack, cut: int, of: Callable[[Value], Value]) -> Built:
        listed = (*lead, *self.listed[cut:]) if self.listed else ()
        return Built((*lead, *self.stack[cut:]), of(self.instance), listed, self.total, self.is_given)


class TakenApart(NamedTuple):
    """A Sequential is not only called as a whole."""

    module: Instance

    def enter(self, machine: Any) -> None:
        machine.taken_apart.add(self.module)

    def moved(self, lead: Stack, cut: int, of: Callable[[Value], Value]) -> TakenApart:
        return TakenApart(of(self.module))


Note = Verdict | LayerMade | SequentialMade | Built | TakenApart
