"""inspect.signature() and inspect.getfullargspec(): of functions and classes of the project, and of torch's layers."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate.functions import replaced
from nnlint.layers import Reference
from nnlint.signature import REQUIRED, Parameter
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, BoundMethod, Class, Dict, Function, Instance, List, Native, Value

_OBJECT = Class("object", native=object)
SIGNATURE = Class("Signature", (_OBJECT,), full_name="inspect.Signature")
PARAMETER = Class("Parameter", (_OBJECT,), full_name="inspect.Parameter")
EMPTY = Class("_empty", (_OBJECT,), full_name="inspect._empty")
ARGUMENTS = Class("FullArgSpec", (_OBJECT,), full_name="inspect.FullArgSpec")
SIGNED = "__signature__"  # what inspect.signature() gives, where it is there
KINDS = {"positional": "POSITIONAL_ONLY", "both": "POSITIONAL_OR_KEYWORD", "*": "VAR_POSITIONAL",
         "keyword": "KEYWORD_ONLY", "**": "VAR_KEYWORD"}  # fmt: skip
for _name in KINDS.values():
    PARAMETER.attributes[_name] = Instance(PARAMETER, 0)
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
        value = BoundMethod(call, value) if isinstance(call, Function) else None
    if isinstance(value, BoundMethod):
        value, skip = value.function, 1
    while isinstance(value, Function) and "__wrapped__" in value.attributes and SIGNED not in value.attributes:
        value = value.attributes["__wrapped__"]
    if not isinstance(value, (Function, Native)) or value.signature is None or SIGNED in value.attributes:
        return None
    if isinstance(value, Function) and replaced(value) is not None:
        return None
    return parameters_in(machine, value)[skip:]


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
    parameters = parameters_of(machine, args[0])
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
    result.attributes.update(parameters=found, **unseen("bind bind_partial replace return_annotation"))
    return result


def unseen(names: str) -> dict[str, Value]:
    """What such an object has besides, of which nothing is known."""
    return {name: Unknown(f"{name} of a signature", plain=True) for name in names.split()}


def _arguments(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.getfullargspec(function): with `self`, where it is no bound method's"""
    is_function = isinstance(args[0], (Function, Native)) and args[0].signature is not None
    if not is_function or "__wrapped__" in args[0].attributes:
        return Unknown("the arguments of something that is no function of the project")
    parameters, clock = parameters_in(machine, args[0]), machine.heap.clock
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
    "inspect.signature": Native("signature", _signature),
    "inspect.getfullargspec": Native("getfullargspec", _arguments), "inspect.getmro": Native("getmro", _order),
}  # fmt: skip
