"""pydantic.dataclasses: dataclasses whose constructor makes of what it is given what their annotations say."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate.classes import Field
from nnlint.evaluate.coercion import Annotation, coerce
from nnlint.numpy_numbers import NumpyInt
from nnlint.signature import BindError, Rest
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, Dict, Function, Instance, Native, RaisedError, Value, same

CHANGING_NOTHING = frozenset({"arbitrary_types_allowed", "title"})  # among the settings


def _dataclass(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """@dataclass, or @dataclass(config=..., frozen=True)"""
    if args:
        return _made(machine, args[0], kwargs)
    return Native("dataclass", lambda m, given, _: _made(m, given[0], kwargs))


def _made(machine: Any, cls: Value, options: dict[str, Value]) -> Value:
    if not isinstance(cls, Class) or not _is_followed(cls, options):
        return machine.decorate(Unknown("a dataclass of pydantic's that is not followed"), cls, None)
    made = machine.make_dataclass(cls, {name: value for name, value in options.items() if name != "config"})
    constructor = made.attributes["__init__"]
    fields = [field for field in made.dataclass.values() if field.in_init]
    by_position = [field for field in fields if not field.keyword_only]
    has_more = made.find("__post_init__") is not ABSENT

    def init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        receiver, *given = args
        values = [_coerced(machine, field, value, has_more) for field, value in zip(by_position, given)]
        named = {field.name: field for field in fields if field.name in kwargs}
        named_values = {name: _coerced(machine, field, kwargs[name], has_more) for name, field in named.items()}
        try:
            return constructor.fn(machine, [receiver, *values, *given[len(values) :]], {**kwargs, **named_values})
        except BindError as error:
            kinds = ("TypeError", "pydantic.ValidationError")  # of pydantic 1 and 2
            raised = tuple(machine.error(kind, str(error)).value for kind in kinds)
            raise RaisedError(Unknown(str(error), raised)) from None

    made.attributes["__init__"] = Native("__init__", init)
    made.attributes["__init__"].signature = constructor.signature
    return made


def _is_followed(cls: Class, options: dict[str, Value]) -> bool:
    """Whether annotations alone say what becomes of the values: no validators, fields of pydantic's, or settings."""
    config = options.get("config", Dict({}, 0))
    is_plain = isinstance(config, Dict) and config.certain() and config.keys() <= CHANGING_NOTHING
    held = [value for base in cls.mro for name, value in base.attributes.items() if not isinstance(value, Function)]
    is_own = any(isinstance(value, Instance) and value.cls.full_name.startswith("pydantic.") for value in held)
    has_settings = "__pydantic_config__" in cls.attributes or options.get("init") is not None
    return is_plain and not is_own and not has_settings and "__init__" not in cls.attributes


def _coerced(machine: Any, field: Field, value: Value, has_more: bool) -> Value:
    """What a field holds of what it is given. has_more: a __post_init__(), which in pydantic 1 sees what was given."""
    if type(value) is Rest:
        return value
    made = coerce(machine, Annotation(field.annotation, field.scope, field.frame), value)
    if has_more and not isinstance(value, Instance) and not _are_alike(value, made):
        return Unknown("what pydantic makes of a value", plain=isinstance(value, (bool, int, float, str)))
    return made


def _are_alike(value: Value, made: Value) -> bool:
    """Whether what pydantic makes is as what it was given, apart from a copy of a list or a dict."""
    if type(value) is NumpyInt:
        return type(made) is int
    if type(value) is not type(made) or isinstance(made, Unknown):
        return False
    if isinstance(value, (list, tuple)):
        return len(value) == len(made) and all(map(_are_alike, value, made))
    if isinstance(value, Dict):
        return list(value) == list(made) and all(map(_are_alike, value.values(), made.values()))
    return same(value, made)


PYDANTIC_DATACLASSES: dict[str, Value] = {"pydantic.dataclasses.dataclass": Native("dataclass", _dataclass)}
