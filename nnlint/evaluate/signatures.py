"""inspect.signature() and inspect.getfullargspec(): of functions and classes of the project, and of torch's layers."""

from __future__ import annotations

from functools import partial
from typing import Any

from nnlint.evaluate.functions import replaced
from nnlint.layers import Reference
from nnlint.signature import REQUIRED, BindError, Parameter, Signature
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    OBJECT,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    Function,
    Instance,
    List,
    Native,
    Value,
    has_rest,
)

SIGNATURE = Class("Signature", (OBJECT,), full_name="inspect.Signature")
PARAMETER = Class("Parameter", (OBJECT,), full_name="inspect.Parameter")
EMPTY = Class("_empty", (OBJECT,), full_name="inspect._empty")
BOUND = Class("BoundArguments", (OBJECT,), full_name="inspect.BoundArguments")
ARGUMENTS = Class("FullArgSpec", (OBJECT,), full_name="inspect.FullArgSpec")
SIGNED = "__signature__"  # what inspect.signature() gives, where it is there
KINDS = {"positional": "POSITIONAL_ONLY", "both": "POSITIONAL_OR_KEYWORD", "*": "VAR_POSITIONAL",
         "keyword": "KEYWORD_ONLY", "**": "VAR_KEYWORD"}  # fmt: skip
REPEATED = ("*", "**")
KIND = Class("_ParameterKind", (OBJECT,), full_name="inspect._ParameterKind")
for _name in KINDS.values():
    PARAMETER.attributes[_name] = Instance(KIND, 0)
PARAMETER.attributes["empty"] = SIGNATURE.attributes["empty"] = EMPTY


def parameters_of(machine: Any, value: Value) -> list[Parameter] | None:
    """The parameters that a call of a value binds; None where they are not known."""
    skip = 0
    if isinstance(value, Class):
        if is_told_otherwise(machine, value):
            return None
        is_own = all(base.module is not None or base.native is object for base in value.mro)
        if is_own and value.find("__init__") is ABSENT and value.unknown_base is None:
            return []  # object's own
        value, skip = value.find("__init__"), 1
    if isinstance(value, Instance) and SIGNED not in value.attributes:
        call = value.cls.find("__call__")
        value = BoundMethod(call, value) if isinstance(call, (Function, Native)) else None
    if isinstance(value, BoundMethod):
        value, skip = value.function, 1
    value = unwrapped(value)
    if not isinstance(value, (Function, Native)) or value.signature is None or SIGNED in value.attributes:
        return None
    if isinstance(value, Function) and replaced(value) is not None:
        return None
    return parameters_in(machine, value)[skip:]


def unwrapped(value: Value) -> Value:
    """The function that functools.wraps() says that this one stands for; None where that leads round in a circle."""
    passed: set[int] = set()
    while isinstance(value, Function) and "__wrapped__" in value.attributes and SIGNED not in value.attributes:
        if id(value) in passed:
            return None
        passed.add(id(value))
        value = value.attributes["__wrapped__"]
    return value


def parameters_in(machine: Any, value: Function | Native) -> list[Parameter]:
    """The parameters that a function has, with its defaults."""
    parameters = value.signature.parameters if value.signature is not None else ()
    return [parameter._replace(default=resolved(machine, parameter.default)) for parameter in parameters]


def is_told_otherwise(machine: Any, cls: Class) -> bool:
    """Whether something else than a class's __init__ may say what a call of the class takes."""
    is_plainly_made = cls.find("__new__") in (ABSENT, machine.classes["object"].find("__new__"))
    is_called_plainly = cls.metaclass is None or cls.metaclass.find("__call__") is ABSENT
    return not (is_plainly_made and is_called_plainly) or cls.find(SIGNED) is not ABSENT


def resolved(machine: Any, default: Value) -> Value:
    """A default of torch's."""
    return machine.resolve(default.name) if isinstance(default, Reference) else default


def _signature(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    parameters = parameters_of(machine, args[0]) if len(args) == 1 and not kwargs else None
    if parameters is None:
        return Unknown("the signature of something that is no function of the project")
    found = Dict((), machine.heap.clock)
    for parameter in parameters:
        made = Instance(PARAMETER, machine.heap.clock)
        made.attributes.update(
            name=parameter.name, kind=PARAMETER.attributes[KINDS[parameter.kind]],
            default=EMPTY if parameter.default is REQUIRED else parameter.default,
            **unseen("annotation replace"),
        )  # fmt: skip
        found[parameter.name] = made
    result = Instance(SIGNATURE, machine.heap.clock)
    result.attributes.update(parameters=found, **unseen("replace return_annotation"))
    return result


def _bind(is_partial: bool, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """signature.bind(*args, **kwargs), signature.bind_partial(*args, **kwargs)"""
    parameters = _parameters_of(args[0])
    # Whether `**` takes the name of what is positional only depends on the Python that runs.
    if parameters is None or has_rest(args) or "**" in kwargs or _are_positional_only(parameters, kwargs):
        return machine.call(Unknown("bind of a signature", plain=True), args[1:], kwargs)
    may_lack = [p if p.default is REQUIRED and not is_partial else p._replace(default=ABSENT) for p in parameters]
    try:
        bound = Signature.of(*may_lack).bind(args[1:], kwargs)
    except BindError as error:
        raise machine.error("TypeError", str(error)) from None
    given, clock = Dict((), machine.heap.clock), machine.heap.clock
    for parameter in parameters:
        value = bound.get(parameter.name, ABSENT)
        if value is not ABSENT and (parameter.kind not in REPEATED or value):
            given[parameter.name] = Dict(value, clock) if parameter.kind == "**" else value
    made = Instance(BOUND, clock)
    made.attributes.update(arguments=given, signature=args[0])
    return made


def _are_positional_only(parameters: list[Parameter], kwargs: dict[str, Value]) -> bool:
    """Whether a keyword has the name of a parameter that no keyword gives."""
    return any(parameter.kind == "positional" and parameter.name in kwargs for parameter in parameters)


def _parameters_of(signature: Instance) -> list[Parameter] | None:
    """The parameters that a signature tells of, or None where they are not known."""
    told = signature.attributes.get("parameters")
    if signature.open is not None or not isinstance(told, Dict) or not told.certain():
        return None
    found = [_parameter(one) for one in told.values()]
    return [one for one in found if one is not None] if None not in found else None


def _parameter(told: Value) -> Parameter | None:
    """One parameter as inspect tells of it."""
    if (
        not isinstance(told, Instance)
        or told.open is not None
        or not {"name", "kind", "default"} <= told.attributes.keys()
    ):
        return None
    name, kind, default = (told.attributes[which] for which in ("name", "kind", "default"))
    kinds = [written for written, called in KINDS.items() if kind is PARAMETER.attributes[called]]
    return Parameter(name, REQUIRED if default is EMPTY else default, kinds[0]) if kinds else None


def _apply_defaults(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """bound.apply_defaults()"""
    given, parameters = _bound(machine, args[0])
    if given.rest is not None:
        machine.havoc(args[0], given.rest.why)
        return None
    empty = {"*": (), "**": Dict((), machine.heap.clock)}
    found = Dict((), machine.heap.clock)
    for name, default, kind in parameters:
        value = given.get(name, empty.get(kind, default))
        if value is not REQUIRED:
            found[name] = value
    machine.set_attribute(args[0], "arguments", found)
    return None


def _bound(machine: Any, bound: Instance) -> tuple[Dict, list[Parameter]]:
    """What was bound, as the program may have written to it since, and the parameters that there are; of what is not
    known, nothing but why."""
    given, signature = (machine.get_attribute(bound, name) for name in ("arguments", "signature"))
    parameters = _parameters_of(signature) if isinstance(signature, Instance) else None
    if parameters is None or not isinstance(given, Dict) or not given.certain():
        return Dict(rest=Unknown("the arguments that a signature was bound to")), []
    return given, parameters


def _positional(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """bound.args: up to the first that is not there"""
    given, parameters = _bound(machine, args[0])
    if given.rest is not None:
        return given.rest
    found: list[Value] = []
    for name, _, kind in parameters:
        if kind in ("keyword", "**") or name not in given:
            break
        found += machine.items(given[name]) if kind == "*" else [given[name]]
    return tuple(found)


def _keywords(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """bound.kwargs: what is not among bound.args"""
    given, parameters = _bound(machine, args[0])
    if given.rest is not None:
        return given.rest
    found, has_started = Dict((), machine.heap.clock), False
    for name, _, kind in parameters:
        has_started = has_started or kind in ("keyword", "**") or name not in given
        if has_started and name in given:
            machine.update_dict(found, given[name] if kind == "**" else Dict({name: given[name]}))
    return found


def _make_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.Parameter(name, kind, *, default=Parameter.empty, annotation=Parameter.empty)"""
    given = {"default": EMPTY, **dict(zip(("self", "name", "kind"), args)), **kwargs}
    machine.heap.touch(args[0])
    args[0].attributes.update({name: given[name] for name in ("name", "kind", "default") if name in given})
    args[0].open = Unknown("a parameter of a signature", plain=True)
    machine.may_raise("what is no parameter")
    return None


def _make_signature(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.Signature(parameters=None, ...), of which nothing is known"""
    machine.heap.touch(args[0])
    args[0].open = Unknown("a signature that the program makes")
    machine.may_raise("what are no parameters of one function")
    return None


def _equal(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """One is equal to itself, and two kinds are not: others may be equal."""
    if len(args) != 2 or kwargs:
        raise machine.error("TypeError", "__eq__() takes one argument")
    one, other = args
    are_kinds = all(isinstance(side, Instance) and side.cls is KIND for side in args)
    return one is other if one is other or are_kinds else Unknown("whether two signatures are equal", plain=True)


for _each in (SIGNATURE, PARAMETER, KIND, BOUND, ARGUMENTS):
    _each.attributes["__eq__"] = Native("__eq__", _equal)
BOUND.attributes.update(
    apply_defaults=Native("apply_defaults", _apply_defaults),
    args=Descriptor("property", Native("args", _positional)),
    kwargs=Descriptor("property", Native("kwargs", _keywords)),
)
SIGNATURE.attributes.update(
    bind=Native("bind", partial(_bind, False)), bind_partial=Native("bind_partial", partial(_bind, True))
)
PARAMETER.attributes["__init__"] = Native("__init__", _make_parameter)
SIGNATURE.attributes["__init__"] = Native("__init__", _make_signature)


def unseen(names: str) -> dict[str, Value]:
    """What such an object has besides, of which nothing is known."""
    return {name: Unknown(f"{name} of a signature", plain=True) for name in names.split()}


def _told_of(machine: Any, value: Value) -> list[Parameter] | None:
    """The parameters of the function that a call of a value runs; None where they are not known."""
    if isinstance(value, Class):
        if is_told_otherwise(machine, value):
            return None
        function = value.find("__init__")
        if function is ABSENT:
            return parameters_of(machine, value)
    elif isinstance(value, Instance):
        function = value.cls.find("__call__") if SIGNED not in value.attributes else ABSENT
    else:
        function = value.function if isinstance(value, BoundMethod) else value
    if not isinstance(function, (Function, Native)) or function.signature is None:
        return None
    is_plain = function.attributes.keys().isdisjoint(("__wrapped__", SIGNED))
    if not is_plain or (isinstance(function, Function) and replaced(function) is not None):
        return None
    return parameters_in(machine, function)


def _arguments(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.getfullargspec(function): with `self`, also of a class or an object that is called"""
    told = _told_of(machine, args[0] if args else kwargs.get("func"))
    if told is None:
        return Unknown("the arguments of something that is no function of the project")
    parameters, clock = told, machine.heap.clock
    positional = [parameter for parameter in parameters if parameter.kind in ("positional", "both")]
    keywords = [parameter for parameter in parameters if parameter.kind == "keyword"]
    defaults = tuple(parameter.default for parameter in positional if parameter.default is not REQUIRED)
    given = {parameter.name: parameter.default for parameter in keywords if parameter.default is not REQUIRED}
    made = Instance(ARGUMENTS, clock)
    made.attributes.update(
        args=List([parameter.name for parameter in positional], clock),
        varargs=next((parameter.name for parameter in parameters if parameter.kind == "*"), None),
        varkw=next((parameter.name for parameter in parameters if parameter.kind == "**"), None),
        defaults=defaults or None,
        kwonlyargs=List([parameter.name for parameter in keywords], clock),
        kwonlydefaults=Dict(given, clock) if given else None,
        annotations=Unknown("annotations", plain=True),
    )
    return made


def _order(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.getmro(cls)"""
    return machine.get_attribute(args[0] if args else kwargs["cls"], "__mro__")


SIGNATURES: dict[str, Value] = {
    "inspect.Signature": SIGNATURE, "inspect.Parameter": PARAMETER, "inspect._empty": EMPTY,
    "inspect.BoundArguments": BOUND,
    "inspect.signature": Native("signature", _signature),
    "inspect.getfullargspec": Native("getfullargspec", _arguments), "inspect.getmro": Native("getmro", _order),
}  # fmt: skip
