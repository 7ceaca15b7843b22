"""json.loads() and json.dumps(): configurations that stand in a program as text, or are copied by way of it."""

from __future__ import annotations

import json
from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import CONSTANTS, Dict, External, List, Native, Value

LONGEST = 100_000  # characters of a text
DEEPEST = 50  # containers in containers
LAYOUT = frozenset({"indent", "sort_keys", "ensure_ascii"})  # what dumps() takes that another dict is not changed by


def _loads(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """json.loads(text)"""
    text = args[0] if args else kwargs.get("s")
    if isinstance(text, str) and len(args) + len(kwargs) == 1 and len(text) <= LONGEST:
        machine.step(len(text) // 10)
        try:
            return _of_python(machine, json.loads(text))
        except (ValueError, RecursionError):
            pass  # the program gets an exception of json's own
    return machine.call_unknown(External("json.loads"), args, kwargs)


def _of_python(machine: Any, value: Any) -> Value:
    if isinstance(value, dict):
        return Dict({key: _of_python(machine, held) for key, held in value.items()}, machine.heap.clock)
    return List([_of_python(machine, item) for item in value], machine.heap.clock) if type(value) is list else value


def _dumps(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """json.dumps(value)"""
    if len(args) == 1 and kwargs.keys() <= LAYOUT and all(type(value) in CONSTANTS for value in kwargs.values()):
        try:
            text = json.dumps(_to_python(machine, args[0], DEEPEST), **kwargs)
            machine.step(len(text) // 10)
            return text if len(text) <= LONGEST else Unknown("a text too long to compute", plain=True)
        except (TypeError, ValueError):
            pass  # there is something in it that is not known, or that json does not take
    return machine.call_unknown(External("json.dumps"), args, kwargs)


def _to_python(machine: Any, value: Value, depth: int) -> Any:
    """A value as Python has it. Raises TypeError for one that is not known, or of another type than json has."""
    machine.step()
    if type(value) in CONSTANTS - {bytes}:
        return value
    if depth and type(value) is Dict and value.certain() and all(type(key) in CONSTANTS for key in value):
        return {key: _to_python(machine, held, depth - 1) for key, held in value.items()}
    if depth and type(value) in (List, tuple):
        return [_to_python(machine, item, depth - 1) for item in value]
    raise TypeError


JSON: dict[str, Value] = {"json.loads": Native("loads", _loads), "json.dumps": Native("dumps", _dumps)}
