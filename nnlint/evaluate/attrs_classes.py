"""attrs: classes whose constructor is made from their fields, with factories and converters (attrs 22 to 26)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nnlint.evaluate import class_annotations
from nnlint.evaluate.classes import frozen_setattr
from nnlint.signature import REQUIRED, Parameter, Signature
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Native,
    Value,
    is_plain,
)

Values = dict[str, Value]
MODULES = ("attr", "attrs")
# Options under which the fields are not those of the class body.
UNFOLLOWED = ("these", "field_transformer", "**")


class Attribute(NamedTuple):
    """A field. default: a value, REQUIRED, or an instance of Factory; parameter: its name in the constructor."""

    name: str
    default: Value
    converter: Value
    is_validated: bool
    in_init: bool
    keyword_only: bool
    parameter: str
    is_compared: bool


def _field(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """attr.ib(default), attrs.field(default=, factory=, converter=, ...)"""
    if "**" in kwargs:
        return Unknown("a field with options that are not known")
    made = Instance(machine.classes["attr._CountingAttr"], machine.heap.clock)
    made.attributes.update(kwargs)
    if args:
        made.attributes["default"] = args[0]
    if "factory" in kwargs:
        made.attributes["default"] = _factory(machine, [kwargs["factory"]], {})
    # The methods of the same names are decorators.
    made.attributes["given"] = made.attributes.pop("default", REQUIRED)
    made.attributes["is_validated"] = made.attributes.pop("validator", None) is not None
    return made


def _set_default(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@field.default: a method that gives the default."""
    machine.heap.touch(args[0])
    args[0].attributes["given"] = _factory(machine, [args[1], True], {})
    return args[1]


def _add_validator(machine: Any, args: list[Value], kwargs: Values) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes["is_validated"] = True
    return args[1]


def _factory(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """Factory(function, takes_self=False)"""
    made = Instance(machine.classes["attr.Factory"], machine.heap.clock)
    takes_self = args[1] if len(args) > 1 else kwargs.get("takes_self", False)
    made.attributes.update(factory=args[0] if args else kwargs["factory"], takes_self=takes_self)
    return made


def _decorator(**preset: Value) -> Native:
    """define, frozen, attr.s: with options or without."""

    def run(machine: Any, args: list[Value], kwargs: Values) -> Value:
        options = {**preset, **kwargs}
        if args and isinstance(args[0], Class):
            return _make(machine, args[0], options)
        return Native("attrs", lambda machine, args, kwargs: _make(machine, args[0], options))

    return Native("attrs", run)


def _make(machine: Any, cls: Class, options: Values) -> Class:
    unfollowed = next((name for name in UNFOLLOWED if options.get(name) is not None), None)
    if unfollowed is not None:
        cls.unknown_base = Unknown(f"attrs makes {cls.name} with options that are not followed")
        return cls
    machine.heap.touch(cls)
    own = _own_fields(machine, cls, options)
    inherited = {
        field.name: field for base in reversed(cls.mro[1:]) for field in base.attributes.get("__attrs_attrs__", ())
    }
    fields = [field for name, field in inherited.items() if name not in own] + list(own.values())
    is_defined_here = isinstance(cls.attributes.get("__init__"), Function)
    for name in own:
        cls.attributes.pop(name, None)
    cls.attributes["__attrs_attrs__"] = tuple(fields)
    is_hooked = options["new"] and any(field.converter is not None or field.is_validated for field in fields)
    if options.get("init") is not False and not is_defined_here:
        is_frozen = options.get("frozen") is True
        cls.attributes["__init__"] = Native("__init__", _constructor(fields, is_frozen or is_hooked))
    if options.get("frozen") is True:
        cls.attributes["__setattr__"] = cls.attributes["__delattr__"] = Native("__setattr__", frozen_setattr)
    elif is_hooked:
        cls.attributes["__setattr__"] = Native("__setattr__", _convert_and_set)
    if options.get("eq") is not False and "__eq__" not in cls.attributes:
        cls.attributes["__eq__"] = Native("__eq__", _equal)
    return cls


def _own_fields(machine: Any, cls: Class, options: Values) -> dict[str, Attribute]:
    """The fields of the class body: the annotated names, or where these are not asked for, what attr.ib() made."""
    if class_annotations.are_written(cls):
        machine.give_up(Unknown(f"the annotations of {cls.name} are written to"))
    annotated = [field.name for field in cls.attributes.get("__:fields__", ()) if "ClassVar" not in field.text()]
    made = [name for name, value in cls.attributes.items() if _is_made(value)]
    wanted = options.get("auto_attribs")
    names = annotated if wanted is True or (wanted is None and set(made) <= set(annotated)) else made
    keyword_only = options.get("kw_only") is True
    return {name: _attribute(name, cls.attributes.get(name, REQUIRED), keyword_only) for name in names}


def _is_made(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.full_name == "attr._CountingAttr"


def _attribute(name: str, value: Value, keyword_only: bool) -> Attribute:
    held: Values = value.attributes if _is_made(value) else {"given": value}
    default = held["given"]
    if isinstance(default, Class) and default.full_name == "attr.NOTHING":
        default = REQUIRED
    alias = held.get("alias")
    return Attribute(
        name, default, held.get("converter"), held.get("is_validated", False), held.get("init") is not False,
        keyword_only or held.get("kw_only") is True, alias if isinstance(alias, str) else name.lstrip("_"),
        held.get("eq") is not False and held.get("cmp") is not False,
    )  # fmt: skip


class _Default:
    """Stands in a signature for the default that is made anew in each call."""


DEFAULT = _Default()


def _constructor(fields: list[Attribute], plainly: bool) -> Callable[..., Value]:
    ordered = sorted((field for field in fields if field.in_init), key=lambda field: field.keyword_only)
    signature = Signature(
        (
            Parameter("self", REQUIRED, "positional"),
            *(
                Parameter(
                    field.parameter, REQUIRED if field.default is REQUIRED else DEFAULT,
                    "keyword" if field.keyword_only else "both",
                )
                for field in ordered
            ),
        )
    )  # fmt: skip

    def init(machine: Any, args: list[Value], kwargs: Values) -> Value:
        unknown = kwargs.pop("**", None)
        bound = signature.bind(args, kwargs, unknown)
        receiver = args[0]
        _call_hook(machine, receiver, "__attrs_pre_init__")
        for field in fields:
            value = bound[field.parameter] if field.in_init else DEFAULT
            if value is DEFAULT:
                value = _default(machine, field, receiver)
            if value is REQUIRED:
                continue
            value = _converted(machine, field, value)
            (machine.set_plainly if plainly else machine.set_attribute)(receiver, field.name, value)
        _call_hook(machine, receiver, "__attrs_post_init__")
        return None

    return init


def _call_hook(machine: Any, receiver: Instance, name: str) -> None:
    hook = receiver.cls.find(name)
    if hook is not ABSENT:
        machine.call(BoundMethod(hook, receiver), [], {})


def _default(machine: Any, field: Attribute, receiver: Instance) -> Value:
    default = field.default
    if not isinstance(default, Instance) or default.cls.full_name != "attr.Factory":
        return default
    takes_self = default.attributes["takes_self"] is True
    return machine.call(default.attributes["factory"], [receiver] if takes_self else [], {})


def _converted(machine: Any, field: Attribute, value: Value) -> Value:
    if field.converter is None:
        return value
    for converter in field.converter if isinstance(field.converter, (list, tuple)) else (field.converter,):
        value = machine.call(converter, [value], {})
    return value


def _convert_and_set(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """What define() makes of `object.name = value`."""
    receiver, name, value = args
    fields = receiver.cls.find("__attrs_attrs__")
    field = next((field for field in fields if field.name == name), None)
    machine.set_plainly(receiver, name, value if field is None else _converted(machine, field, value))
    return None


def _equal(machine: Any, args: list[Value], kwargs: Values) -> Value:
    one, other = args
    if not isinstance(other, Instance) or other.cls is not one.cls:
        return False
    names = [field.name for field in one.cls.find("__attrs_attrs__") if field.is_compared]
    held = [tuple(machine.find_attribute(value, name) for name in names) for value in (one, other)]
    return machine.compare("==", *held)


def _fields(value: Value) -> tuple[Attribute, ...] | None:
    """The fields of an attrs class or of its instance; None for anything else."""
    cls = value.cls if isinstance(value, Instance) else value
    found = cls.find("__attrs_attrs__") if isinstance(cls, Class) else ABSENT
    return found if isinstance(found, tuple) else None


def _list_fields(machine: Any, args: list[Value], kwargs: Values) -> Value:
    found = []
    for field in _fields(args[0]) or ():
        made = Instance(machine.classes["object"], machine.heap.clock)
        made.attributes["name"] = field.name
        made.open = Unknown("a field of attrs", plain=True)
        found.append(made)
    return tuple(found)


def _as_dict(machine: Any, args: list[Value], kwargs: Values) -> Value:
    value = args[0]
    if len(args) > 1 or any(name != "recurse" for name in kwargs):
        return Unknown("asdict() with options")
    if (fields := _fields(value)) is not None:
        held = {field.name: machine.get_attribute(value, field.name) for field in fields}
        if kwargs.get("recurse") is False:
            return Dict(held, machine.heap.clock)
        return Dict({name: _as_dict(machine, [item], {}) for name, item in held.items()}, machine.heap.clock)
    if isinstance(value, List):
        return List([_as_dict(machine, [item], {}) for item in value], machine.heap.clock)
    if isinstance(value, Dict):
        held = {key: _as_dict(machine, [item], {}) for key, item in value.items()}
        return Dict(held, machine.heap.clock, value.rest)
    return value


def _evolve(machine: Any, args: list[Value], kwargs: Values) -> Value:
    fields = _fields(args[0])
    if fields is None:
        return Unknown("evolve() of an object")
    held = {field.parameter: machine.get_attribute(args[0], field.name) for field in fields if field.in_init}
    return machine.call(args[0].cls, [], {**held, **kwargs})


def _optional(machine: Any, args: list[Value], kwargs: Values) -> Value:
    converter = args[0]

    def convert(machine: Any, args: list[Value], kwargs: Values) -> Value:
        if isinstance(args[0], Unknown):
            return Unknown(args[0].why, plain=is_plain(args[0]))
        return None if args[0] is None else machine.call(converter, [args[0]], {})

    return Native("optional", convert)


def _default_if_none(machine: Any, args: list[Value], kwargs: Values) -> Value:
    default = args[0] if args else kwargs.get("default")
    factory = kwargs.get("factory")

    def convert(machine: Any, args: list[Value], kwargs: Values) -> Value:
        if isinstance(args[0], Unknown):
            return Unknown(args[0].why, plain=is_plain(args[0]))
        if args[0] is not None:
            return args[0]
        return default if factory is None else machine.call(factory, [], {})

    return Native("default_if_none", convert)


def _pipe(machine: Any, args: list[Value], kwargs: Values) -> Value:
    converters = list(args)

    def convert(machine: Any, args: list[Value], kwargs: Values) -> Value:
        value = args[0]
        for converter in converters:
            value = machine.call(converter, [value], {})
        return value

    return Native("pipe", convert)


def _validator(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """Whatever attrs.validators makes: it looks, and changes nothing."""
    return Native("validator", lambda machine, args, kwargs: None)


def attrs_classes(object_class: Class) -> dict[str, Class]:
    """What fields, factories and NOTHING are instances of."""
    names = ("attr._CountingAttr", "attr.Factory", "attr.NOTHING")
    classes = {name: Class(name.rpartition(".")[2], (object_class,), full_name=name) for name in names}
    classes["attr._CountingAttr"].attributes.update(
        default=Native("default", _set_default), validator=Native("validator", _add_validator)
    )
    return {**classes, "attrs.NOTHING": classes["attr.NOTHING"]}


_DEFINE = {"new": True}
_OLD = {"new": False, "auto_attribs": False}
_FUNCTIONS: dict[str, Value] = {
    "define": _decorator(**_DEFINE),
    "mutable": _decorator(**_DEFINE),
    "frozen": _decorator(**_DEFINE, frozen=True),
    "field": Native("field", _field),
    "Factory": Native("Factory", _factory),
    "fields": Native("fields", _list_fields),
    "asdict": Native("asdict", _as_dict),
    "evolve": Native("evolve", _evolve),
    "converters.optional": Native("optional", _optional),
    "converters.default_if_none": Native("default_if_none", _default_if_none),
    "converters.pipe": Native("pipe", _pipe),
    **{
        f"validators.{name}": Native(name, _validator)
        for name in (
            "instance_of", "in_", "optional", "gt", "ge", "lt", "le", "max_len", "min_len", "and_", "or_", "not_",
            "matches_re", "deep_iterable", "deep_mapping", "is_callable", "subclass_of",
        )
    },
}  # fmt: skip
ATTRS: dict[str, Value] = {f"{module}.{name}": value for module in MODULES for name, value in _FUNCTIONS.items()}
ATTRS.update({f"attr.{name}": _decorator(**_OLD) for name in ("s", "attrs", "attributes")})
ATTRS.update({f"attr.{name}": Native(name, _field) for name in ("ib", "attrib", "attr")})
ATTRS["attr.dataclass"] = _decorator(new=False, auto_attribs=True)
