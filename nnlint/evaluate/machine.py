"""The machine: the evaluator with its names for what is outside, and what it records on the way."""

from __future__ import annotations

import builtins as python
from collections.abc import Iterator
from functools import partial
from typing import Any

from nnlint.count import Count, count
from nnlint.evaluate.arities import limit
from nnlint.evaluate.attrs_classes import ATTRS, attrs_classes
from nnlint.evaluate.builtins import FUNCTIONAL
from nnlint.evaluate.class_annotations import ANNOTATIONS
from nnlint.evaluate.command_line import ARGPARSE, argparse_classes
from nnlint.evaluate.commands import COMMANDS, command_classes
from nnlint.evaluate.contexts import CONTEXTS
from nnlint.evaluate.einops_functions import EINOPS
from nnlint.evaluate.functions import FUNCTION_TYPES
from nnlint.evaluate.hyperparameters import ATTRIBUTE_DICT, attribute_dict
from nnlint.evaluate.imports import Imports
from nnlint.evaluate.initialisers import initialiser
from nnlint.evaluate.inspections import INSPECTIONS
from nnlint.evaluate.iterables import BUILTINS
from nnlint.evaluate.itertools_functions import LIBRARY
from nnlint.evaluate.json_functions import JSON
from nnlint.evaluate.kinds import MAPPINGS, REGISTERS
from nnlint.evaluate.loggers import LOGGING, logger_classes
from nnlint.evaluate.mappings import MUTABLE_MAPPING
from nnlint.evaluate.methods import METHODS
from nnlint.evaluate.notes import Built, LayerMade, Stack
from nnlint.evaluate.numpy_functions import NUMPY_FUNCTIONS, astype
from nnlint.evaluate.packages import PACKAGES
from nnlint.evaluate.pydantic_dataclasses import PYDANTIC_DATACLASSES
from nnlint.evaluate.pydantic_models import PYDANTIC, pydantic_classes
from nnlint.evaluate.scope import Scope, Site
from nnlint.evaluate.signatures import SIGNATURES
from nnlint.evaluate.statements import define, lower_definitions
from nnlint.evaluate.tensor_attributes import tensor_attribute, tensor_item, tensor_items
from nnlint.evaluate.tensor_writes import augment as augment_item
from nnlint.evaluate.tensor_writes import write as write_item
from nnlint.evaluate.torch_functions import FUNCTIONS, arithmetic, augment, comparison
from nnlint.evaluate.torch_modules import torch_classes
from nnlint.evaluate.torch_names import INITIALISERS, INITIALISERS_OUTSIDE
from nnlint.evaluate.versions import VERSIONS
from nnlint.layers import find as find_layer
from nnlint.project import Project
from nnlint.source import Source
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    KEPT,
    Class,
    Dict,
    External,
    Frame,
    Function,
    Instance,
    List,
    Module,
    Native,
    Tensor,
    Value,
    is_slot,
    join,
    may_be_absent,
    present,
)

limit(BUILTINS, METHODS, {**FUNCTIONS, **LIBRARY, **INSPECTIONS})


def builtin_classes() -> dict[str, Class]:
    """object, the exceptions, and the builtin types that classes derive from."""
    object_class = Class("object", native=object)
    classes = {"object": object_class}
    object_class.attributes.update({
        "__init_subclass__": Native("__init_subclass__", lambda machine, args, kwargs: None),
        "__new__": Native("__new__", _new),
    })  # fmt: skip

    def add(kind: type) -> Class:
        if kind.__name__ not in classes:
            made = Class(kind.__name__, tuple(add(base) for base in kind.__bases__))
            made.attributes["__init__"] = Native("__init__", _exception_init)
            classes[kind.__name__] = made
        return classes[kind.__name__]

    for name in dir(python):
        kind = getattr(python, name)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            add(kind)
    classes["OSError"].attributes["__new__"] = Native("__new__", _new_os_error)
    for kind in (int, float, str, list, tuple, dict, set):
        made = Class(kind.__name__, (object_class,), native=kind)
        if kind in (list, dict, set):
            made.attributes["__init__"] = Native("__init__", _payload_init(BUILTINS[kind.__name__]))
        else:
            made.attributes["__new__"] = Native("__new__", _payload_new(kind.__name__))
        classes[kind.__name__] = made
    for name in MAPPINGS:
        classes[name] = Class(name, (classes["dict"],), full_name=f"collections.{name}")
        classes[name].attributes["__init__"] = Native("__init__", _payload_init(LIBRARY[f"collections.{name}"]))
    classes["OrderedDict"].attributes.update({
        "__init__": Native("__init__", _ordered_init),
        **{name: Native(name, partial(_ordered_write, name)) for name in ("update", "setdefault")},
    })  # fmt: skip
    classes["property"] = Class("property", (object_class,), full_name="property")
    classes["property"].attributes.update({
        "__init__": Native("__init__", _property_init), "__get__": Native("__get__", _property_get),
    })  # fmt: skip
    for name, base in (
        ("enum.Enum", "object"), ("typing.NamedTuple", "tuple"), ("enum.auto", "object"), ("dataclasses.Field",
        "object"),
        ("Tensor", "object"), ("Parameter", "Tensor"), ("mappingproxy", "object"),
    ):  # fmt: skip
        classes[name] = Class(name.rpartition(".")[2], (classes[base],), full_name=name)
    for name, base in (("dataclasses.FrozenInstanceError", "AttributeError"), ("re.error", "Exception")):
        classes[name] = Class(name.rpartition(".")[2], (classes[base],), full_name=name)
    classes["typing.NamedTuple"].attributes["__new__"] = Native("__new__", _new_named_tuple)
    classes["mappingproxy"].attributes.update(NAMESPACE)
    classes["enum.Flag"] = Class("Flag", (classes["enum.Enum"],), full_name="enum.Flag")
    for name, kind, base in (
        ("enum.IntEnum", "int", "enum.Enum"), ("enum.StrEnum", "str", "enum.Enum"),
        ("enum.IntFlag", "int", "enum.Flag"),
    ):  # fmt: skip
        classes[name] = Class(name.rpartition(".")[2], (classes[kind], classes[base]), full_name=name)
    return classes


def _new(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not args or not isinstance(args[0], Class):
        return Unknown("an object of a class that is not known")
    return Instance(args[0], machine.heap.clock)


def _new_named_tuple(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """typing.NamedTuple("Point", [("x", int), ("y", int)])"""
    if len(args) != 3 or kwargs or not isinstance(args[2], (List, tuple)):
        return Unknown("a NamedTuple whose fields are not known")
    names = [machine.get_item(field, 0) for field in machine.items(args[2])]
    return machine.call(LIBRARY["collections.namedtuple"], [args[1], List(names, machine.heap.clock)], {})


def _new_os_error(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """OSError(2, "no such file") is a FileNotFoundError"""
    if args[0] is machine.classes["OSError"] and len(args) > 2:
        return Unknown("which of its kinds an OSError is", plain=True)
    return _new(machine, args, kwargs)


def _write_names(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """namespace.update(...), namespace[name] = value"""
    owner, given = args[0].owner, Dict((), machine.heap.clock)
    if len(args) == 3:
        machine.set_item(given, args[1], args[2])
    for more in args[1:2] if len(args) == 2 else ():
        machine.update_dict(given, more)
    machine.update_dict(given, Dict(kwargs))
    if isinstance(owner, Class):
        kind = "TypeError" if len(args) == 3 else "AttributeError"
        raise machine.error(kind, "the names of a class are written through the class alone")
    if isinstance(owner, Function) and (not given.certain() or any(map(is_slot, map(str, given)))):
        return _write_unfollowed(machine, args, kwargs)
    if not given.certain() or not all(isinstance(name, str) for name in given):
        machine.havoc(owner, "names that are not known are written")
        return None
    machine.heap.touch(owner)
    names_of(owner).update(given)
    return None


def names_of(owner: Instance | Frame | Function) -> dict[str, Value]:
    """What a namespace that can be written to holds."""
    return owner.variables if isinstance(owner, Frame) else owner.attributes


def _pop_name(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """namespace.pop(name[, default])"""
    owner, name = args[0].owner, args[1]
    if isinstance(owner, Class):
        raise machine.error("AttributeError", "the names of a class are written through the class alone")
    doubt = owner.open if isinstance(owner, Instance) else args[0].payload.rest
    if not isinstance(name, str) or (doubt is not None and name not in names_of(owner)):
        machine.havoc(owner, "a name that is not known is taken away")
        return Unknown("an attribute that is not known")
    if name not in names_of(owner):
        if len(args) > 2:
            return args[2]
        raise machine.error("KeyError", name)
    machine.heap.touch(owner)
    return present(names_of(owner).pop(name))


def _default_name(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """namespace.setdefault(name, default=None)"""
    owner, name = args[0].owner, args[1]
    is_object = isinstance(owner, Instance) and not kwargs
    if not is_object or not isinstance(name, str) or name in KEPT:
        return _write_unfollowed(machine, args, kwargs)
    held = owner.attributes.get(name, ABSENT if owner.open is None else Unknown(owner.open.why, (ABSENT, owner.open)))
    if held is ABSENT or may_be_absent(held):
        given = args[2] if len(args) > 2 else None
        machine.heap.touch(owner)
        owner.attributes[name] = given if held is ABSENT else join(present(held), given, held.why)
    return owner.attributes[name]


def _delete_name(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """del namespace[name]"""
    _pop_name(machine, args, kwargs)
    return None


def _write_unfollowed(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.give_up(Unknown("a write to __dict__"))


NAMESPACE = {
    "update": Native("update", _write_names),
    "__setitem__": Native("__setitem__", _write_names),
    "pop": Native("pop", _pop_name),
    "__delitem__": Native("__delitem__", _delete_name),
    "setdefault": Native("setdefault", _default_name),
    **{name: Native(name, _write_unfollowed) for name in ("clear", "popitem", "__ior__")},
}


def _tensor_of_unknown_shape(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Unknown("a tensor", plain=True)


def _exception_init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    args[0].attributes["args"] = tuple(args[1:])
    return None


def _payload_init(maker: Native) -> Any:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        machine.heap.touch(args[0])
        if maker.name == "list":
            kwargs = _without_keywords(machine, args[0].cls, kwargs)
        args[0].payload = machine.call(maker, args[1:], kwargs)
        return None

    return run


def _ordered_init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """OrderedDict.__init__(self, other=(), **entries), for classes derived from it"""
    machine.heap.touch(args[0])
    args[0].payload = Dict((), machine.heap.clock, kind="OrderedDict")
    return _ordered_write("update", machine, args, kwargs)


def _ordered_write(name: str, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """update() and setdefault() of an OrderedDict: they write by the __setitem__ of the program, where it has one."""
    if isinstance(args[0].cls.find("__setitem__"), Function):
        return machine.call(MUTABLE_MAPPING.attributes[name], args, kwargs)
    return machine.call(METHODS[Dict, name], [args[0].payload, *args[1:]], kwargs)


def _property_init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """property.__init__(self, fget, fset, fdel, doc), for classes derived from it"""
    given = {**dict(zip(("fget", "fset", "fdel", "doc"), args[1:])), **kwargs}
    args[0].attributes.update({name: given.get(name) for name in ("fget", "fset", "fdel", "doc")})
    return None


def _property_get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """property.__get__(self, receiver, owner)"""
    return args[0] if args[1] is None else machine.call(args[0].attributes["fget"], [args[1]], {})


def _without_keywords(machine: Any, cls: Class, kwargs: dict[str, Value]) -> dict[str, Value]:
    """What a class derived from one that takes no keywords hands to that: Python refuses them since 3.11, but where the
    class has its own __init__."""
    if kwargs and not isinstance(cls.find("__init__"), Function):
        machine.may_raise("keywords of a class that takes none")
    return {}


def _payload_new(name: str) -> Any:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if name not in ("int", "str", "bytes"):
            kwargs = _without_keywords(machine, args[0], kwargs)
        return Instance(args[0], machine.heap.clock, machine.call(BUILTINS[name], args[1:], kwargs))

    return run


GIVEN_BESIDES = "what else is given"
# What names from outside the project stand for, beside torch's; where two tables know a name, the last one says it.
OUTSIDE: dict[str, Value] = {
    **PYDANTIC, **PYDANTIC_DATACLASSES, **COMMANDS, **ATTRS, **ARGPARSE, **REGISTERS, **FUNCTION_TYPES, **LOGGING,
    **CONTEXTS, **SIGNATURES, **ANNOTATIONS, **INSPECTIONS, **JSON, **EINOPS, **VERSIONS, **PACKAGES, **LIBRARY,
}  # fmt: skip


MEMORABLE = 100  # characters of a name from outside that is remembered


class Machine(Imports):
    """One evaluator: it keeps the modules it has loaded, and records the layers that are constructed.

    goes_on: a layer that cannot be built ends nothing, so that what stands behind it is seen too.
    wary: nothing is assumed of what users may give: command line, environment, placeholders as defaults.
    """

    methods = METHODS

    def __init__(
        self,
        project: Project,
        assume: dict[str, Value] | None = None,
        aliases: dict[str, str] | None = None,
        textbook: bool = False,
        goes_on: bool = False,
        wary: bool = False,
        sources: dict[str, Source] | None = None,
    ) -> None:
        super().__init__()
        self.project = project
        self.sources = {} if sources is None else sources
        self.textbook = textbook
        self.assume = dict(assume or {})
        self.aliases = dict(aliases or {})
        self.goes_on, self.wary = goes_on, wary
        self.classes = builtin_classes()
        for classes in (argparse_classes, attrs_classes, command_classes, logger_classes):
            self.classes.update(classes(self.classes["object"]))
        self.classes.update(pydantic_classes(self.classes))
        self.classes[ATTRIBUTE_DICT] = attribute_dict(self.classes["dict"])
        self.torch = torch_classes(self.classes["object"])
        self.builtins = {**{n: c for n, c in self.classes.items() if n in dir(python)}, **BUILTINS}
        self.patches = Dict()
        self.outside: dict[str, Value] = {}  # what names from outside stand for, as long as nothing is put there

    def run_root(self, function: Function, given: dict[str, Value], first: Value) -> Value:
        """A function as its users may call it, with these arguments and perhaps others."""
        return self.run_function(function, given, first, self.given_besides(function))

    def given_besides(self, function: Function) -> Unknown | None:
        """Keywords that users may give beside those that are assumed."""
        takes_more = any(parameter.kind == "**" for parameter in function.signature.parameters)
        return Unknown(GIVEN_BESIDES) if self.wary and takes_more else None

    # -- names from outside ------------------------------------------------------------------------------------

    def torch_class(self, name: str) -> Class:
        layer = find_layer(name)
        return self.torch[layer.name if layer is not None else name]

    def resolve(self, dotted: str) -> Value:
        """What a dotted name from outside the project stands for."""
        given = self.patches.get(dotted, ABSENT) if self.patches else ABSENT
        if given is ABSENT:
            return self._outside(dotted)
        is_sure = not may_be_absent(given)
        return given if is_sure else join(present(given), self._outside(dotted), "it may be replaced")

    def _outside(self, dotted: str) -> Value:
        """What a name from outside stands for as long as nothing is put into its place."""
        found = self.outside.get(dotted)
        if found is None:
            found = self._look_outside(dotted)
            if len(dotted) < MEMORABLE:
                self.outside[dotted] = found
        return found

    def _look_outside(self, dotted: str) -> Value:
        if dotted in self.aliases and dotted not in self.torch:
            self.torch[dotted] = self._alias(dotted)
        if dotted in self.torch:
            return self.torch[dotted]
        if dotted.startswith("torch.nn."):
            found = self._resolve_torch(dotted)
            if found is not None:
                return found
        if dotted in NUMPY_FUNCTIONS:
            return NUMPY_FUNCTIONS[dotted]
        if dotted in FUNCTIONS:
            return FUNCTIONS[dotted]
        if dotted in INITIALISERS_OUTSIDE:
            return initialiser(dotted.rpartition(".")[2])
        if dotted in OUTSIDE:
            return OUTSIDE[dotted]
        if dotted in self.classes and "." in dotted:
            return self.classes[dotted]
        if dotted == "torch.Tensor":
            return self.classes["Tensor"]
        if dotted == "typing_extensions.NamedTuple":
            return self.classes["typing.NamedTuple"]
        head, _, name = dotted.rpartition(".")
        if head == "builtins" and name in self.builtins:
            return self.builtins[name]
        return External(dotted)

    def _alias(self, dotted: str) -> Value:
        """A layer of the team's own: of another class than the framework's layer that it counts as."""
        known = self.resolve(self.aliases[dotted])
        if not isinstance(known, Class):
            return known
        return Class(dotted.rpartition(".")[2], (known,), full_name=dotted)

    def _resolve_torch(self, dotted: str) -> Value:
        if dotted in self.torch:
            return self.torch[dotted]
        layer = find_layer(dotted)
        if layer is not None:
            return self.torch[layer.name]
        name = dotted.rpartition(".")[2]
        if dotted.startswith("torch.nn.modules.") and f"torch.nn.{name}" in self.torch:
            return self.torch[f"torch.nn.{name}"]
        if dotted in INITIALISERS:
            return initialiser(name)
        if dotted.startswith("torch.nn.functional.") and name in FUNCTIONAL and dotted not in FUNCTIONS:
            return Native(name, _tensor_of_unknown_shape)
        return None

    def run_statements(self, module: Module) -> None:
        """Execute the statements of a module: it happens once, and what they are lowered to is not kept."""
        scope = Scope(self, module.source, "module")
        define(self, module.frame, lower_definitions(module.source.tree.body, scope))

    # -- tensors -----------------------------------------------------------------------------------------------

    def tensor_attribute(self, value: Tensor, name: str) -> Value:
        if name == "astype" and value.is_array:
            return Native(name, lambda machine, args, kwargs: astype(machine, value, args, kwargs))
        return tensor_attribute(self, value, name)

    def tensor_items(self, value: Tensor) -> Iterator[Value]:
        return tensor_items(self, value)

    def tensor_item(self, value: Tensor, index: Value) -> Value:
        return tensor_item(self, value, index)

    def tensor_binary(self, sign: str, left: Value, right: Value) -> Value:
        return arithmetic(self, sign, left, right)

    def tensor_comparison(self, left: Value, right: Value) -> Value:
        return comparison(self, left, right)

    def tensor_augment(self, sign: str, left: Tensor, right: Value) -> Value:
        return augment(self, sign, left, right)

    def write_tensor_item(self, value: Tensor, index: Value, given: Value) -> bool:
        return write_item(self, value, index, given)

    def augment_item(self, sign: str, value: Value, index: Value, right: Value) -> None:
        if not (isinstance(value, Tensor) and augment_item(self, sign, value, index, right)):
            super().augment_item(sign, value, index, right)

    # -- what is recorded --------------------------------------------------------------------------------------

    def record(self, site: Site, instance: Instance) -> None:
        """A layer was constructed at a site."""
        layer = instance.cls.layer
        if layer is None or not layer.wraps:
            is_lazy = layer is not None and layer.lazy
            self.note(LayerMade(tuple(self.stack), instance.cls, instance if is_lazy else count(instance)))

    def layers_made(self) -> Iterator[tuple[Site, Class, Count, Stack]]:
        """The layers that the root has constructed, each with the calls that lead to it."""
        for (site, cls, _, _, stack), total in self.records.items():
            yield site, cls, count(total) if isinstance(total, Instance) else total, stack

    def instantiate(
        self, cls: Class, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """cls(*args, **kwargs); the outermost one that constructs a Module of the project is a model of its own."""
        if cls.module is None or not self.stack or self.torch["torch.nn.Module"] not in cls.mro:
            return super().instantiate(cls, args, kwargs, unknown_kwargs)
        run = partial(super().instantiate, cls, args, kwargs, unknown_kwargs)
        is_repeatable = unknown_kwargs is None and cls.metaclass is None and self.is_repeatable()
        make = partial(self.constructions.make, self, cls, args, kwargs, run) if is_repeatable else run
        if self.constructing:
            return make()
        self.constructing = True
        try:
            made = make()
        finally:
            self.constructing = False
        if isinstance(made, Instance):
            self.note(Built(tuple(self.stack), made))
        return made


__all__ = ["Function", "Machine"]
