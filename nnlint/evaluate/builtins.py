"""Python's builtins, as far as construction uses them; nothing else is ever called. Those that go through something are
in iterables.py, the methods of its types in methods.py."""

from __future__ import annotations

import builtins as python
from collections.abc import Callable
from typing import Any

from nnlint.evaluate import metaclasses, versions
from nnlint.evaluate import operations as ops
from nnlint.evaluate.attributes import is_one_with, is_special, own_class
from nnlint.evaluate.control import UNSIZED, RunTimeCodeError
from nnlint.evaluate.kinds import EVERY_OBJECT, NONE_TYPE, TENSORS, as_class, is_instance, kin_of
from nnlint.numpy_numbers import NUMPY
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    REGISTRIES,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Dict,
    External,
    Function,
    Instance,
    List,
    Module,
    Namespace,
    Native,
    Partial,
    RaisedError,
    Scalar,
    Set,
    Size,
    Stream,
    Super,
    Tensor,
    Union,
    Value,
    View,
    as_text,
    has_rest,
    is_plain,
    may_be_absent,
    present,
    type_name,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
BUILTINS: dict[str, Native] = {}
METHODS: dict[tuple[type, str], Native] = {}


def builtin(name: str) -> Callable[[Fn], Fn]:
    """Register a builtin function."""

    def register(fn: Fn) -> Fn:
        BUILTINS[name] = Native(name, fn)
        return fn

    return register


def method(kind: type, *names: str) -> Callable[[Fn], Fn]:
    """Register a method of a Python type; args[0] is the object."""

    def register(fn: Fn) -> Fn:
        for name in names:
            METHODS[kind, name] = Native(name, fn)
        return fn

    return register


def pure(name: str, function: Callable[..., Any]) -> Native:
    """A function that may be computed on known constants: numbers, strings and sequences of them."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if not kwargs and UNSIZED.issuperset(map(type, args)):
            return function(*args)
        args = [arg if isinstance(arg, NUMPY) else machine.as_number(plain_payload(machine, arg)) for arg in args]
        unknown = ops.is_unknown((*args, *kwargs.values()))
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if not all(map(is_constant, (*args, *kwargs.values()))):
            return Unknown(f"{name}() of an object", plain=True)
        result = function(*args, **kwargs)
        machine.charge(result)
        return List(result, machine.heap.clock) if isinstance(result, list) else result

    return Native(name, run)


def plain_payload(machine: Any, value: Value) -> Value:
    """A stream as a tuple of its items, an object of a builtin base as what it carries."""
    if isinstance(value, Stream):
        return tuple(machine.items(value))
    if isinstance(value, Instance) and value.payload is not None:
        return value.payload
    return value


def is_constant(value: Value) -> bool:
    if isinstance(value, (tuple, list, set, frozenset)):
        return all(map(is_constant, value))
    if isinstance(value, dict):
        return all(map(is_constant, value.values()))
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes, range))


def known(value: Value) -> Value:
    """The value; raises where it is not known."""
    if isinstance(value, Unknown):
        from nnlint.unknown import UnknownValueError

        raise UnknownValueError(Unknown(value.why, plain=True))
    return value


for _name in ("abs", "bin", "chr", "divmod", "hex", "oct", "ord", "complex", "bytes"):
    if _name != "bytes":
        BUILTINS[_name] = pure(_name, getattr(python, _name))


@builtin("ascii")
def _ascii(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    text = machine.text(args[0], "r")
    return text.encode("ascii", "backslashreplace").decode() if isinstance(text, str) else text


@builtin("pow")
def _pow(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 3 and all(isinstance(arg, int) and arg.bit_length() <= 64 for arg in args):
        return pow(*args)
    return machine.binary("**", *args) if len(args) == 2 else Unknown("pow() with a modulus", plain=True)


@builtin("len")
def _len(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    (value,) = args
    if is_one_with(value, "__len__"):
        return machine.each_option(value, lambda option: _len(machine, [option], {}))
    if isinstance(value, Instance):
        found = value.cls.find("__len__")
        if found is not ABSENT:
            return machine.length(value, found)
        if isinstance(value, Namespace) and isinstance(value.owner, Class):
            return Unknown("how many names a class has", plain=True)
        if value.payload is None:
            return machine.lacking(value, "has no len()")
        value = value.payload
    if isinstance(value, Class) and "__members__" in value.attributes:
        return _len(machine, [tuple(machine.items(value))], {})
    value = value.mapping if isinstance(value, View) else value
    if isinstance(value, Unknown):
        lengths = {len(o) for o in value.options if isinstance(o, (tuple, str))}
        if value.options and all(isinstance(o, (tuple, str)) and not has_rest(o) for o in value.options):
            return lengths.pop() if len(lengths) == 1 else Unknown(value.why, plain=True)
        return Unknown(value.why, plain=True)
    if isinstance(value, Dict) and not value.certain():
        return Unknown(first(value.rest, Unknown("an entry may be absent")).why, plain=True)
    if isinstance(value, Set) and value.rest is not None:
        return Unknown(value.rest.why, plain=True)
    if isinstance(value, (list, tuple)) and has_rest(value):
        return Unknown(next(i.unknown.why for i in value if type(i) is Rest), plain=True)
    if isinstance(value, Tensor):
        return value.shape[0] if isinstance(value.shape, tuple) and value.shape else Unknown("a tensor", plain=True)
    if isinstance(value, Class) and value.unsure is not None:
        return Unknown(value.unsure.why, plain=True)
    if not hasattr(value, "__len__"):
        raise machine.error("TypeError", f"object of type '{type_name(value)}' has no len()")
    return len(value)


@builtin("int")
def _int(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and isinstance(args[0], Instance) and isinstance(args[0].cls.find("__int__"), Function):
        return machine.call(machine.get_attribute(args[0], "__int__"), [], {})
    value = plain_payload(machine, args[0]) if args else 0
    if isinstance(value, Unknown):
        if value.options and len(args) == 1 and all(isinstance(o, (int, float)) for o in value.options):
            return machine.each_option(value, int)
        if isinstance(value, External) and (part := versions.as_int(value)) is not None:
            return part
        return Unknown(value.why, plain=True)
    if isinstance(value, Tensor) and isinstance(value.data, (int, float)) and float(value.data).is_integer():
        return int(value.data)
    if isinstance(value, (Instance, Tensor)):
        found = value.cls.find("__int__") if isinstance(value, Instance) else ABSENT
        if found is not ABSENT:
            return machine.call(BoundMethod(found, value), [], {})
        return machine.doubtful(Unknown("int() of an object", plain=True))
    if isinstance(value, str) and len(value) > 4000:
        return Unknown("a value too large to compute", plain=True)
    unknown = ops.is_unknown((*args, *kwargs.values()))
    return Unknown(unknown.why, plain=True) if unknown is not None else int(value, *args[1:], **kwargs)


@builtin("float")
def _float(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = machine.as_number(plain_payload(machine, args[0])) if args else 0.0
    if isinstance(value, Unknown):
        return Scalar(value.why)
    if isinstance(value, (Instance, Tensor)):
        return machine.doubtful(Scalar("float() of an object"))
    return float(value)


@builtin("bool")
def _bool(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) > 1:
        raise machine.error("TypeError", "bool expected at most 1 argument")
    truth = machine.truth(args[0]) if args else False
    return Unknown(truth.why, plain=True) if isinstance(truth, Unknown) else truth


@builtin("str")
def _str(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) > 1:
        if not isinstance(args[0], (bytes, Unknown)):
            raise machine.error("TypeError", "decoding is not supported")
        return Unknown("the text of bytes", plain=True)
    return machine.text(args[0]) if args else ""


@builtin("repr")
def _repr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.text(args[0], "r")


@builtin("format")
def _format(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.format("", args[0], "", args[1] if len(args) > 1 else "")


@builtin("round")
def _round(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown((*args, *kwargs.values()))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if not isinstance(args[0], (int, float)):
        return Unknown("round() of an object", plain=True)
    digits = args[1] if len(args) > 1 else kwargs.get("ndigits")
    if isinstance(digits, int) and abs(digits) > ops.BITS:
        return Unknown("a value too large to compute", plain=True)
    return round(*args, **kwargs)


@builtin("list")
def _list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _in_each_order(machine, args, lambda items: List(items, machine.heap.clock))


@builtin("tuple")
def _tuple(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _in_each_order(machine, args, tuple)


def _in_each_order(machine: Any, args: list[Value], make: Callable[[list[Value]], Value]) -> Value:
    """What is made of the items of an iterable, if any; of each order that they may have."""
    given = args[0] if args else ()
    hint = given.cls.find("__len__") if isinstance(given, Instance) else ABSENT
    if isinstance(hint, Function) and machine.effects.may_write(hint):  # it may be asked how many there are
        machine.forget_after(lambda: machine.call(BoundMethod(hint, given), [], {}), "how many items there are")
    ways = machine.in_any_order(given)
    if ways is given:
        return make(machine.items(given))
    return Unknown(ways.why, tuple(make(machine.items(way)) for way in ways.options))


@builtin("set")
def _set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = machine.make_set(machine.known_items(args[0]) if args else [])
    if args and isinstance(args[0], (Set, frozenset)):  # Python copies the table, gaps and all
        made.made = ()
    return made


@builtin("frozenset")
def _frozenset(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = machine.make_set(machine.known_items(args[0]) if args else [])
    return frozenset(made) if made.rest is None else Unknown(made.rest.why)


@builtin("dict")
def _dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = Dict((), machine.heap.clock)
    if args:
        machine.update_dict(made, args[0])
    rest = kwargs.pop("**", None)
    for key, value in kwargs.items():
        made[key] = value
    made.rest = first(made.rest, rest)
    return made


@builtin("range")
def _range(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None:
        return Unknown(unknown.why)
    return range(*map(machine.as_index, args))


@builtin("slice")
def _slice(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    return slice(*args) if unknown is None else unknown


def entry_of(value: Value, name: Value) -> Value:
    """What an object holds under a name: as an attribute, as a module that it registers, or by its class."""
    if isinstance(value, Function) and isinstance(name, str):
        return value.attributes.get(name)
    if not isinstance(value, (Instance, Class)) or not isinstance(name, str):
        return None
    if isinstance(value, Class):
        return value.find(name)
    for held in (value.attributes, *map(value.attributes.get, REGISTRIES)):
        if isinstance(held, dict) and name in held:
            return held[name]
    return value.cls.find(name)


def is_computed(value: Value, name: str) -> bool:
    """Whether code of the program may give an object's attribute."""
    if not isinstance(value, Instance):
        return False
    finders = (value.cls.find("__getattr__"), value.cls.find("__getattribute__"))
    return isinstance(value.cls.find(name), Descriptor) or any(isinstance(finder, Function) for finder in finders)


@builtin("getattr")
def _getattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name = args[0], as_text(args[1])
    is_named = isinstance(name, str) and len(args) < 3  # as value.name is
    if isinstance(value, Unknown) and not (value.options or isinstance(value, External) or is_named):
        found = machine.within(value, name)
        plain = is_plain(found) and all(map(is_plain, args[2:]))
        if len(args) < 3:
            machine.doubtful(found)
        return Unknown(value.why, plain=plain, calls=value.calls) if type(found) is Unknown else found
    if not isinstance(name, str):
        if not isinstance(name, (Unknown, Instance)):
            raise machine.error("TypeError", "attribute name must be string")
        why = name.why if isinstance(name, Unknown) else "getattr() with a name that is an object"
        machine.may_raise(why)
        return Unknown(why, calls=isinstance(value, (Instance, List, Dict, Set, Stream)))
    held = entry_of(value, name)
    if may_be_absent(held) and len(args) > 2:
        return machine.either(held, lambda: present(held), lambda: args[2])
    machine.charge(name)
    if len(args) > 2:

        def found_or_default() -> Value:
            found = machine.find_attribute(value, name)
            return args[2] if found is ABSENT else found

        if is_computed(value, name):
            return machine.unless_raised("AttributeError", found_or_default, lambda: args[2])
        try:
            return found_or_default()
        except RaisedError as raised:
            if machine.matches(raised.value, machine.classes["AttributeError"]) is not True:
                raise
            return args[2]
    return machine.get_attribute(value, name)


HELD_AS_THEY_ARE = CONSTANTS | {complex, tuple, frozenset, range, slice}  # of Python's own


@builtin("hasattr")
def _hasattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name = args[0], as_text(args[1])
    if isinstance(value, External) and isinstance(name, str):
        dotted = f"{value.name}.{name}"  # of torch alone the version that will run is known
        is_known = dotted.startswith("torch.") and not isinstance(machine.resolve(dotted), Unknown)
        return True if is_known else Unknown(value.why, plain=True)
    if isinstance(value, Unknown):
        return Unknown(value.why, plain=True)
    if isinstance(value, Tensor) and value.is_array:
        return Unknown("what an array has", plain=True)
    if isinstance(name, str) and (type(value) in HELD_AS_THEY_ARE or (type(value) is Size and is_special(name))):
        return hasattr(value, name)
    held = entry_of(value, name)
    if may_be_absent(held):
        return Unknown(held.why, plain=True)
    found = _getattr(machine, [value, name, ABSENT], {})
    if found is ABSENT:
        return False
    if may_be_absent(found):
        return Unknown(found.why, plain=True)
    if isinstance(found, BoundMethod) and isinstance(found.function, Unknown) and not isinstance(value, Instance):
        is_there = any(hasattr(kind(), name) for kind in (list, dict, set) if isinstance(value, kind))
        is_plain = type(value) in (List, Set) or (type(value) is Dict and value.kind == "dict")
        return is_there if is_there or is_plain else Unknown(found.function.why, plain=True)
    is_open = not isinstance(value, Instance) or first(value.open, value.cls.unknown_base) is not None
    if isinstance(found, Unknown) and (is_open or not isinstance(name, str) or _is_of_payload(value, name)):
        return Unknown(found.why, plain=True)
    return True


def _is_of_payload(value: Instance, name: str) -> bool:
    """Whether a special name is one that an object can only have as the number or text that it is."""
    return value.payload is not None and is_special(name) and name not in EVERY_OBJECT


@builtin("setattr")
def _setattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name, given = args[0], as_text(args[1]), args[2]
    if not isinstance(name, (str, Unknown, Instance)):
        raise machine.error("TypeError", "attribute name must be string")
    if isinstance(name, str):
        machine.charge(name)
        machine.set_attribute(value, name, given)
    else:
        machine.may_raise("an attribute whose name is not known is set")
        machine.set_unseen(value, given)
    return None


@builtin("delattr")
def _delattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name = as_text(args[1])
    if isinstance(name, str):
        machine.delete_attribute(args[0], name)
    else:
        machine.may_raise("an attribute whose name is not known is deleted")
        machine.havoc(args[0], "an attribute whose name is not known is deleted")
    return None


@builtin("callable")
def _callable(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if isinstance(value, Unknown):
        answers = {isinstance(o, (Class, Function, Native, BoundMethod, Partial)) for o in value.options}
        return answers.pop() if len(answers) == 1 else Unknown(value.why, plain=True)
    if isinstance(value, Instance):
        is_there, doubt = value.cls.find("__call__") is not ABSENT, value.cls.unknown_base
        return is_there if is_there or doubt is None else Unknown(doubt.why, plain=True)
    is_static = isinstance(value, Descriptor) and value.kind == "staticmethod"
    return is_static or isinstance(value, (Class, Function, Native, BoundMethod, Partial))


def class_of(machine: Any, value: Value) -> Value:
    """type(value)"""
    if isinstance(value, Instance):
        cls = own_class(value)
        return BUILTINS["object"] if cls is machine.classes["object"] else cls
    if isinstance(value, Unknown):
        return Unknown(value.why)
    if isinstance(value, Class):
        is_made = any(value.find(name) is not ABSENT for name in ("__members__", "__:register__", "_is_protocol"))
        is_known = value.unsure is None and value.metaclass is None and not is_made
        return BUILTINS["type"] if is_known else Unknown("what a class is made by")
    if isinstance(value, Tensor) and not value.is_array:
        return machine.resolve("torch.nn.Parameter" if value.is_parameter else "torch.Tensor")
    if isinstance(value, Dict):
        return BUILTINS["dict"] if value.kind == "dict" else machine.resolve(f"collections.{value.kind}")
    if isinstance(value, (Deque, View, Tensor, *NUMPY)):
        return Unknown("the type of a value")
    if value is None:
        return NONE_TYPE
    if type(value) is Size:
        return machine.resolve("torch.Size")
    for kind, name in KINDS:
        if isinstance(value, kind):
            return BUILTINS[name]
    if isinstance(value, Partial):
        return machine.resolve("functools.partial")
    return Unknown("the type of a value")


KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"), (int, "int"), (float, "float"), (complex, "complex"), (str, "str"), (List, "list"),
    (tuple, "tuple"), (Set, "set"), (range, "range"), (slice, "slice"),
)  # fmt: skip


@builtin("type")
def _type(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 1:
        return class_of(machine, args[0])
    if len(args) != 3:
        raise machine.error("TypeError", "type() takes 1 or 3 arguments")
    name, bases, namespace = args
    if isinstance(name, str) and isinstance(namespace, Dict) and all(isinstance(b, Class) for b in bases):
        machine.charge_class(bases)
        held = {**namespace, "__:fields__": List((), 0)}
        made = Class(name, tuple(bases) or (machine.classes["object"],), held, birth=machine.heap.clock)
        made.local = True
        if metaclasses.has_own(made, metaclasses.MAKING):
            why = Unknown(f"the metaclass of {name}")
            made.unknown_base, made.unsure = first(made.unknown_base, why), first(made.unsure, why)
            machine.finish_by_metaclass(made)
        machine.finish_class(made, kwargs)
        return made
    if isinstance(bases, tuple) and any(isinstance(base, (int, float, str)) or base is None for base in bases):
        raise machine.error("TypeError", "a class has classes as its bases")
    return machine.doubtful(Unknown("a class made by type()"))


BUILTINS["type"].attributes.update(metaclasses.OF_TYPE)


@builtin("isinstance")
def _isinstance(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return is_instance(machine, args[0], args[1])


NO_TYPES = (str, int, float, List, Dict, Set, Function, BoundMethod, Tensor)


def _is_no_type(value: Value) -> bool:
    """Whether it surely is an object that is no class; of a class whose base is not known that may be one."""
    return isinstance(value, tuple) or (isinstance(value, Instance) and value.cls.unknown_base is None)


@builtin("issubclass")
def _issubclass(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    cls, kinds = args
    if isinstance(cls, Native) and machine.builtin_kind(cls) == "function":
        raise machine.error("TypeError", "issubclass() takes classes")
    kinds = kinds.kinds if isinstance(kinds, Union) else kinds
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        kind = as_class(machine, kind)
        if any(isinstance(side, NO_TYPES) or side is None for side in (cls, kind)) or _is_no_type(cls):
            raise machine.error("TypeError", "issubclass() takes classes")
        checks = kind.metaclass if isinstance(kind, Class) else None
        if checks is not None and isinstance(checks.find("__subclasscheck__"), Function):
            return Unknown(f"what __subclasscheck__ of {checks.name} says", plain=True)
        if isinstance(cls, Class) and isinstance(kind, Class):
            if cls.is_subclass(kind):
                return True
            doubt = first(cls.unknown_base, kin_of(kind))
            if doubt is not None:
                return Unknown(doubt.why, plain=True)
        elif isinstance(cls, Unknown) or isinstance(kind, Unknown):
            if not all(isinstance(side, (Class, External)) for side in (cls, kind)):
                machine.may_raise("issubclass() of something that is not known")
            return Unknown("issubclass() of something that is not known", plain=True)
        elif isinstance(cls, Native) and cls.name in TENSORS:
            if isinstance(kind, Native) and kind.name in ("object", "torch.Tensor", cls.name):
                return True
        elif isinstance(cls, Native) and isinstance(kind, Native):
            one, other = (getattr(python, native.name, None) for native in (cls, kind))
            if not isinstance(one, type) or not isinstance(other, type):
                return machine.doubtful(Unknown("issubclass() with something else", plain=True))
            if issubclass(one, other):
                return True
        elif isinstance(cls, Class) and isinstance(kind, Native):
            native = cls.native_base()
            if kind.name == "object" or (native is not None and native.__name__ == kind.name):
                return True
            if cls.unknown_base is not None:
                return Unknown(cls.unknown_base.why, plain=True)
    return False


@builtin("super")
def _super(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 2 and isinstance(args[0], Class) and isinstance(args[1], (Instance, Class)):
        owner, kind = args[0], args[1] if isinstance(args[1], Class) else args[1].cls
        if owner not in kind.mro and kind.unknown_base is None and kind.metaclass is None:
            raise machine.error("TypeError", "super(type, obj): obj must be an instance or subtype of type")
        return Super(args[0], args[1])
    return Unknown("super() of something that is not known")


@builtin("property")
def _property(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    getter, setter, *_ = *args, *(None, None)
    return Descriptor("property", first(getter, kwargs.get("fget")), first(setter, kwargs.get("fset")))


@builtin("staticmethod")
def _staticmethod(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("staticmethod", args[0])


@builtin("classmethod")
def _classmethod(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("classmethod", args[0])


@method(Descriptor, "__get__")
def _get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """property.__get__(object, class=None): the property itself where there is no object"""
    descriptor, *given = args
    if descriptor.kind != "property" or not given or isinstance(given[0], Unknown):
        return machine.call(Unknown("__get__ is not evaluated"), args, kwargs)
    return descriptor if given[0] is None else machine.get_property(descriptor, given[0])


@method(Descriptor, "__set__")
def _set_by(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """property.__set__(object, value)"""
    descriptor, *given = args
    if descriptor.kind != "property" or len(given) != 2:
        return machine.call(Unknown("__set__ is not evaluated"), args, kwargs)
    machine.set_property(descriptor, *given)
    return None


@method(Descriptor, "setter")
def _setter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor(args[0].kind, args[0].getter, args[1])


@method(Descriptor, "getter")
def _getter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor(args[0].kind, args[1], args[0].setter)


@method(Descriptor, "deleter")
def _deleter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0]


@builtin("print")
def _print(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for value in args:
        machine.text(value)
    return None


def _opaque(name: str) -> Fn:
    why = Unknown(f"{name}() is known only when the program runs", plain=True)
    return lambda machine, args, kwargs: why


BUILTINS.update({name: Native(name, _opaque(name)) for name in ("id", "hash", "input", "open")})


@builtin("object")
def _object(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args or kwargs:
        raise machine.error("TypeError", "object() takes no arguments")
    return Instance(machine.classes["object"], machine.heap.clock)


# What torch 2.13 has among others, and code for older releases asks for.
FUNCTIONAL = (
    "celu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "interpolate", "leaky_relu",
    "logsigmoid", "mish", "normalize", "pad", "prelu", "relu", "relu6", "rms_norm", "scaled_dot_product_attention",
    "selu", "silu", "softmax", "softplus",
)  # fmt: skip


@builtin("dir")
def _dir(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 1 and isinstance(args[0], External) and args[0].name == "torch.nn.functional":
        return List([*FUNCTIONAL, Rest(Unknown("the names in a module of torch", plain=True))], machine.heap.clock)
    return Unknown("a namespace as a list", plain=True)


@builtin("vars")
def _vars(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not args:
        return Unknown("a namespace as a dict")
    found = machine.find_attribute(args[0], "__dict__")
    if found is ABSENT:
        raise machine.error("TypeError", "vars() argument must have __dict__ attribute")
    return machine.get_attribute(args[0], "__dict__") if may_be_absent(found) else found


for _name in ("locals", "globals"):
    BUILTINS[_name] = Native(_name, lambda machine, args, kwargs: Unknown("a namespace as a dict"))


def _refuse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise RunTimeCodeError


@builtin("__import__")
def _import(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """__import__(name): what `import name` binds"""
    if len(args) == 1 and isinstance(args[0], str) and not kwargs:
        return machine.import_module(args[0], whole=False)
    return _refuse(machine, args, kwargs)


for _name in ("eval", "exec", "compile"):
    BUILTINS[_name] = Native(_name, _refuse)


BUILTINS["NotImplemented"] = Native("NotImplemented", lambda machine, args, kwargs: None)
__all__ = ["BUILTINS", "METHODS", "Module"]
