"""isinstance(): of what kind a value surely is, surely is not, or may be."""

from __future__ import annotations

import collections.abc
from typing import Any

from nnlint.numpy_numbers import NUMPY
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    OF_ITEMS,
    REGISTRIES,
    BoundMethod,
    Class,
    Deque,
    Device,
    Dict,
    External,
    Function,
    Instance,
    List,
    Module,
    Native,
    Partial,
    Set,
    Size,
    Stream,
    Tensor,
    Union,
    Value,
    View,
    is_small,
    same,
)

NONE_TYPE = Native("NoneType", lambda machine, args, kwargs: None)
CALLABLES = (Function, Native, Class, BoundMethod, Partial)
SETS = (Set, frozenset)
SEQUENCES = (str, bytes, List, tuple, range)
NUMBERS = (bool, int, float, complex)
COLLECTIONS = (*SEQUENCES, *SETS, Dict, View)
# What is neither an Instance, of which its class tells, nor one of nnlint's own stand-ins, of which nobody can tell.
TOLD = (type(None), *NUMBERS, slice, *COLLECTIONS, Stream, Module, Tensor, *CALLABLES)

# collections.abc, typing and numbers: the values that are instances; a name that is missing here is not known.
ABSTRACT: dict[str, tuple[type, ...]] = {
    "Callable": CALLABLES,
    "Iterable": (*COLLECTIONS, Stream, Tensor),
    "Collection": (*COLLECTIONS, Tensor),
    "Container": (*COLLECTIONS, Tensor),
    "Sized": (*COLLECTIONS, Tensor),
    "Sequence": SEQUENCES,
    "MutableSequence": (List,),
    "Mapping": (Dict,),
    "MutableMapping": (Dict,),
    "Set": SETS,
    "MutableSet": (Set,),
    "Iterator": (Stream,),
    "Number": NUMBERS,
    "Complex": NUMBERS,
    "Real": (bool, int, float),
    "Rational": (bool, int),
    "Integral": (bool, int),
}
RUNTIME = "_is_runtime_protocol"  # the attribute of a protocol that isinstance() takes
EVERY_OBJECT = frozenset(dir(object)) | {"__weakref__"}
REGISTERED = "__:registered__"  # the attribute that says of a class that it was registered with an abstract one
CONCRETE = {"Dict": Dict, "List": List, "Tuple": tuple, "Set": Set, "FrozenSet": frozenset}  # of typing
# How the methods are called that make any class an instance's class.
MARKS = {"Iterable": "__iter__", "Sized": "__len__", "Container": "__contains__", "Callable": "__call__"}
NOMINAL = ("Sequence", "Mapping", "MutableSequence", "MutableMapping")  # only who derives from it is one
MAPPINGS = ("OrderedDict", "defaultdict", "Counter")  # of collections: functions that are classes for those who derive

# Modules whose classes are known to be no other name for a type of Python's own, however they are spelled.
OWN_CLASSES = ("torch.", "numpy.")
RENAMING = ("torch._six.", "numpy.compat.", "abc.", "contextlib.")


def is_instance(machine: Any, value: Value, kind: Value) -> bool | Unknown:
    """isinstance(value, kind)"""
    if isinstance(kind, Union):
        kind = kind.kinds
    if isinstance(kind, tuple):
        if not is_small(kind):
            return Unknown("a value too large to compute", plain=True)
        answers = []
        for one in kind:
            answers.append(is_instance(machine, value, one))
            if answers[-1] is True:
                return True
        return next((answer for answer in answers if isinstance(answer, Unknown)), False)
    if isinstance(kind, (str, int, float, List, Dict)) or kind is None or _has_items(kind):
        raise machine.error("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union")
    if isinstance(value, Device) and (isinstance(kind, Native) or same(kind, External("torch.device"))):
        return not isinstance(kind, Native) or kind.name == "object"
    if isinstance(value, Unknown):
        if value.options and not isinstance(kind, Unknown):
            answers = [is_instance(machine, option, kind) for option in value.options if option is not ABSENT]
            if answers and all(answer is answers[0] for answer in answers):
                return answers[0]
        return Unknown(value.why, plain=True)
    if isinstance(kind, External):
        answer = _is_external(value, kind.name)
        return Unknown(f"isinstance() with {kind.name}", plain=True) if answer is None else answer
    if isinstance(kind, Unknown):
        machine.may_raise(kind.why)
        return Unknown(kind.why, plain=True)
    kind = as_class(machine, kind)
    if isinstance(kind, Native):
        return _is_native(machine, value, kind)
    if isinstance(kind, Instance):
        checks = kind.cls.find("__instancecheck__")
        if isinstance(checks, Function):
            found: bool | Unknown = machine.truth(machine.call(BoundMethod(checks, kind), [value], {}))
            return found
        machine.lacking(kind, "is no type")
    if isinstance(kind, Class):
        if isinstance(value, Instance):
            return is_object_of(value, kind)
        if isinstance(value, (Tensor, Dict)) and (kin := kin_of(kind)) is not None:
            return Unknown(kin.why, plain=True)
        if isinstance(value, Tensor):
            own = kind.name if kind.module is None else ""
            return (own == "Tensor" and not value.is_array) or (own == "Parameter" and value.is_parameter)
        if isinstance(value, Dict):
            return kind.module is None and kind.name == value.kind
        if isinstance(value, Class) and first(value.unsure, kind.unknown_base) is not None:
            return Unknown("what a class is made by", plain=True)
        kin = kin_of(kind)
        return Unknown(kin.why, plain=True) if kin is not None else kind.name == "object"
    return Unknown("isinstance() with something else", plain=True)


def is_object_of(value: Instance, kind: Class) -> bool | Unknown:
    """isinstance(value, kind) of an object and a class"""
    if value.cls.is_subclass(kind):
        return True
    members = members_of(kind)
    if members is not None:
        answers = [_has_member(value, name) for name in members]
        doubtful = Unknown(f"a member of {kind.name}", plain=True)
        return False if False in answers else doubtful if None in answers else True
    doubt = first(value.cls.unknown_base, kin_of(kind))
    return Unknown(doubt.why, plain=True) if doubt is not None else False


# What is among the attributes of a protocol, and no member of it.
NO_MEMBERS = frozenset({
    "_is_protocol", RUNTIME, "__annotations__", "__doc__", "__:fields__", "__init__", "__module__", "__:needs__",
    "__new__", "__qualname__", "__:register__", "__slots__",
})  # fmt: skip


def members_of(kind: Class) -> list[str] | None:
    """The names that an object of a protocol has, where isinstance() goes by them; None where it does not."""
    bases = [base for base in kind.mro if base.native is not object]
    if kind.attributes.get(RUNTIME) is not True or kind.metaclass is not None or kind.unknown_base is not None:
        return None
    if any(base.attributes.get("_is_protocol") is not True or REGISTERED in base.attributes for base in bases):
        return None
    names = [name for base in bases for name in base.attributes]
    names += [field.name for base in bases for field in base.attributes.get("__:fields__", ())]
    is_plain = not {"__subclasshook__", "__hash__", "__getattr__"} & {*names}
    return [name for name in dict.fromkeys(names) if name not in NO_MEMBERS] if is_plain else None


def _has_member(value: Instance, name: str) -> bool | None:
    """Whether an object has an attribute by a name; None where it may be computed, or where that is not known."""
    found = value.attributes.get(name, ABSENT)
    found = value.cls.find(name) if found is ABSENT else found
    if found is ABSENT:
        is_plain = value.open is None and value.cls.unknown_base is None and value.payload is None
        is_elsewhere = name in EVERY_OBJECT or any(name in held for held in registries_of(value))
        is_computed = any(isinstance(value.cls.find(way), Function) for way in ("__getattr__", "__getattribute__"))
        return False if is_plain and not is_elsewhere and not is_computed else None
    is_sure = not (found is None or isinstance(found, Unknown)) and getattr(found, "kind", "") != "property"
    return True if is_sure else None


def registries_of(value: Instance) -> list[Dict]:
    """Where a Module holds what it has registered."""
    return [held for held in map(value.attributes.get, REGISTRIES) if isinstance(held, Dict)]


def union(left: Value, right: Value) -> Union | None:
    """left | right, where both are types, or None for "of NoneType", and one surely is."""
    sides = [side.kinds if isinstance(side, Union) else (side,) for side in (left, right)]
    if not any(isinstance(side, Union) or _is_type(side) for side in (left, right)):
        return None
    kinds = [NONE_TYPE if kind is None else kind for side in sides for kind in side]
    return Union(tuple(kinds)) if all(_is_type(kind) or isinstance(kind, External) for kind in kinds) else None


def _is_type(value: Value) -> bool:
    """Whether it surely is a class, for whose `|` the program has no method of its own."""
    return value.unsure is None if isinstance(value, Class) else isinstance(value, Native) and value.name in TYPES


def _has_items(kind: Value) -> bool:
    """Whether a kind says of what its items are: isinstance() takes no list[int], but a Union[int, str]."""
    is_named = isinstance(kind, (Native, External)) and kind.name.endswith(OF_ITEMS)
    return is_named and not kind.name.startswith(("typing.Union", "typing.Optional", "typing_extensions."))


def kin_of(cls: Class) -> Unknown | None:
    """Why the bases do not tell of what kind the instances of a class are."""
    for base in cls.mro:
        if base.kin is not None or REGISTERED in base.attributes:
            kin: Unknown | None = first(base.kin, base.attributes.get(REGISTERED))
            return kin
    return None


def _is_external(value: Value, full_name: str) -> bool | None:
    """isinstance(value, kind) for a class that no table holds; None where it is not known."""
    module, _, name = full_name.rpartition(".")
    if module in ("typing", "typing_extensions") and name in CONCRETE:
        return _is_of(value, CONCRETE[name])
    if module in ("typing", "typing_extensions", "collections.abc", "numbers"):
        return _is_abstract(value, name)
    if module == "types":
        return _is_inner(value, name)
    if module == "builtins" and name in ("bytes", "bytearray", "memoryview") and isinstance(value, TOLD):
        return name == "bytes" and isinstance(value, bytes)
    may_be_renamed = name in ABSTRACT or name[:1].islower() or "_" in name
    if full_name.startswith(RENAMING) or (may_be_renamed and not full_name.startswith(OWN_CLASSES)):
        return None
    if isinstance(value, Instance):
        return False if value.cls.unknown_base is None and value.payload is None else None
    if full_name == "numpy.ndarray" and isinstance(value, Tensor):
        return True if value.is_array else None
    if isinstance(value, NUMBERS) and full_name.startswith(OWN_CLASSES) and full_name != "numpy.ndarray":
        return None  # numpy's numbers are held as Python's
    return False if isinstance(value, TOLD) and not isinstance(value, (*CALLABLES, Stream, Module, Tensor)) else None


def _is_abstract(value: Value, name: str) -> bool | None:
    if name not in ABSTRACT:
        return None
    if isinstance(value, Instance) and value.payload is None:
        if any(_derives_from(base.full_name, name) for base in value.cls.mro):
            return True
        if value.cls.unknown_base is not None:
            return None
        mark = value.cls.find(MARKS[name]) if name in MARKS else ABSENT
        if mark is not ABSENT:
            return None if mark is None or isinstance(mark, Unknown) else True
        if kin_of(value.cls) is not None:
            return None
        return False if name in MARKS or name in NOMINAL else None
    held = value.payload if isinstance(value, Instance) else value
    if not isinstance(held, TOLD) or (isinstance(held, View) and name == "Set"):
        return None
    if isinstance(held, Class) and name != "Callable" and ("__members__" in held.attributes or held.metaclass):
        return None
    return isinstance(held, ABSTRACT[name])


def _register(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Abstract.register(cls)"""
    for value in args:
        if isinstance(value, Class):
            machine.heap.touch(value)
            value.attributes[REGISTERED] = Unknown(f"{value.name} was registered with an abstract class")
    return args[-1]


def _derives_from(full_name: str, abstract: str) -> bool:
    """Whether one of the classes of collections.abc is another of them, or derives from it."""
    module, _, name = full_name.rpartition(".")
    of = vars(collections.abc)
    return module == "collections.abc" and name in of and abstract in of and issubclass(of[name], of[abstract])


REGISTER = Native("register", _register)
REGISTERS = {f"collections.abc.{name}.register": REGISTER for name in ABSTRACT}


def _is_inner(value: Value, name: str) -> bool | None:
    """isinstance(value, types.name)"""
    if not isinstance(value, (*TOLD, Instance)):
        return None
    if name in ("FunctionType", "LambdaType"):
        return None if isinstance(value, Native) else isinstance(value, Function)
    if name == "MethodType":
        return isinstance(value, BoundMethod) if not of_native(value) else None
    if name == "BuiltinFunctionType":
        return None if isinstance(value, Native) or of_native(value) else False
    if name == "ModuleType":
        return isinstance(value, Module)
    return value is None if name == "NoneType" else None


def of_native(value: Value) -> bool:
    """Whether it is a method that is no function of the program."""
    return isinstance(value, BoundMethod) and not isinstance(value.function, Function)


# Python's own types by name, as nnlint has their values.
NATIVE: dict[str, type] = {
    "int": int, "float": float, "str": str, "list": List, "tuple": tuple, "dict": Dict, "set": Set, "bool": bool,
    "complex": complex, "bytes": bytes, "range": range, "type": Class, "slice": slice, "frozenset": frozenset,
    "partial": Partial, "torch.Size": Size,
}  # fmt: skip
TENSORS = ("torch.Tensor", "torch.nn.Parameter", "torch.nn.parameter.Parameter")
TYPES = frozenset({*NATIVE, *TENSORS, NONE_TYPE.name})


def as_class(machine: Any, kind: Value) -> Value:
    """One of Python's own types, as the class that those of the program derive from where it is one of MAPPINGS."""
    return machine.classes[kind.name] if isinstance(kind, Native) and kind.name in MAPPINGS else kind


def _is_native(machine: Any, value: Value, kind: Native) -> bool | Unknown:
    if kind.name == "object":
        return True
    if isinstance(value, Instance) and value.payload is None and value.cls.unknown_base is not None:
        return Unknown(value.cls.unknown_base.why, plain=True)
    if kind.name == "NoneType":
        return value is None
    if kind.name in TENSORS:
        is_tensor = isinstance(value, Tensor) and not value.is_array
        return is_tensor and (kind.name == "torch.Tensor" or value.is_parameter)
    if kind.name == "type" and isinstance(value, Native):
        return value.name in (*NATIVE, *MAPPINGS) or machine.builtin_kind(value) == "type"
    answer = _is_of(value, NATIVE[kind.name]) if kind.name in NATIVE else _is_inner(value, kind.name)
    return Unknown(f"isinstance() with {kind.name}", plain=True) if answer is None else answer


def _is_of(value: Value, kind: type) -> bool | None:
    """Whether it is of one of Python's own types; None where its class has a base that is not known."""
    if isinstance(value, Instance) and value.payload is None:
        return False if value.cls.unknown_base is None else None
    held = value.payload if isinstance(value, Instance) else value
    return isinstance(held, kind) and not isinstance(held, Deque) and not (kind is int and isinstance(held, NUMPY))


__all__ = [
    "MAPPINGS", "NONE_TYPE", "REGISTER", "REGISTERS", "as_class", "is_instance", "is_object_of", "kin_of", "union",
]  # fmt: skip
