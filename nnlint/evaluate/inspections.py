"""inspect.isclass() and the like: of which kind a value of the program is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.unknown import Unknown
from nnlint.values import (
    BoundMethod,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Module,
    Native,
    Partial,
    Set,
    Stream,
    Tensor,
    Value,
)

PLAIN = (bool, int, float, str, bytes, type(None))
# What nnlint has of its own for a kind of values: of another kind than these Python sees none of them.
SURE: tuple[type, ...] = (
    Class,
    Dict,
    Function,
    Instance,
    List,
    Module,
    Partial,
    Set,
    Stream,
    Tensor,
    tuple,
    *PLAIN,
)


def is_class(machine: Any, value: Value) -> Value:
    return machine.call(machine.builtins["isinstance"], [value, machine.builtins["type"]], {})


def is_own_method(value: Value) -> bool:
    """Whether it is a method of an object that is written in Python."""
    return isinstance(value, BoundMethod) and isinstance(value.function, Function)


def is_sure(machine: Any, value: Value) -> bool:
    """Whether it is known of which kind a value is."""
    if isinstance(value, Instance) and value.cls.unknown_base is not None:
        return False
    is_builtin = isinstance(value, Native) and bool(machine.builtin_kind(value))
    return is_builtin or is_own_method(value) or isinstance(value, SURE)


def is_function(machine: Any, value: Value) -> bool | None:
    """Whether it is a function that is written in Python; None where that is not known."""
    return isinstance(value, Function) if is_sure(machine, value) else None


def is_method(machine: Any, value: Value) -> bool | None:
    """Whether it is a method of an object; None where that is not known."""
    return is_own_method(value) if is_sure(machine, value) else None


def is_module(machine: Any, value: Value) -> bool | None:
    """Whether it is a module; None where that is not known."""
    return isinstance(value, Module) if is_sure(machine, value) else None


def _asked(name: str, ask: Callable[[Any, Value], Value]) -> Native:
    """inspect.name(object)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        (value,) = args or (kwargs["object"],)
        if isinstance(value, Unknown) and value.options:
            return machine.each_option(value, lambda option: run(machine, [option], {}))
        answer = None if isinstance(value, Unknown) else ask(machine, value)
        return ops.plain_unknown(value, Unknown(f"{name}()", plain=True)) if answer is None else answer

    return Native(name, run)


INSPECTIONS: dict[str, Value] = {
    f"inspect.{name}": _asked(name, ask)
    for name, ask in (
        ("isclass", is_class), ("isfunction", is_function), ("ismethod", is_method), ("ismodule", is_module),
    )
}  # fmt: skip
