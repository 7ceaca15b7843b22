"""Names, truth and attributes, as Python defines them."""

from __future__ import annotations

import builtins as python
import collections.abc
import enum
import functools
import itertools
import math
import operator
import typing
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import libcst as cst

from nnlint.evaluate import class_annotations, metaclasses
from nnlint.evaluate import functions as function_parts
from nnlint.evaluate.control import GIVEN, Control, data_of
from nnlint.evaluate.kinds import EVERY_OBJECT, registries_of
from nnlint.evaluate.look_ups import ADDING
from nnlint.evaluate.tensor_names import RESHAPING, is_name
from nnlint.evaluate.tensor_shapes import are_different
from nnlint.evaluate.torch_names import NAMES, REGISTERED, REGISTERING
from nnlint.numpy_numbers import NUMPY
from nnlint.signature import Rest
from nnlint.source import docstring
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    GRADIENT,
    OPENED,
    Arity,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Device,
    Dict,
    External,
    Frame,
    Function,
    Inherited,
    Instance,
    List,
    Module,
    Named,
    Namespace,
    Native,
    Partial,
    RaisedError,
    Rewritten,
    Said,
    Set,
    Stream,
    Super,
    Tensor,
    Value,
    View,
    has_rest,
    is_plain,
    join,
    may_be_absent,
    present,
    same,
    type_name,
)

WITHOUT_ATTRIBUTES = (
    BoundMethod, List, Dict, Set, frozenset, tuple, str, bytes, int, float, complex, range, type(None),
)  # fmt: skip


MODULES = {module.__name__: module for module in (collections, functools, itertools, math, operator, typing)}
EXCEPTIONS = {n: kind for n, kind in vars(python).items() if isinstance(kind, type) and issubclass(kind, BaseException)}
SIGNING = function_parts.DECIDING | {"__signature__"}  # the attributes that say how a function is called
OF_SUPER = EVERY_OBJECT | {"__thisclass__", "__self__", "__self_class__"}
OF_DATACLASSES = frozenset({"__dataclass_fields__", "__dataclass_params__", "__replace__"})
MADE_WITH = OF_DATACLASSES | {
    "__args__", "__class_getitem__", "__orig_bases__", "__orig_class__", "__origin__", "__parameters__",
    "__protocol_attrs__", "_abc_impl", "_is_protocol", "_is_runtime_protocol", "__required_keys__",
    "__optional_keys__", "__total__",
}  # fmt: skip
EVERY_CLASS = EVERY_OBJECT | frozenset(dir(type)) | {"__annotations__", "__type_params__"}


def of_every_object(name: str) -> Value:
    """An attribute that object itself has, or ABSENT."""
    return Unknown(f"{name} is not evaluated", plain=True) if name in EVERY_OBJECT else ABSENT


def of_python(cls: Class, name: str) -> Value:
    """An attribute that one of Python's exceptions or abstract collections has, or any object, or ABSENT."""
    for base in cls.mro:
        of = EXCEPTIONS if not base.full_name.startswith("collections.abc.") else vars(collections.abc)
        kind = of.get(base.name) if base.module is None else None
        if kind is not None and name in dir(kind):
            return Unknown(f"{name} of {kind.__name__}", plain=True)
    return of_every_object(name)


def is_not_in_python(module: str, name: str) -> bool:
    """Whether a module of Python's has no such name in the Python that runs here: others may have it."""
    return module in MODULES and not hasattr(MODULES[module], name)


def of_module(name: str) -> Value:
    """Where a module lies on the disk is nothing that a count may depend on."""
    return Unknown(f"{name} of the module", plain=True)


PARTIAL = "functools.partial."  # what objects of this type are given as attributes: any of them may have it
CALLED_BY_LAYERS = ("torch.nn.init.", "torch.nn.functional.")  # what layers call from within
# What every module has by itself.
OF_MODULES = frozenset({"__file__", "__path__", "__doc__", "__package__", "__spec__", "__loader__"})
# What torch raises for a tensor, or for a device that is not there.
REFUSALS = ("RuntimeError", "IndexError", "ValueError", "NotImplementedError", "AssertionError")
# Attributes that no size and no registration depends on.
WRITTEN_NOWHERE = frozenset({"T", "device", "dtype", "grad_fn", "is_leaf", "layout", "mT", "ndim", "shape"})
WEIGHTLESS = frozenset({"__traceback__", "grad", GRADIENT, "training"})
# Methods of lists, dicts, sets and modules that write to their object.
WRITERS = frozenset(
    {
        "add", "add_module", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop",
        "popitem", "popleft", "register_buffer", "register_module", "register_parameter", "remove", "reverse",
        "setdefault", "update",
    }
)  # fmt: skip


class Attributes(Control):
    """The part of the machine that knows names and attributes."""

    builtins: dict[str, Value]
    classes: dict[str, Class]
    methods: dict[tuple[type, str], Native]
    assume: dict[str, Value]

    # -- to be given by the parts above ------------------------------------------------------------------------

    def call(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        raise NotImplementedError

    def contains(self, container: Value, item: Value) -> bool | Unknown:
        raise NotImplementedError

    def get_item(self, value: Value, index: Value) -> Value:
        raise NotImplementedError

    def set_item(self, value: Value, index: Value, given: Value) -> None:
        raise NotImplementedError

    def resolve(self, dotted: str) -> Value:
        raise NotImplementedError

    def submodule(self, module: Module, name: str) -> Value:
        raise NotImplementedError

    def unless_raised(self, kind: str, run: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
        raise NotImplementedError

    # -- errors ------------------------------------------------------------------------------------------------

    def error(self, kind: str, message: str = "", *args: Value) -> RaisedError:
        """An exception of Python's own, to be raised in the evaluated program. args: as it has them, where they are
        known; else it has the message, in other words than Python's."""
        instance = Instance(self.classes[kind], self.heap.clock)
        instance.attributes["args"] = args or ((Said(message),) if message else ())
        raised = RaisedError(instance)
        if args and message:
            raised.args = (f"{kind}: {message}",)
        return raised

    def may_refuse(self, what: str) -> None:
        """torch may raise for the dtype, the strides, the gradients or the numbers of a tensor, which are not followed,
        or for a device. Outside of a try statement it is taken not to."""
        if self.tries:
            self.may_raise(f"{what} may refuse what it is given", self.refusals)

    @cached_property
    def refusals(self) -> tuple[Value, ...]:
        """The exceptions of may_refuse(): the same each time, so that many ways to raise join to these."""
        made = tuple(Instance(self.classes[kind], 0) for kind in REFUSALS)
        for instance in made:
            instance.attributes["args"] = (Said("what torch refuses"),)
        return made

    def native(self, error: BaseException) -> RaisedError:
        """What a native operation raised, as the evaluated program sees it. Where nnlint took what is not known for a
        value, the program has raised nothing."""
        if "'Unknown'" in str(error):
            raise UnknownValueError(Unknown("an operation on what is not known"))
        name = next(c.__name__ for c in type(error).__mro__ if c.__name__ in self.classes)
        return self.error(name, str(error))

    def matches(self, raised: Value, kind: Value) -> bool | Unknown:
        """Whether an except clause takes an exception."""
        if isinstance(kind, tuple):
            answers = [self.matches(raised, one) for one in kind]
            return (
                True
                if True in [a for a in answers if a is True]
                else next((a for a in answers if isinstance(a, Unknown)), False)
            )
        if isinstance(kind, (str, int, float, List, Dict)) or kind is None:
            raise self.error("TypeError", "catching classes that do not inherit from BaseException is not allowed")
        if isinstance(kind, Class) and isinstance(raised, Instance):
            if raised.cls.is_subclass(kind):
                return True
            if raised.cls.unknown_base is None:
                return False
        if isinstance(kind, Class) and kind.full_name in ("Exception", "BaseException"):
            return True
        if isinstance(kind, External) and isinstance(raised, Instance) and raised.cls.unknown_base is None:
            return False
        if isinstance(raised, Unknown) and raised.options:
            answers = [self.matches(option, kind) for option in raised.options]
            if all(answer is answers[0] for answer in answers):
                return answers[0]
        return Unknown("an exception that is not known", plain=True)

    # -- names -------------------------------------------------------------------------------------------------

    def read(self, value: Value) -> Value:
        """What an entry holds for one who reads it: it is there, or reading it raises."""
        if not may_be_absent(value):
            return value
        self.may_raise(value.why)
        return present(value)

    def look_up(self, frame: Frame, name: str, is_free: bool = False) -> Value:
        """A name: of this frame, of the functions around, of the module, of Python; free: one that a function around
        binds, for which none of the module's stands in."""
        around: Frame | None = frame
        last = frame.module.frame if is_free else None
        while around is not None and around is not last:
            if name in around.variables and (around is frame or not self.is_class_frame(around)):
                found = around.variables[name]
                if self.look_ups.reading is not None:
                    self.look_ups.note_name(around, name)
                return self.read(found)
            around = around.parent
        if is_free:
            raise self.error("NameError", f"cannot access free variable '{name}'")
        return self.look_up_global(frame, name)

    def is_class_frame(self, frame: Frame) -> bool:
        """Whether these are the names of a class body."""
        return "__qualname__" in frame.variables and "__annotations_in_order__" in frame.variables

    def look_up_global(self, frame: Frame, name: str) -> Value:
        variables = frame.module.frame.variables
        if self.look_ups.reading is not None:
            self.look_ups.note_name(frame.module.frame, name)
        if name in variables:
            return self.read(variables[name])
        if name in self.builtins:
            return self.builtins[name]
        if name in OF_MODULES:
            return of_module(name)
        if hasattr(python, name):
            return External(f"builtins.{name}")
        star = variables.get("*")
        if star is not None:
            return Unknown(f"{name} may come from a star import")
        if frame.module.frame.variables.get("__partial__"):
            return Unknown(f"{name} is not known")
        raise self.error("NameError", f"name '{name}' is not defined")

    def store(self, frame: Frame, name: str, value: Value) -> None:
        """Bind a name in a frame."""
        value = self.assumed(name, value)
        if self.contested.names and (id(frame), name) in self.contested.names:
            self.give_up(Unknown(f"a generator that is left before its end may use {name}"))
        self.heap.touch(frame)
        frame.variables[name] = value

    def assumed(self, name: str, value: Value) -> Value:
        """What is bound to a name: as assumed, where it is not known and assumptions name it."""
        if self.assume and isinstance(value, Unknown):
            return self.assume.get(name, self.name(value, name))
        return value

    def store_outer(self, frame: Frame, name: str, value: Value) -> None:
        """Bind a nonlocal name."""
        around = frame.parent
        while around is not None:
            lowered = around.function.lowered if around.function is not None else None
            is_bound_later = lowered is not None and name in lowered.bindings.bound - lowered.bindings.nonlocals
            if (name in around.variables or is_bound_later) and not self.is_class_frame(around):
                self.store(around, name, value)
                return
            around = around.parent

    def delete_name(self, frame: Frame, name: str) -> None:
        """del name"""
        if name not in frame.variables and "__partial__" not in frame.variables:
            kind = "UnboundLocalError" if frame.function is not None else "NameError"
            raise self.error(kind, f"name '{name}' is not defined")
        self.read(frame.variables.get(name))
        self.heap.touch(frame)
        frame.variables.pop(name, None)

    # -- truth -------------------------------------------------------------------------------------------------

    def truth(self, value: Value) -> bool | Unknown:
        """bool(value), or the Unknown that decides it."""
        if value is True or value is False:
            return bool(value)
        if isinstance(value, Instance):
            self.look_ups.note((value,))
        elif self.look_ups.reading is not None and not isinstance(value, Class):
            self._note_content(value)
        if isinstance(value, Unknown):
            if is_one_with(value, "__bool__", "__len__"):
                truth: bool | Unknown = self.each_option(value, self.truth)
                return truth
            if value.options and not may_be_absent(value):
                answers = [self.truth(option) for option in value.options]
                if all(a is True for a in answers):
                    return True
                if all(a is False for a in answers):
                    return False
            return True if isinstance(value, Device) else value
        if isinstance(value, Set) and value.rest is not None:
            return True if value else value.rest
        if isinstance(value, View):
            return self.truth(value.mapping)
        if isinstance(value, Dict):
            if any(not may_be_absent(item) for item in value.values()):
                return True
            found: bool | Unknown = first(value.rest, *value.values(), False)
            return found
        if isinstance(value, (list, tuple)):
            if not value or any(type(item) is not Rest for item in value):
                return bool(value)
            rest: Rest = value[0]
            return rest.unknown
        if isinstance(value, Instance):
            for name in ("__bool__", "__len__"):
                method = value.cls.find(name)
                if method is ABSENT:
                    continue
                if name == "__len__":
                    return self.truth(self.length(value, method))
                answer = self.call(BoundMethod(method, value), [], {})
                if not isinstance(answer, (bool, Unknown)):
                    raise self.error("TypeError", "__bool__ should return bool")
                return self.truth(answer)
            if value.payload is not None:
                return self.truth(value.payload)
            return True if value.cls.unknown_base is None else value.cls.unknown_base
        if isinstance(value, Tensor):
            count = value.numel()
            if isinstance(count, int) and (count > 1 or (count == 0 and not value.is_array)):
                raise self.error("ValueError" if value.is_array else "RuntimeError", "the truth of several numbers")
            return Unknown("the value of a tensor", plain=True)
        if isinstance(value, (Class, Function, Native, BoundMethod, Partial, Module, Stream, Super, Descriptor)):
            return True
        return bool(value)

    def length(self, value: Instance, method: Value) -> Value:
        """What len() gives for an object, by its own method."""
        found = self.call(BoundMethod(method, value), [], {})
        if isinstance(found, (Unknown, Instance, Tensor)):
            return self.doubtful(found)
        if not isinstance(found, int):
            raise self.error("TypeError", "the length is no integer")
        if found < 0:
            raise self.error("ValueError", "__len__() should return >= 0")
        return int(found)

    def narrow(self, value: Value, truth: bool) -> Value:
        """A value of which the truth is now known: options that differ are ruled out."""
        if isinstance(value, Unknown) and value.options and not is_one_with(value, "__bool__", "__len__"):
            options = tuple(o for o in value.options if self.truth(o) is not (not truth))
            if len(options) == 1:
                return options[0]
            return Unknown(value.why, options, value.plain)
        return value

    # -- attributes --------------------------------------------------------------------------------------------

    def get_attribute(self, value: Value, name: str) -> Value:
        """value.name; raises AttributeError in the program where Python surely does."""
        if type(value) is Instance and self.look_ups.reading is None:
            cls = value.cls
            if cls.find(name) is ABSENT and cls.find("__getattribute__") is ABSENT:
                found = value.attributes.get(name, ABSENT)
                if found is ABSENT and "_modules" in value.attributes and type(cls.find("__getattr__")) is Native:
                    found = self.registered(value, name)
                if found is not ABSENT and type(found) is not Unknown:
                    return found
        found = self.find_attribute(value, name)
        if found is ABSENT:
            raise self.error("AttributeError", f"'{type_name(value)}' object has no attribute '{name}'")
        return found

    def find_attribute(self, value: Value, name: str) -> Value:
        """value.name, or ABSENT."""
        if isinstance(value, Instance):
            return self._instance_attribute(value, name)
        if isinstance(value, Class):
            return self._class_attribute(value, name)
        if isinstance(value, Module):
            return self._module_attribute(value, name)
        if isinstance(value, External):
            dotted = f"{value.name}.{name}"
            self.step(len(dotted) // 50)
            found = self.resolve(dotted)
            is_doubtful = dotted.startswith("torch.") and dotted not in NAMES
            return self.doubtful(found) if is_doubtful or is_not_in_python(value.name, name) else found
        if isinstance(value, Unknown):
            if value.options:
                return self.each_option(value, lambda option: self.get_attribute(option, name))
            if isinstance(value, Device) and name in ("type", "index"):
                return value.kind if name == "type" else value.index
            if name in WRITERS and value.is_opaque:
                return Native(name, lambda machine, args, kwargs: machine.write_unseen(value))
            if name in WRITING_ITSELF and value.is_opaque:
                return Native(name, partial(_write_itself, value))
            if self.given and value.foreign and not value.plain and (name in WRITERS or name in WRITING_ITSELF):
                return Native(name, partial(_write_outside, value))
            if name == "backward":
                self.run_hooks()
            if name == "requires_grad_":
                return Native(name, partial(_train_unseen, value))
            if name in RESHAPING:
                return Native(name, partial(_reshape_unseen, value))
            found = self.within(value, name)
            if name.endswith("_") and not name.startswith("_") and type(found) is Unknown:
                found = Unknown(found.why, plain=found.plain, foreign=True)  # torch's own, of a tensor
            return self.doubtful(found)
        if isinstance(value, Super):
            return self._super_attribute(value, name)
        if self.look_ups.reading is not None and name not in ADDING:
            if isinstance(value, Function):
                self.look_ups.note_name(value, name)
            else:
                self._note_content(value)
        if isinstance(value, Tensor):
            return self.tensor_attribute(value, name)
        if isinstance(value, Function):
            return self._function_attribute(value, name)
        if isinstance(value, Partial) and name in ("func", "args", "keywords"):
            held = {"func": value.callee, "args": tuple(value.args), "keywords": value.kwargs}
            return held[name]
        if isinstance(value, Partial) and f"{PARTIAL}{name}" in self.patches:
            return self.patches[f"{PARTIAL}{name}"]
        if isinstance(value, BoundMethod):
            if name == "__self__":
                return value.receiver
            return value.function if name == "__func__" else self.find_attribute(value.function, name)
        return self._native_attribute(value, name)

    def _note_content(self, value: Value) -> None:
        """A look-up that is remembered reads what an object holds."""
        if isinstance(value, Instance):
            self.look_ups.note((value, *value.cls.mro))
        elif isinstance(value, Class):
            self.look_ups.note(value.mro)
        elif isinstance(value, (List, Dict, Set, Function)):
            self.look_ups.note((value,))
        elif not isinstance(value, (str, int, float, tuple, Native, Unknown)) and value is not None:
            self.look_ups.lose()

    def _note_constants(self, *values: Value) -> None:
        """A look-up that is remembered reads values in ways of which only those of constants are noted."""
        if not all(isinstance(value, (str, int, float)) or value is None for value in values):
            self.look_ups.lose()

    def name(self, value: Value, path: str) -> Value:
        """An Unknown that has no name yet, with the name that assumptions may call it by."""
        if not self.assume or type(value) is not Unknown or value.options:
            return value
        return Named(value, path)

    def within(self, value: Unknown, name: Value) -> Value:
        """An attribute or an item of an Unknown: as assumed, where its path is one that assumptions name."""
        if isinstance(name, str) and name == "param_groups" and value.plain:  # an optimizer's: they hold Parameters
            return Unknown(value.why, foreign=True)
        if not isinstance(value, Named) or not isinstance(name, str):
            return value.part()
        path = f"{value.path}.{name}"
        return self.assume[path] if path in self.assume else Named(value, path)

    def tensor_attribute(self, value: Tensor, name: str) -> Value:
        raise NotImplementedError

    def tensor_items(self, value: Tensor) -> Iterator[Value]:
        raise NotImplementedError

    def is_imported(self, dotted: str) -> bool | Unknown:
        raise NotImplementedError

    def loaded(self, dotted: str) -> Value:
        raise NotImplementedError

    def declared(self, module: Module, name: str) -> Value:
        raise NotImplementedError

    def replace_module(self, dotted: Value, given: Value) -> None:
        raise NotImplementedError

    def _function_attribute(self, value: Function, name: str) -> Value:
        if name in value.attributes:
            return value.attributes[name]
        if name.startswith("__"):
            return function_parts.attribute(self, value, name)
        return self.doubtful(value.attributes[OPENED].part()) if OPENED in value.attributes else ABSENT

    def _native_attribute(self, value: Value, name: str) -> Value:
        if name in OF_KINDS and isinstance(value, Dict) and value.kind != OF_KINDS[name]:
            return ABSENT
        for kind in type(value).__mro__:
            method = self.methods.get((kind, name))
            if method is not None:
                return BoundMethod(method, value)
            if kind in NUMPY:
                return self.doubtful(Unknown(f"{name} of a number of numpy's", plain=True))
        if name == "__class__":
            return self.call(self.builtins["type"], [value], {})
        if isinstance(value, Descriptor) and name in ("fget", "fset"):
            return value.getter if name == "fget" else value.setter
        if isinstance(value, (int, float)) and name in ("real", "imag", "numerator", "denominator"):
            return getattr(value, name, ABSENT)
        if isinstance(value, Deque) and name == "maxlen":
            return value.most
        if isinstance(value, Dict) and name == "default_factory":  # of a defaultdict, see OF_KINDS
            return value.factory
        if isinstance(value, (List, Dict, Set, Stream)):
            unknown = Unknown(f"{name} is not evaluated", foreign=True)
            if name not in _names_of(value):
                return self.doubtful(unknown) if _has_attributes(value) else ABSENT
            return BoundMethod(unknown, value)  # it may write to the object
        if isinstance(value, Native) and name in value.attributes:
            return value.attributes[name]
        if name == "__dict__" and isinstance(value, Native) and self.builtin_kind(value) and value.name in self.classes:
            return self.namespace(self.classes[value.name])
        is_own_name = name in ("__name__", "__qualname__") and isinstance(value, Native)
        if is_own_name and (self.builtin_kind(value) or value.name in (*DICTS, "NoneType")):
            return value.name
        if isinstance(value, Native) and (value.name, name) == ("dict", "fromkeys"):
            return FROM_KEYS
        if isinstance(value, Native) and (value.name, name) == ("chain", "from_iterable"):
            return self.resolve("itertools.chain.from_iterable")
        if isinstance(value, Native) and value.name in TYPES:
            unbound = self._unbound(value.name, name)
            if unbound is not ABSENT:
                return unbound
        if isinstance(value, Native) and value.name == "object" and name in OBJECT_METHODS:
            return Native(name, OBJECT_METHODS[name])
        if isinstance(value, (slice, range)) and name in ("start", "stop", "step"):
            return getattr(value, name)
        is_constant = value is None or isinstance(value, (slice, range, str, bytes, int, float, complex))
        is_lacking = is_constant and not isinstance(value, NUMPY) and not hasattr(value, name)
        if isinstance(value, Native) and self.builtin_kind(value):
            is_lacking = not hasattr(getattr(python, value.name, value), name)
        if not is_lacking and (isinstance(value, (Native, slice, range)) or is_special(name)):
            return Unknown(f"{name} is not evaluated", plain=True)
        is_of_python = not isinstance(value, (List, Dict, Set)) and hasattr(OF_PYTHON.get(type(value), value), name)
        return Unknown(f"{name} is not evaluated", plain=True) if is_of_python else ABSENT

    def _unbound(self, kind: str, name: str) -> Value:
        """dict.get, list.append, dict.__setitem__ ..., to be called with an object first; or ABSENT."""
        method = self.methods.get((TYPES[kind], name))
        made = self.classes[kind].attributes.get(name) if kind in ("dict", "list", "set") else None
        if isinstance(made, Native):
            return made
        if method is None and name not in PAYLOAD_METHODS:
            return ABSENT

        def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if not args:
                raise machine.error("TypeError", f"unbound method {kind}.{name}() needs an argument")
            held = args[0].payload if isinstance(args[0], Instance) else args[0]
            if not isinstance(held, TYPES[kind]):
                return machine.call_unknown(Unknown(f"{kind}.{name} of what is not known"), args, kwargs)
            if method is not None:
                return machine.call(method, [held, *args[1:]], kwargs)
            return PAYLOAD_METHODS[name](held, machine, args[1:], kwargs)

        return Native(name, run)

    def _module_attribute(self, value: Module, name: str) -> Value:
        if self.look_ups.reading is not None:
            self.look_ups.note_name(value.frame, name)
        if name in value.frame.variables:
            own = value.frame.variables.get("__class__")
            if own is not None and not (isinstance(own, Class) and own.find(name) is ABSENT):
                return Unknown(f"{name} of a module of another class")
            return self.read(value.frame.variables[name])
        if name == "__name__":
            return value.name
        if name == "__dict__":
            return self.namespace(value.frame)
        if "__class__" in value.frame.variables:
            return Unknown(f"{name} of a module of another class")
        if name in OF_MODULES:
            return of_module(name)
        found = self.submodule(value, name)
        if found is ABSENT and (value.is_replaced or value.frame.variables.get("__partial__")):
            found = self.declared(value, name)
        if found is not ABSENT:
            return found
        getter = value.frame.variables.get("__getattr__")
        if getter is not None:
            return self.call(getter, [name], {})
        is_open = not value.ready and (not self.executing or self.executing[-1] is not value)
        if is_open or "*" in value.frame.variables or value.frame.variables.get("__partial__"):
            return Unknown(f"{name} of {value.name} is not known")
        return ABSENT

    def _class_attribute(self, value: Class, name: str) -> Value:
        found = value.find(name)
        if metaclasses.may_stand_before(value.metaclass, name):
            return Unknown(f"{name} of the metaclass of {value.name}")
        if name == class_annotations.NAME and class_annotations.is_followed(value):
            return class_annotations.own(self, value)
        if found is not ABSENT:
            if isinstance(found, Descriptor):
                if found.kind == "classmethod":
                    return BoundMethod(found.getter, value)
                return found.getter if found.kind == "staticmethod" else found
            if may_be_absent(found):
                return self.read(found)
            if isinstance(found, Instance) and found.cls.find("__get__") is not ABSENT:
                return self.call(self.get_attribute(found, "__get__"), [None, value], {})
            return found
        if name == "register" and value.find("__:register__") is not ABSENT:
            return BoundMethod(value.find("__:register__"), value)
        if name in ("__mro__", "__bases__") and not all(map(has_its_bases, value.mro)):
            return Unknown("what a class derives from", plain=True, foreign=True)
        if name in ("__name__", "__qualname__", "__module__", "__mro__", "__bases__"):
            module = value.module.name if value.module is not None else value.full_name.rpartition(".")[0]
            held: dict[str, Value] = {
                "__name__": value.name, "__qualname__": value.qualified, "__module__": module,
                "__mro__": self._as_written(value.mro), "__bases__": self._as_written(value.bases),
            }  # fmt: skip
            return held[name]
        if name == "__doc__":
            text = docstring(value.site.node) if value.site is not None else None
            is_made = text is None and (value.site is None or value.dataclass is not None)
            return Unknown("documentation", plain=True) if is_made else text
        if name == "__dict__":
            return self.namespace(value)
        if value.unknown_base is not None:
            return value.unknown_base
        is_asked = value.metaclass is not None and name not in metaclasses.MAKING
        if is_asked and (found := value.metaclass.find(name)) is not ABSENT:  # type: ignore[union-attr]
            return BoundMethod(found, value) if isinstance(found, Function) else found
        if name == "mro" and all(map(has_its_bases, value.mro)):
            return Native(name, lambda machine, args, kwargs: List(self._as_written(value.mro), machine.heap.clock))
        if name in EVERY_CLASS:
            return Unknown(f"{name} of a class")
        if name in MADE_WITH:
            return self._made_with(value, name)
        return Unknown(f"{name} of {value.name}", plain=True) if _is_of_python(value, name) else ABSENT

    def _as_written(self, classes: Sequence[Class]) -> tuple[Value, ...]:
        """Classes as a program names them: object and its like are what their names in the builtins say."""
        return tuple(cls if cls.native is None else self.builtins.get(cls.full_name, cls) for cls in classes)

    def _made_with(self, cls: Class, name: str) -> Value:
        """What dataclass(), typing and abc add to a class, or ABSENT."""
        fields = next((base.dataclass for base in cls.mro if isinstance(base.dataclass, dict)), None)
        if name in OF_DATACLASSES:
            if fields is None:
                return ABSENT
            is_known = name == "__dataclass_fields__" and not has_other_fields(cls)
            found = self.call(self.resolve("dataclasses.fields"), [cls], {}) if is_known else None
            if not isinstance(found, tuple):
                return Unknown(f"{name} of a dataclass", plain=True)
            return Dict({field.attributes["name"]: field for field in found}, self.heap.clock)
        is_generic = any(isinstance(base.value, cst.Subscript) for one in cls.mro for base in written_bases(one))
        if name == "__class_getitem__" and is_generic and cls.metaclass is None:
            return Native(name, lambda machine, args, kwargs: cls)
        is_bare = all(map(has_its_bases, cls.mro)) and cls.find("_fields") is ABSENT
        return ABSENT if is_bare else Unknown(f"{name} of a class", plain=True)

    def _super_attribute(self, value: Super, name: str) -> Value:
        receiver = value.receiver
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        if cls.metaclass is not None and value.after in cls.metaclass.mro:
            return metaclasses.inherited(cls.metaclass, receiver, value.after, name)
        if name == "__new__" and cls.unknown_base is metaclasses.TYPE:
            return metaclasses.inherited(cls, receiver, value.after, name)
        for owner in cls.mro:
            self.look_ups.note_name(owner, name)
        order = cls.mro[cls.mro.index(value.after) + 1 :] if value.after in cls.mro else cls.mro
        if name == "__init__" and cls.unknown_base is not None and value.after.unknown_base is None:
            self.outside_method(cls.unknown_base, receiver).fn(self, [], {})  # it may stand between the two
        for owner in order:
            if name in owner.attributes:
                found = owner.attributes[name]
                is_static = name == "__new__" and not isinstance(found, Descriptor)  # by itself
                return found if is_static else self.bind(found, receiver)
            if (
                owner.unknown_base is not None
                and owner is not cls
                and owner.unknown_base not in [b.unknown_base for b in owner.bases]
            ):
                return self.outside_method(owner.unknown_base, receiver)
        if cls.unknown_base is not None:
            return self.outside_method(cls.unknown_base, receiver)
        if name == "__init__":
            is_object = all(owner.module is not None or owner.native is object for owner in order)
            return Native("object.__init__", partial(_init_object, is_object and cls.find("__init__") is not ABSENT))
        if name in ("__setattr__", "__delattr__") and isinstance(receiver, Instance):
            return BoundMethod(Native(name, OBJECT_METHODS[name]), receiver)
        if name == "__getattribute__" and isinstance(receiver, Instance):
            return Native(name, partial(_get_plainly, receiver))
        if isinstance(receiver, Instance) and receiver.payload is not None and name in PAYLOAD_METHODS:
            return Native(name, partial(PAYLOAD_METHODS[name], receiver.payload))
        if isinstance(receiver, Instance) and receiver.payload is not None:
            return self._native_attribute(receiver.payload, name)
        if name in MADE_WITH:
            return self._made_with(cls, name)
        return Unknown(f"{name} of super()") if name in OF_SUPER else ABSENT

    def outside_method(self, unknown: Unknown, receiver: Value) -> Native:
        """A method of a base that is not known: what it does to the object is not known."""

        def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if isinstance(receiver, Instance):
                machine.forget_own(receiver, unknown.why)
                machine.heap.touch(receiver)
                receiver.open = unknown
            return Unknown(unknown.why)

        return Native("method of an unknown base", run)

    def bind(self, found: Value, receiver: Value) -> Value:
        """What an attribute found on the class gives on an instance."""
        if isinstance(found, (Function, Native, Rewritten)):
            return BoundMethod(found, receiver)
        if isinstance(found, Descriptor):
            if found.kind in ("property", "cached_property"):
                return self.get_property(found, receiver)
            if found.kind == "classmethod":
                return BoundMethod(found.getter, receiver.cls if isinstance(receiver, Instance) else receiver)
            return found.getter
        if isinstance(found, Instance) and found.cls.find("__get__") is not ABSENT:
            owner = receiver.cls if isinstance(receiver, Instance) else receiver
            return self.call(self.get_attribute(found, "__get__"), [receiver, owner], {})
        if isinstance(found, Unknown):
            return self.each_option(found, lambda o: self.bind(o, receiver)) if found.options else found
        return found

    def _instance_attribute(self, value: Instance, name: str) -> Value:
        custom = value.cls.find("__getattribute__")
        if custom is ABSENT:
            return self.plain_attribute(value, name)
        if not isinstance(custom, Function):
            return Unknown("__getattribute__ is not evaluated")
        self.step()
        known = self.look_ups.recall(value, name)
        if known is not None:
            return known.found
        self.heap.clock += 1
        with self.look_ups.follow(self.heap.clock) as reading:
            self.look_ups.note((value,))
            value.cls.find("__getattribute__")  # noted, too: with another one what it gave is no more what it gives
            found = self._computed_attribute(custom, value, name)
        self.look_ups.remember(value, name, found, reading)
        return found

    def _computed_attribute(self, custom: Function, value: Instance, name: str) -> Value:
        """What the program's own __getattribute__ gives, then __getattr__, or ABSENT."""
        return self._or_missing(value, name, lambda: self.call(BoundMethod(custom, value), [name], {}))

    def plain_attribute(self, value: Instance, name: str) -> Value:
        """What object.__getattribute__ gives, then __getattr__, or ABSENT."""
        return self._or_missing(value, name, lambda: self.owned_attribute(value, name))

    def _or_missing(self, value: Instance, name: str, get: Callable[[], Value]) -> Value:
        """What `get` gives; what __getattr__ gives where there is nothing, or where a property or another method that
        `get` calls raises AttributeError."""
        level = len(self.heap.trails)
        try:
            found = get()
        except RaisedError as raised:
            missing = isinstance(raised.value, Instance) and raised.value.cls.name == "AttributeError"
            if not missing or len(self.heap.trails) != level:
                raise
            found = ABSENT
        return self._missing_attribute(value, name) if found is ABSENT else found

    def get_property(self, descriptor: Descriptor, value: Value) -> Value:
        """property.__get__(value)"""
        if descriptor.getter is None:
            raise self.error("AttributeError", "property has no getter")
        return self.call(descriptor.getter, [value], {})

    def set_property(self, descriptor: Descriptor, value: Value, given: Value) -> None:
        """property.__set__(value, given)"""
        if descriptor.setter is None:
            raise self.error("AttributeError", "property has no setter")
        self.call(descriptor.setter, [value, given], {})

    def owned_attribute(self, value: Instance, name: str) -> Value:
        """What object.__getattribute__ gives, or ABSENT."""
        owned = value.attributes
        on_class = value.cls.find(name)
        if self.look_ups.reading is not None:
            self.look_ups.note((value,))
        if isinstance(on_class, Descriptor) and on_class.kind == "property":
            get = partial(self.get_property, on_class, value)
            if value.open is None and isinstance(value.cls.find("__getattr__"), Function):
                return self.unless_raised("AttributeError", get, lambda: self._missing_attribute(value, name))
            return get()
        if isinstance(on_class, Instance) and on_class.cls.find("__set__") is not ABSENT:
            return self.bind(on_class, value)
        if name in owned:
            found = owned[name]
            if type(found) is not Unknown:
                return found
            if may_be_absent(found) and on_class is not ABSENT:
                return join(present(found), self.bind(present(on_class), value), found.why)
            if may_be_absent(found) and isinstance(value.cls.find("__getattr__"), Function):
                return self.either(found, lambda: present(found), lambda: self._missing_attribute(value, name))
            return self.read(found)
        if value.payload is not None and value.is_its_own():
            is_held = self.contains(value.payload, name)
            if is_held is not False:
                return self.get_item(value.payload, name) if is_held is True else self.doubtful(Unknown(is_held.why))
        if on_class is not ABSENT:
            found = self.bind(self.read(on_class), value)
            if isinstance(on_class, Descriptor) and on_class.kind == "cached_property":
                self.heap.touch(value)
                owned[name] = found
            modules = owned.get("_modules")
            held = modules.get(name) if isinstance(modules, Dict) else None
            if type(held) is Unknown:  # only a module is hidden by what stands on the class
                return join(held, found, held.why)
            return found
        if name == "__class__":
            return own_class(value)
        if name == "__dict__":
            return ABSENT if value.cls.slots is not None else self.namespace(value)
        if name in ("__module__", "__doc__") or name in MADE_WITH:
            return self._class_attribute(value.cls, name)
        if name == class_annotations.NAME:
            return class_annotations.inherited(self, value.cls)
        if name in ("__setattr__", "__delattr__", "__getattribute__") and value.cls.unknown_base is None:
            return BoundMethod(Native(name, OBJECT_METHODS[name]), value)
        held = value.payload
        if held is None or (isinstance(held, Dict) and not hasattr(DICTS.get(held.kind, dict), name)):
            return ABSENT  # what the program gives such an object of its own is among its attributes
        return self._native_attribute(held, name)

    def _missing_attribute(self, value: Instance, name: str) -> Value:
        """What is found behind object.__getattribute__: by the program's own __getattr__, or, where there is none, in a
        Module's registries; or ABSENT."""
        getter = value.cls.find("__getattr__")
        if getter is ABSENT or (isinstance(getter, Native) and getter.name == "__getattr__"):  # Module's
            found = self.registered(value, name)
            if found is not ABSENT:
                return found
        elif value.open is None and name not in EVERY_OBJECT:
            return self.call(BoundMethod(getter, value), [name], {})
        if value.cls.unknown_base is not None:
            return self.doubtful(Inherited(first(value.open, value.cls.unknown_base), value))
        if value.open is not None:
            return self.doubtful(value.open.part())
        return of_python(value.cls, name)

    def registered(self, value: Instance, name: str) -> Value:
        """What a Module has registered under a name, or ABSENT."""
        entries = registries_of(value)
        if self.look_ups.reading is not None:
            self.look_ups.note(entries)
        for held in entries:
            if name in held:
                return self.read(held[name])
        for held in entries:
            if held.rest is not None:
                return self.doubtful(held.rest)
        return ABSENT

    def namespace(self, value: Instance | Class | Frame | Function) -> Value:
        """The names of an object, a class, a module, a class body or a function, as a dict."""
        if isinstance(value, Class):
            self.look_ups.note((value,))
        return Namespace(self.classes["mappingproxy"], self.heap.clock, value)

    def register_otherwise(self) -> None:
        """What modules register goes through code that is not followed, from here on."""
        self.heap.touch(self.patches)
        self.patches[REGISTERED] = Unknown("how modules register is replaced")

    def set_attribute(self, value: Value, name: str, given: Value) -> None:
        """value.name = given"""
        if isinstance(given, Unknown) and name in self.assume:
            given = self.assume[name]
        if isinstance(value, Instance):
            setter = value.cls.find("__setattr__")
            if setter is not ABSENT:
                self.call(BoundMethod(setter, value), [name, given], {})
                return
            self.set_plainly(value, name, given)
        elif isinstance(value, (Class, Function)):
            if isinstance(value, Function) and name in function_parts.DECIDING:
                if same(self.find_attribute(value, name), given):
                    return
                is_foreign = not isinstance(given, Dict)  # one may be that of another function
                name, given = function_parts.REPLACED, Unknown(f"{name} of a function is replaced", foreign=is_foreign)
            if isinstance(value, Class) and name in (value.attributes.get("__members__") or ()):
                raise self.error("AttributeError", f"cannot reassign member {name!r}")
            if isinstance(value, Class) and _is_written_by(value.metaclass, "__setattr__"):
                self.give_up(Unknown(f"{name} of {value.name}, which its metaclass sets"))
            if isinstance(value, Class) and name in ("__bases__", "__class__"):
                self.give_up(Unknown(f"other {name} for {value.name}"))
            if isinstance(value, Class) and value.full_name == "torch.nn.Module" and name in REGISTERING:
                self.register_otherwise()
            if isinstance(value, Class) and name == "__init__" and value.full_name.startswith("torch.nn."):
                self.heap.touch(self.patches)
                self.patches.pop(f"{value.full_name}.{name}", None)
                if not isinstance(given, Native):
                    self.patches[f"{value.full_name}.{name}"] = given
            self.heap.touch(value)
            value.attributes[name] = given
        elif isinstance(value, Module):
            if "__class__" in value.frame.variables:
                self.give_up(Unknown(f"{name} of a module of another class is set"))
            self.store(value.frame, name, given)
        elif isinstance(value, Native) and value.signature is not None and name in SIGNING:
            why = Unknown(f"{name} of an __init__ is replaced")
            if self.executing:  # a module goes on to be used when its own code has ended; a root does not
                value.signature, value.fn = None, lambda machine, args, kwargs: machine.give_up(why)
            self.give_up(why)
        elif isinstance(value, Native) and (kind := self.builtin_kind(value)):
            raise self.error(
                "TypeError" if kind == "type" else "AttributeError", f"cannot set '{name}' attribute of '{value.name}'"
            )
        elif isinstance(value, Dict) and name == "default_factory" and value.kind == OF_KINDS[name]:
            self.give_up(Unknown("another default_factory for a dict"))
        elif isinstance(value, WITHOUT_ATTRIBUTES) and not _has_attributes(value):
            raise self.error("AttributeError", f"'{type_name(value)}' object has no attribute '{name}'")
        elif isinstance(value, Tensor):
            if name == "grad" and isinstance(given, Tensor) and are_different(given.shape, value.shape):
                raise self.error("RuntimeError", "attempting to assign a gradient of another size")
            if name in WRITTEN_NOWHERE and not value.is_array:
                raise self.error("AttributeError", f"attribute '{name}' of a tensor is not writable")
            if name == "data" and is_plain(given) and not isinstance(given, Unknown):
                raise self.error("TypeError", f"Variable data has to be a tensor, but got {type_name(given)}")
            if name in ("data", "shape", "dtype"):  # of an array the last two
                self.heap.forget_numbers(value)
                self.heap.forget_shape(value, "a tensor's data may be replaced")
                if isinstance(given, Tensor):
                    self.heap.forget_numbers(given)  # both are in the same memory from now on
                else:
                    given = Tensor(Unknown("a tensor's data is replaced", plain=True), self.heap.clock)
                value.shape, value.data, value.least = given.shape, None, given.least
                value.is_here = value.is_whole = False
            elif name == GRADIENT:
                self.train(value, given)
            elif name == "grad" and not is_plain(given):
                self.mark(value)
            elif not is_name(name):
                self.give(value, name, given)
        elif isinstance(value, Partial):
            self.heap.touch(self.patches)
            held = self.patches.get(f"{PARTIAL}{name}", ABSENT)
            self.patches[f"{PARTIAL}{name}"] = join(held, given, f"which partial has {name}")
        elif isinstance(value, External):
            if value.name == "builtins":
                self.give_up(Unknown(f"{name} of every module is replaced"))
            is_called = f"{value.name}.".startswith(CALLED_BY_LAYERS) and isinstance(given, (Function, BoundMethod))
            if is_called and self.effects.may_write(given):
                self.give_up(Unknown(f"{value.name}.{name}, which other code may call, is replaced"))
            self.heap.touch(self.patches)
            self.patches[f"{value.name}.{name}"] = given
        elif isinstance(value, Unknown) and value.options:
            self.each_option(value, lambda option: self.set_attribute(option, name, given))
        elif isinstance(value, Unknown) and name == GRADIENT:
            self.train(value, given)
        elif isinstance(value, Unknown) and name not in WEIGHTLESS:
            self.may_raise(value.why)
            self.write_unseen(value, given, name)

    def train_in_place(self, value: Value, given: Value) -> None:
        """tensor.requires_grad_(given)"""
        if not isinstance(given, (bool, Unknown)):
            raise self.error("TypeError", "requires_grad_(): argument 'requires_grad' must be bool")
        self.train(value, given)

    def train(self, value: Value, given: Value) -> None:
        """tensor.requires_grad = given"""
        if not isinstance(given, (bool, Unknown)):
            raise self.error("RuntimeError", "requires_grad must be a bool")
        if isinstance(value, Tensor):
            if not value.is_parameter and given is not True:  # it may be computed from others
                self.may_refuse("requires_grad")
            self.give(value, GRADIENT, given)
        elif isinstance(value, Unknown) and value.options:
            self.each_option(value, lambda option: self.train(option, given))
        elif isinstance(value, Unknown) and not value.plain and (self.given or not value.foreign):
            self.forget_gradients()

    def builtin_kind(self, value: Native) -> str:
        """Whether a value is a "type" or a "function" of Python's builtins, or "" for none."""
        if self.builtins.get(value.name) is not value:
            return ""
        return "type" if isinstance(getattr(python, value.name, type), type) else "function"

    def set_unseen(self, value: Value, given: Value) -> None:
        """setattr(value, name, given), with a name that is not known."""
        why = "an attribute whose name is not known is set"
        is_simple = isinstance(value, Instance) and value.payload is None and value.cls.find("__setattr__") is ABSENT
        if not is_simple or any(map(may_set, value.cls.mro)):
            self.havoc(value, why)
            return
        names = dict.fromkeys((*value.attributes, *(name for base in value.cls.mro for name in data_of(base))))
        held = {name: self.find_attribute(value, name) for name in names}
        self.alias(held.values())
        self.heap.touch(value)
        value.attributes.update((name, join(one, given, why)) for name, one in held.items())
        value.open = Unknown(why, plain=is_plain(given))

    def write_unseen(self, value: Unknown, given: Value = None, name: str = "") -> None:
        """A write to an object that is not known, but may be one that is known by another way: from here nothing that
        is known need hold, and the root ends. One of code that is not known may be what that has got hold of, and has
        hold of what it is given from here on."""
        seen: set[Any] = set()
        if name == "data":
            self.reshape_given(value.why, seen)
        if value.foreign and not value.plain:
            for held in list(self.given.values()):
                self.havoc(held, value.why, seen)
            self.step(len(seen) // 4)
            self.hand(given)
        is_kept = value.plain and isinstance(given, (list, tuple)) and all(map(is_plain, given))
        if (value.foreign or value.plain) and isinstance(given, (Instance, List, Dict, Set, tuple)) and not is_kept:
            self.havoc(given, f"it was given to {value.why}", {GIVEN})
        if not value.plain and not value.foreign:
            why = value.why.removeprefix(UNSEEN)
            self.give_up(Unknown(f"{UNSEEN}{why}"))

    def set_plainly(self, value: Instance, name: str, given: Value) -> None:
        """object.__setattr__"""
        descriptor = value.cls.find(name)
        if isinstance(descriptor, Descriptor) and descriptor.kind == "property":
            self.set_property(descriptor, value, given)
            return
        if isinstance(descriptor, Instance) and descriptor.cls.find("__set__") is not ABSENT:
            self.call(self.get_attribute(descriptor, "__set__"), [value, given], {})
            return
        if descriptor is ABSENT and name in ("name", "value") and value.cls.is_subclass(self.classes["enum.Enum"]):
            raise self.error("AttributeError", f"<enum '{value.cls.name}'> cannot set attribute {name!r}")
        if name == "__class__" and given is not value.cls:
            self.give_up(Unknown(f"another class for an object of {value.cls.name}"))
        if name == "__dict__" and not (given is value and _may_be_its_own(value)):
            self.give_up(Unknown(f"another __dict__ for an object of {value.cls.name}"))
        if value.is_its_own():
            self.set_item(value.payload, name, given)
            return
        if value.cls.slots is not None and name not in value.cls.slots:
            raise self.error("AttributeError", f"'{type_name(value)}' object has no attribute '{name}'")
        self.heap.touch(value)
        value.attributes[name] = given

    def delete_plainly(self, value: Instance, name: str) -> None:
        """object.__delattr__"""
        if value.is_its_own():
            self.havoc(value, "what deletes an attribute is not followed")
            return
        if name not in value.attributes and value.open is None:
            raise self.error("AttributeError", name)
        self.heap.touch(value)
        value.attributes.pop(name, None)

    def delete_attribute(self, value: Value, name: str) -> None:
        """del value.name"""
        if isinstance(value, Instance):
            deleter = value.cls.find("__delattr__")
            if not isinstance(deleter, Function) and isinstance(value.cls.find(name), (Descriptor, Instance)):
                self.havoc(value, "what deletes an attribute is not followed")
                return
            if deleter is not ABSENT:
                self.call(BoundMethod(deleter, value), [name], {})
                return
            self.delete_plainly(value, name)
        elif isinstance(value, Class):
            if name not in value.attributes and value.metaclass is None:
                raise self.error("AttributeError", name)
            if name in (value.attributes.get("__members__") or ()):
                raise self.error("AttributeError", f"'{value.name}' cannot delete member '{name}'.")
            if _is_written_by(value.metaclass, "__delattr__"):
                self.give_up(Unknown(f"{name} of {value.name}, which its metaclass deletes"))
            self.heap.touch(value)
            value.attributes.pop(name, None)
        elif isinstance(value, Function):
            if name not in value.attributes:
                self.give_up(Unknown(f"{name} of a function is deleted"))
            self.heap.touch(value)
            value.attributes.pop(name)
        elif isinstance(value, Module):
            if name not in value.frame.variables and "__class__" not in value.frame.variables:
                raise self.error("AttributeError", f"module '{value.name}' has no attribute '{name}'")
            self.delete_name(value.frame, name)
        elif isinstance(value, (Partial, BoundMethod, Native, Super, Descriptor)):
            self.give_up(Unknown(f"{name} of a {type_name(value)} is deleted"))
        elif isinstance(value, External):
            self.give_up(Unknown(f"{value.name}.{name} is deleted"))
        elif isinstance(value, Tensor):
            if name not in value.attributes and not value.is_marked:
                self.may_raise(f"{name} of a tensor is deleted")
            self.mark(value)
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.delete_attribute(option, name))
            else:
                self.may_raise(value.why)
                self.write_unseen(value)
        elif isinstance(value, WITHOUT_ATTRIBUTES):
            raise self.error("AttributeError", f"'{type_name(value)}' object has no attribute '{name}'")


def _is_written_by(metaclass: Class | None, name: str) -> bool:
    """Whether a metaclass says itself how attributes of its classes are written."""
    return metaclass is not None and isinstance(metaclass.find(name), Function)


def _has_attributes(value: Value) -> bool:
    """Whether a container takes attributes of the program's own, which are not followed."""
    return isinstance(value, Dict) and value.kind in ("OrderedDict", "Counter")


def _names_of(value: List | Dict | Set | Stream) -> frozenset[str]:
    """The attributes that Python's own object has; of an iterator, what one or another of them has."""
    if isinstance(value, Stream):
        return OF_STREAMS
    kinds = {Deque: deque, List: list, Set: set}
    return frozenset(dir(DICTS.get(value.kind, dict) if isinstance(value, Dict) else kinds[type(value)]))


def _is_of_python(cls: Class, name: str) -> bool:
    """Whether a class has an attribute from one of Python's own that it derives from."""
    kinds = [EXCEPTIONS[base.name] for base in cls.mro if base.module is None and base.name in EXCEPTIONS]
    kinds += [cls.native_base() or object] + [enum.EnumMeta] * ("__members__" in cls.attributes)
    fields = cls.find("_fields")
    held = any(hasattr(kind, name) for kind in kinds) or any(name in (base.slots or ()) for base in cls.mro)
    return held or (isinstance(fields, tuple) and name in fields)


def has_its_bases(cls: Class) -> bool:
    """Whether the bases that a class is held with are all that it has: those are left out that give nothing."""
    if cls.site is None or not isinstance(cls.site.node, cst.ClassDef):
        return cls.unknown_base is None
    bases = (base.value for base in written_bases(cls))
    written = [base for base in bases if not (isinstance(base, cst.Name) and base.value == "object")]
    return cls.unknown_base is None and len(written) <= sum(base.native is not object for base in cls.bases)


def written_bases(cls: Class) -> Sequence[cst.Arg]:
    """The bases of a class as its statement has them."""
    node = cls.site.node if cls.site is not None else None
    return node.bases if isinstance(node, cst.ClassDef) else ()


def has_other_fields(cls: Class) -> bool:
    """Whether a dataclass has notes of more than its fields: of what only __init__ takes, and of its class's own."""
    noted = [field for base in cls.mro for field in base.attributes.get("__:fields__", ())]
    return any(field.kind() in ("ClassVar", "InitVar", "KW_ONLY") for field in noted)


def own_class(value: Instance) -> Value:
    """The class of an object; torch gives a module whose parameters are computed from others a class of its own."""
    children = value.attributes.get("_modules")
    if isinstance(children, Dict) and "parametrizations" in children:
        return Unknown("the class of a parametrized module", foreign=True)
    return value.cls


def is_one_with(value: Value, *names: str) -> bool:
    """Whether a value is one of several, of which some have a method of the program's own by one of these names."""
    if not isinstance(value, Unknown):
        return False
    objects = (option for option in value.options if isinstance(option, Instance))
    return any(isinstance(option.cls.find(name), Function) for option in objects for name in names)


def is_special(name: str) -> bool:
    """Whether a name is one of Python's own, as __len__ is; __frozen is not."""
    return name.startswith("__") and name.endswith("__")


OF_KINDS = {  # what of Python's dicts only one has
    "move_to_end": "OrderedDict", "most_common": "Counter", "subtract": "Counter", "default_factory": "defaultdict",
}  # fmt: skip
OF_STREAMS = frozenset().union(*map(dir, (iter([]), iter(()), iter({}), (_ for _ in ()), zip(), itertools.tee(())[0])))
DICTS = {kind.__name__: kind for kind in (dict, OrderedDict, defaultdict, Counter)}
OF_PYTHON = {View: dict[Any, Any]().keys(), Descriptor: property()}  # what has the attributes that these have
UNSEEN = "a write to an object that is not known: "
WRITING_ITSELF = frozenset({"apply", "__init__", "__setattr__", "__delattr__", "__setstate__"})


def _write_itself(value: Unknown, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method that writes to the object that it is called on, which is not known."""
    machine.call_unknown(Unknown(value.why), [value, *args], kwargs)
    return value


def _train_unseen(value: Unknown, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """requires_grad_() of a tensor or a module that is not known, which is what it gives"""
    machine.train(value, Unknown("requires_grad of what is not known", plain=True))
    return value


def _reshape_unseen(value: Unknown, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method that gives another shape to a tensor that is not known, perhaps to one that code that is not known has
    got hold of."""
    machine.reshape_given(value.why, set())
    if value.is_opaque:
        machine.write_unseen(value)
    return machine.call_unknown(value.part(), args, kwargs)


def _write_outside(value: Unknown, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method that writes to an object of code that is not known, perhaps to one that this has got hold of."""
    machine.write_unseen(value)
    return machine.call_unknown(value.part(), args, kwargs)


def _init_object(is_last: bool, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__init__(): it takes no arguments, where an __init__ of the program's own hands some on."""
    if is_last and (args or kwargs.keys() - {"**"}) and not has_rest(args):
        raise machine.error("TypeError", "object.__init__() takes exactly one argument (the instance to initialize)")
    return None


def _get_plainly(receiver: Instance, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) != 1 or not isinstance(args[0], str):
        return Unknown("an attribute whose name is not known")
    found = machine.owned_attribute(receiver, args[0])
    if found is ABSENT:
        doubt: Unknown | None = first(receiver.open, receiver.cls.unknown_base)
        if doubt is not None:
            return machine.doubtful(doubt.part())
        raise machine.error("AttributeError", f"'{receiver.cls.name}' object has no attribute '{args[0]}'")
    return found


def _from_keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """dict.fromkeys(keys, value)"""
    made = Dict((), machine.heap.clock)
    value = args[1] if len(args) > 1 else None
    for key in machine.items(args[0]):
        if type(key) is Rest:
            made.rest = key.unknown
        else:
            machine.set_item(made, key, value)
    return made


FROM_KEYS = Native("fromkeys", _from_keys)
FROM_KEYS.arity = Arity(1, 2, frozenset())


def _may_be_its_own(value: Instance) -> bool:
    is_new = isinstance(value.payload, Dict) and not value.attributes and value.open is None
    return is_new and value.cls.slots is None and value.cls.unknown_base is None


def may_set(cls: Class) -> bool:
    """Whether code of the program may run where an attribute of one of its objects is set, by what the class holds."""
    held = cls.attributes.values() if cls.module is not None else ()
    return any(isinstance(one, (Instance, Unknown)) or getattr(one, "setter", None) is not None for one in held)


def _set_plainly(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__setattr__(receiver, name, value)"""
    receiver, name, given = args
    if isinstance(receiver, Instance) and isinstance(name, str):
        machine.set_plainly(receiver, name, given)
    elif isinstance(receiver, Function) and isinstance(name, str):
        machine.set_attribute(receiver, name, given)
    else:
        machine.set_unseen(receiver, given)
    return None


def _delete_plainly(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__delattr__(receiver, name)"""
    receiver, name = args
    if isinstance(receiver, Instance) and isinstance(name, str):
        machine.delete_plainly(receiver, name)
    else:
        machine.havoc(receiver, "an attribute whose name is not known is deleted")
    return None


def _get_from(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__getattribute__(receiver, name)"""
    if args and isinstance(args[0], Instance):
        return _get_plainly(args[0], machine, args[1:], kwargs)
    return Unknown("an attribute of what is not known")


OBJECT_METHODS: dict[str, Callable[..., Value]] = {
    "__getattribute__": _get_from,
    "__setattr__": _set_plainly,
    "__delattr__": _delete_plainly,
    "__new__": lambda machine, args, kwargs: machine.call(machine.classes["object"].find("__new__"), args[:1], {}),
}
# What super() reaches in a builtin base.
PAYLOAD_METHODS: dict[str, Callable[..., Value]] = {
    "__getitem__": lambda payload, machine, args, kwargs: machine.get_item(payload, args[0]),
    "__setitem__": lambda payload, machine, args, kwargs: machine.set_item(payload, args[0], args[1]),
    "__delitem__": lambda payload, machine, args, kwargs: machine.delete_item(payload, args[0]),
    "__contains__": lambda payload, machine, args, kwargs: machine.contains(payload, args[0]),
}


TYPES: dict[str, type] = {"dict": Dict, "list": List, "set": Set, "str": str, "tuple": tuple}
