"""Objects: attributes, items, iteration and truth, as Python defines them."""

from __future__ import annotations

import builtins as python
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from nnlint.evaluate import functions
from nnlint.evaluate import operations as ops
from nnlint.evaluate.control import DEPTH, DRAINED, Control, LimitError
from nnlint.evaluate.heap import ADVANCED
from nnlint.evaluate.torch_names import NAMES
from nnlint.numpy_numbers import NUMPY, NumpyInt
from nnlint.signature import Rest
from nnlint.source import docstring
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    OF_ITEMS,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
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
    may_write_when_called,
    present,
    same,
)

CALLABLES = (Function, Native, Class, BoundMethod, Partial)
WITHOUT_ATTRIBUTES = (
    BoundMethod, List, Dict, Set, frozenset, tuple, str, bytes, int, float, complex, range, type(None),
)  # fmt: skip
NATIVE_ERRORS = (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError, AttributeError, OverflowError)


EVERY_OBJECT = frozenset(dir(object)) | {"__weakref__"}
EVERY_CLASS = EVERY_OBJECT | frozenset(dir(type)) | {"__annotations__", "__type_params__"}


def of_every_object(name: str) -> Value:
    """An attribute that object itself has, or ABSENT."""
    return Unknown(f"{name} is not evaluated", plain=True) if name in EVERY_OBJECT else ABSENT


def of_error(cls: Class, name: str) -> Value:
    """An attribute that one of Python's exceptions has, or any object, or ABSENT."""
    for base in cls.mro:
        kind = getattr(python, base.name, None) if base.module is None else None
        if isinstance(kind, type) and issubclass(kind, BaseException) and hasattr(kind, name):
            return Unknown(f"{name} of an exception", plain=True)
    return of_every_object(name)


CALLED_BY_LAYERS = ("torch.nn.init.", "torch.nn.functional.")  # what layers call from within
# What every module has by itself.
OF_MODULES = frozenset({"__file__", "__path__", "__doc__", "__package__", "__spec__", "__loader__"})
# Attributes that no size and no registration depends on.
WEIGHTLESS = frozenset({"grad", "requires_grad", "training"})
# Methods of lists, dicts, sets and modules that write to their object.
WRITERS = frozenset(
    {
        "add", "add_module", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop",
        "popitem", "popleft", "register_buffer", "register_module", "register_parameter", "remove", "reverse",
        "setdefault", "update",
    }
)  # fmt: skip


class UnknownSlice(Unknown):
    """A slice of which an end is not known."""


class Objects(Control):
    """The part of the machine that knows what objects are."""

    builtins: dict[str, Value]
    classes: dict[str, Class]
    methods: dict[tuple[type, str], Native]
    assume: dict[str, Value]
    patches: Dict

    # -- to be given by the parts above ------------------------------------------------------------------------

    def call(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        raise NotImplementedError

    def resolve(self, dotted: str) -> Value:
        raise NotImplementedError

    def submodule(self, module: Module, name: str) -> Value:
        raise NotImplementedError

    # -- errors ------------------------------------------------------------------------------------------------

    def error(self, kind: str, *message: Value) -> RaisedError:
        """An exception of Python's own, to be raised in the evaluated program."""
        instance = Instance(self.classes[kind], self.heap.clock)
        instance.attributes["args"] = message
        return RaisedError(instance)

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
        if isinstance(kind, Class) and kind.full_name in ("Exception", "BaseException"):
            return True
        if isinstance(kind, Class) and isinstance(raised, Instance):
            return raised.cls.is_subclass(kind)
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
        if may_be_absent(value):
            self.may_raise(value.why)
        return present(value)

    def look_up(self, frame: Frame, name: str) -> Value:
        """A name: of this frame, of the functions around, of the module, of Python."""
        around: Frame | None = frame
        while around is not None:
            if name in around.variables and (around is frame or not self.is_class_frame(around)):
                found = around.variables[name]
                if self.look_ups.reading is not None:
                    self.look_ups.note((around,))
                return self.read(found)
            around = around.parent
        return self.look_up_global(frame, name)

    def is_class_frame(self, frame: Frame) -> bool:
        """Whether these are the names of a class body."""
        return "__qualname__" in frame.variables and "__annotations_in_order__" in frame.variables

    def look_up_global(self, frame: Frame, name: str) -> Value:
        variables = frame.module.frame.variables
        if self.look_ups.reading is not None:
            self.look_ups.note((frame.module.frame,))
        if name in variables:
            return self.read(variables[name])
        if name in self.builtins:
            return self.builtins[name]
        if name in OF_MODULES:
            # Where a module lies on the disk is nothing that a count may depend on.
            return Unknown(f"{name} of the module", plain=True)
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
            if name in around.variables and not self.is_class_frame(around):
                self.store(around, name, value)
                return
            around = around.parent

    def delete_name(self, frame: Frame, name: str) -> None:
        """del name"""
        if name not in frame.variables and "__partial__" not in frame.variables:
            raise self.error("NameError", f"name '{name}' is not defined")
        self.heap.touch(frame)
        frame.variables.pop(name, None)

    # -- truth -------------------------------------------------------------------------------------------------

    def truth(self, value: Value) -> bool | Unknown:
        """bool(value), or the Unknown that decides it."""
        if value is True or value is False:
            return bool(value)
        if self.look_ups.reading is not None:
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
            return value
        if isinstance(value, (Dict, Set)) and value.rest is not None:
            return True if value else value.rest
        if isinstance(value, View):
            return self.truth(value.mapping)
        if isinstance(value, Dict):
            sure = [item for item in value.values() if not may_be_absent(item)]
            return True if sure else (next(iter(value.values())) if value else False)
        if isinstance(value, (list, tuple)):
            if not value or any(type(item) is not Rest for item in value):
                return bool(value)
            rest: Rest = value[0]
            return rest.unknown
        if isinstance(value, Instance):
            for name in ("__bool__", "__len__"):
                method = value.cls.find(name)
                if method is not ABSENT:
                    return self.truth(self.call(BoundMethod(method, value), [], {}))
            if value.payload is not None:
                return self.truth(value.payload)
            return True if value.cls.unknown_base is None else value.cls.unknown_base
        if isinstance(value, Tensor):
            return Unknown("the value of a tensor", plain=True)
        if isinstance(value, (Class, Function, Native, BoundMethod, Partial, Module, Stream, Super, Descriptor)):
            return True
        return bool(value)

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
        found = self.find_attribute(value, name)
        if found is ABSENT:
            kind = value.cls.name if isinstance(value, Instance) else type(value).__name__
            raise self.error("AttributeError", f"'{kind}' object has no attribute '{name}'")
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
            found = self.resolve(dotted)
            return self.doubtful(found) if dotted.startswith("torch.") and dotted not in NAMES else found
        if isinstance(value, Unknown):
            if value.options:
                return self.each_option(value, lambda option: self.get_attribute(option, name))
            if name in WRITERS and not value.plain and not value.foreign:
                return Native(name, lambda machine, args, kwargs: machine.write_unseen(value))
            found = self.within(value, name)
            if name.endswith("_") and not name.startswith("_") and type(found) is Unknown:
                found = Unknown(found.why, plain=found.plain, foreign=True)  # torch's own, of a tensor
            return self.doubtful(found)
        if isinstance(value, Super):
            return self._super_attribute(value, name)
        if self.look_ups.reading is not None:
            self._note_content(value)
        if isinstance(value, Tensor):
            return self.tensor_attribute(value, name)
        if isinstance(value, Function):
            return self._function_attribute(value, name)
        if isinstance(value, Partial) and name in ("func", "args", "keywords"):
            held = {"func": value.callee, "args": tuple(value.args), "keywords": Dict(value.kwargs, self.heap.clock)}
            return held[name]
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
        if not isinstance(value, Named) or not isinstance(name, str):
            return value.part()
        path = f"{value.path}.{name}"
        return self.assume[path] if path in self.assume else Named(value, path)

    def tensor_attribute(self, value: Tensor, name: str) -> Value:
        raise NotImplementedError

    def tensor_items(self, value: Tensor) -> Iterator[Value]:
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
        return functions.attribute(self, value, name) if name.startswith("__") else ABSENT

    def _native_attribute(self, value: Value, name: str) -> Value:
        for kind in type(value).__mro__:
            method = self.methods.get((kind, name))
            if method is not None:
                return BoundMethod(method, value)
        if isinstance(value, (int, float)) and name in ("real", "imag", "numerator", "denominator"):
            return getattr(value, name)
        special = isinstance(value, (Stream, Deque)) or (isinstance(value, Dict) and value.kind != "dict")
        if isinstance(value, (List, Dict, Set, Stream)) and (name.startswith("__") or special or hasattr(value, name)):
            unknown = Unknown(f"{name} is not evaluated", foreign=True)
            return BoundMethod(unknown, value)  # it may write to the object
        if isinstance(value, Native) and name in value.attributes:
            return value.attributes[name]
        if isinstance(value, Native) and (value.name, name) == ("dict", "fromkeys"):
            return Native(name, _from_keys)
        if isinstance(value, Native) and (value.name, name) == ("chain", "from_iterable"):
            return self.resolve("itertools.chain.from_iterable")
        if isinstance(value, Native) and value.name in TYPES:
            unbound = self._unbound(value.name, name)
            if unbound is not ABSENT:
                return unbound
        if isinstance(value, Native) and value.name == "object" and name in OBJECT_METHODS:
            return Native(name, OBJECT_METHODS[name])
        if isinstance(value, (Native, slice, range)) or name.startswith("__"):
            return Unknown(f"{name} is not evaluated", plain=True)
        return Unknown(f"{name} is not evaluated", plain=True) if hasattr(value, name) else ABSENT

    def _unbound(self, kind: str, name: str) -> Value:
        """dict.get, list.append, dict.__setitem__ ..., to be called with an object first; or ABSENT."""
        method = self.methods.get((TYPES[kind], name))
        made = self.classes[kind].attributes.get(name) if kind in ("dict", "list", "set") else None
        if isinstance(made, Native):
            return made
        if method is None and name not in PAYLOAD_METHODS:
            return ABSENT

        def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            held = args[0].payload if isinstance(args[0], Instance) else args[0]
            if not isinstance(held, TYPES[kind]):
                return machine.call_unknown(Unknown(f"{kind}.{name} of what is not known"), args, kwargs)
            if method is not None:
                return machine.call(method, [held, *args[1:]], kwargs)
            return PAYLOAD_METHODS[name](held, machine, args[1:], kwargs)

        return Native(name, run)

    def _module_attribute(self, value: Module, name: str) -> Value:
        if self.look_ups.reading is not None:
            self.look_ups.note((value.frame,))
        if name in value.frame.variables:
            return self.read(value.frame.variables[name])
        if name == "__name__":
            return value.name
        if name == "__dict__":
            return self.namespace(value.frame)
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
        if self.look_ups.reading is not None:
            self.look_ups.note(value.mro)
        found = value.find(name)
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
        if name == "register" and value.find("__register__") is not ABSENT:
            return BoundMethod(value.find("__register__"), value)
        if name in ("__name__", "__qualname__", "__module__", "__mro__", "__bases__"):
            module = value.module.name if value.module is not None else value.full_name.rpartition(".")[0]
            held: dict[str, Value] = {
                "__name__": value.name, "__qualname__": value.qualified, "__module__": module, "__mro__": value.mro,
                "__bases__": value.bases,
            }  # fmt: skip
            return held[name]
        if name == "__doc__":
            return docstring(value.site.node) if value.site is not None else Unknown("documentation", plain=True)
        if name == "__dict__":
            return self.namespace(value)
        if value.unknown_base is not None:
            return value.unknown_base
        return Unknown(f"{name} of a class") if name in EVERY_CLASS else ABSENT

    def _super_attribute(self, value: Super, name: str) -> Value:
        receiver = value.receiver
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        if self.look_ups.reading is not None:
            self.look_ups.note(cls.mro)
        order = cls.mro[cls.mro.index(value.after) + 1 :] if value.after in cls.mro else cls.mro
        if name == "__init__" and cls.unknown_base is not None and value.after.unknown_base is None:
            self.outside_method(cls.unknown_base, receiver).fn(self, [], {})  # it may stand between the two
        for owner in order:
            if name in owner.attributes:
                return self.bind(owner.attributes[name], receiver)
            if (
                owner.unknown_base is not None
                and owner is not cls
                and owner.unknown_base not in [b.unknown_base for b in owner.bases]
            ):
                return self.outside_method(owner.unknown_base, receiver)
        if cls.unknown_base is not None:
            return self.outside_method(cls.unknown_base, receiver)
        if name == "__init__":
            return Native("object.__init__", lambda machine, args, kwargs: None)
        if name in ("__setattr__", "__delattr__") and isinstance(receiver, Instance):
            return BoundMethod(Native(name, OBJECT_METHODS[name]), receiver)
        if name == "__getattribute__" and isinstance(receiver, Instance):
            return Native(name, partial(_get_plainly, receiver))
        if isinstance(receiver, Instance) and receiver.payload is not None and name in PAYLOAD_METHODS:
            return Native(name, partial(PAYLOAD_METHODS[name], receiver.payload))
        if isinstance(receiver, Instance) and receiver.payload is not None:
            return self._native_attribute(receiver.payload, name)
        return ABSENT

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
                return self.call(found.getter, [receiver], {})
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
            self.look_ups.note((value, *value.cls.mro))
            found = self._computed_attribute(custom, value, name)
        self.look_ups.remember(value, name, found, reading)
        return found

    def _computed_attribute(self, custom: Function, value: Instance, name: str) -> Value:
        """What the program's own __getattribute__ gives, or ABSENT."""
        level = len(self.heap.trails)
        try:
            return self.call(BoundMethod(custom, value), [name], {})
        except RaisedError as raised:
            missing = isinstance(raised.value, Instance) and raised.value.cls.name == "AttributeError"
            if not missing or len(self.heap.trails) != level:
                raise
            return self._missing_attribute(value, name)

    def plain_attribute(self, value: Instance, name: str) -> Value:
        """What object.__getattribute__ gives, then __getattr__, or ABSENT."""
        found = self.owned_attribute(value, name)
        return self._missing_attribute(value, name) if found is ABSENT else found

    def owned_attribute(self, value: Instance, name: str) -> Value:
        """What object.__getattribute__ gives, or ABSENT."""
        owned = value.attributes
        on_class = value.cls.find(name)
        if self.look_ups.reading is not None:
            self.look_ups.note((value, *value.cls.mro, *(on_class.cls.mro if isinstance(on_class, Instance) else ())))
        if isinstance(on_class, Descriptor) and on_class.kind == "property":
            return self.call(on_class.getter, [value], {})
        if isinstance(on_class, Instance) and on_class.cls.find("__set__") is not ABSENT:
            return self.bind(on_class, value)
        if name in owned:
            found = owned[name]
            if type(found) is not Unknown:
                return found
            if may_be_absent(found) and on_class is not ABSENT:
                return join(present(found), self.bind(present(on_class), value), found.why)
            return self.read(found)
        if on_class is not ABSENT:
            found = self.bind(self.read(on_class), value)
            if isinstance(on_class, Descriptor) and on_class.kind == "cached_property":
                self.heap.touch(value)
                owned[name] = found
            return found
        if name == "__class__":
            return value.cls
        if name == "__dict__":
            if value.cls.slots is not None:
                return ABSENT
            return (
                Unknown("__dict__ of an object with unknown attributes")
                if value.open is not None
                else self.namespace(value)
            )
        if name in ("__module__", "__doc__", "__qualname__"):
            return self._class_attribute(value.cls, name)
        return ABSENT if value.payload is None else self._native_attribute(value.payload, name)

    def _missing_attribute(self, value: Instance, name: str) -> Value:
        """What is found behind object.__getattribute__: by the program's own __getattr__, or, where there is none, in a
        Module's registries; or ABSENT."""
        getter = value.cls.find("__getattr__")
        if getter is ABSENT or (isinstance(getter, Native) and getter.name == "__getattr__"):  # Module's
            found = self.registered(value, name)
            if found is not ABSENT:
                return found
        elif value.open is None:
            return self.call(BoundMethod(getter, value), [name], {})
        if value.cls.unknown_base is not None:
            return self.doubtful(Inherited(first(value.open, value.cls.unknown_base), value))
        if value.open is not None:
            return self.doubtful(value.open.part())
        return of_error(value.cls, name)

    def registered(self, value: Instance, name: str) -> Value:
        """What a Module has registered under a name, or ABSENT."""
        registries = (value.attributes.get(registry) for registry in ("_parameters", "_buffers", "_modules"))
        entries = [held for held in registries if isinstance(held, Dict)]
        if self.look_ups.reading is not None:
            self.look_ups.note(entries)
        for held in entries:
            if name in held:
                return self.read(held[name])
        for held in entries:
            if held.rest is not None:
                return self.doubtful(held.rest)
        return ABSENT

    def namespace(self, value: Instance | Class | Frame) -> Value:
        """The names of an object, a class, a module or a class body, as a dict."""
        return Namespace(self.classes["mappingproxy"], self.heap.clock, value)

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
            if isinstance(value, Function) and name in functions.DECIDING:
                if same(self.find_attribute(value, name), given):
                    return
                name, given = functions.REPLACED, Unknown(f"{name} of a function is replaced", foreign=True)
            if isinstance(value, Class) and name in (value.attributes.get("__members__") or ()):
                raise self.error("AttributeError", f"cannot reassign member {name!r}")
            if isinstance(value, Class) and name in ("__bases__", "__class__"):
                self.give_up(Unknown(f"other {name} for {value.name}"))
            self.heap.touch(value)
            value.attributes[name] = given
        elif isinstance(value, Module):
            self.store(value.frame, name, given)
        elif isinstance(value, WITHOUT_ATTRIBUTES) and not (isinstance(value, Dict) and value.kind == "OrderedDict"):
            raise self.error("AttributeError", f"'{type(value).__name__}' object has no attribute '{name}'")
        elif isinstance(value, Tensor):
            if name == "data":
                self.heap.touch(value)
                if not isinstance(given, Tensor):
                    given = Tensor(Unknown("a tensor's data is replaced", plain=True), self.heap.clock)
                value.shape, value.data, value.least = given.shape, given.data, given.least
        elif isinstance(value, External):
            is_called = f"{value.name}.".startswith(CALLED_BY_LAYERS) and isinstance(given, (Function, BoundMethod))
            if is_called and self.effects.may_write(given):
                self.give_up(Unknown(f"{value.name}.{name}, which other code may call, is replaced"))
            self.heap.touch(self.patches)
            self.patches[f"{value.name}.{name}"] = given
        elif isinstance(value, Unknown) and value.options:
            self.each_option(value, lambda option: self.set_attribute(option, name, given))
        elif isinstance(value, Unknown) and name not in WEIGHTLESS:
            self.write_unseen(value)

    def write_unseen(self, value: Unknown) -> None:
        """A write to an object that is not known, but may be one that is known by another way: from here nothing that
        is known need hold, and the root ends."""
        if not value.plain and not value.foreign:
            self.give_up(Unknown(f"a write to an object that is not known: {value.why}"))

    def set_plainly(self, value: Instance, name: str, given: Value) -> None:
        """object.__setattr__"""
        descriptor = value.cls.find(name)
        if isinstance(descriptor, Descriptor) and descriptor.kind == "property":
            if descriptor.setter is None:
                raise self.error("AttributeError", f"property '{name}' has no setter")
            self.call(descriptor.setter, [value, given], {})
            return
        if isinstance(descriptor, Instance) and descriptor.cls.find("__set__") is not ABSENT:
            self.call(self.get_attribute(descriptor, "__set__"), [value, given], {})
            return
        if name == "__class__" and given is not value.cls:
            self.give_up(Unknown(f"another class for an object of {value.cls.name}"))
        if name == "__dict__":
            self.give_up(Unknown(f"another __dict__ for an object of {value.cls.name}"))
        if value.cls.slots is not None and name not in value.cls.slots:
            raise self.error("AttributeError", f"'{value.cls.name}' object has no attribute '{name}'")
        self.heap.touch(value)
        value.attributes[name] = given

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
            if name not in value.attributes and value.open is None:
                raise self.error("AttributeError", name)
            self.heap.touch(value)
            value.attributes.pop(name, None)
        elif isinstance(value, Class):
            self.heap.touch(value)
            value.attributes.pop(name, None)
        elif isinstance(value, External):
            self.give_up(Unknown(f"{value.name}.{name} is deleted"))
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.delete_attribute(option, name))
            else:
                self.write_unseen(value)

    # -- items -------------------------------------------------------------------------------------------------

    def make_slice(self, start: Value, stop: Value, step: Value) -> Value:
        start, stop, step = (self.as_index(end) for end in (start, stop, step))
        unknown = ops.is_unknown((start, stop, step))
        return slice(start, stop, step) if unknown is None else UnknownSlice(unknown.why)

    def as_index(self, index: Value) -> Value:
        """A number that is to say a place: one that its own method gives, where it is an object."""
        if isinstance(index, Instance) and isinstance(index.cls.find("__index__"), Function):
            return self.call(self.get_attribute(index, "__index__"), [], {})
        if isinstance(index, Instance) and isinstance(index.payload, int):
            return index.payload
        return int(index) if isinstance(index, NumpyInt) else index

    def as_number(self, value: Value) -> Value:
        """A number that is to be computed with as a float: one that its own method gives, where it is an object."""
        if isinstance(value, Instance) and isinstance(value.cls.find("__float__"), Function):
            return self.call(self.get_attribute(value, "__float__"), [], {})
        return self.as_index(value)

    def place(self, value: Value, index: Value) -> Value:
        """An index into a sequence as a number."""
        is_sequence = isinstance(value, (list, tuple, str, bytes, range))
        return self.as_index(index) if is_sequence else index

    def get_item(self, value: Value, index: Value) -> Value:
        """value[index]"""
        if isinstance(value, Instance):
            method = value.cls.find("__getitem__")
            if method is not ABSENT:
                return self.call(BoundMethod(method, value), [index], {})
            if isinstance(index, Unknown) and isinstance(value, Namespace) and isinstance(value.owner, Frame):
                return self.doubtful(Unknown(index.why))
            if value.payload is not None:
                return self._payload_item(value, index)
            return Unknown(
                value.cls.unknown_base.why if value.cls.unknown_base is not None else "an object without items"
            )
        if self.look_ups.reading is not None:
            self._note_content(value)
        if isinstance(value, External) and value.name.startswith(("typing.", "collections.abc.", "typing_extensions.")):
            return External(f"{value.name.removesuffix(OF_ITEMS)}{OF_ITEMS}")
        if isinstance(value, External) and value.name == "sys.modules" and isinstance(index, str):
            return self.loaded(index)
        if isinstance(value, Unknown):
            if value.options:
                return self.each_option(value, lambda option: self.get_item(option, index))
            return self.doubtful(self.within(value, index))
        if isinstance(value, Class):
            getter = value.find("__class_getitem__")
            members = value.attributes.get("__members__")
            if isinstance(members, Dict) and index in members:
                return members[index]
            if getter is ABSENT and value.unsure is not None:
                return self.doubtful(Unknown(value.unsure.why))
            return value if getter is ABSENT else self.call(BoundMethod(getter, value), [index], {})
        if not isinstance(value, dict):
            self.charge(value)
        index = self.place(value, index)
        if isinstance(index, UnknownSlice):
            self.lose_track(value, index.why)
            plain = isinstance(value, str) or (isinstance(value, tuple) and is_plain(value))
            return List([Rest(index)], self.heap.clock) if isinstance(value, list) else Unknown(index.why, plain=plain)
        if isinstance(index, Unknown):
            self.doubtful(index)
            if index.options and len(index.options) <= 4:
                return self.each_option(index, lambda option: self.get_item(value, option))
            if (
                isinstance(value, (list, tuple))
                and value
                and all(ops.is_number(i) or isinstance(i, str) for i in value)
            ):
                return Unknown(index.why, tuple(dict.fromkeys(value))[:9] if len(set(value)) < 9 else (), True)
            return self.any_of(value, index.why)
        if isinstance(value, Dict):
            return self._dict_item(value, index)
        if isinstance(value, (list, tuple)):
            return self._sequence_item(value, index)
        if isinstance(value, Tensor):
            return self.doubtful(self.tensor_item(value, index))
        if isinstance(value, (Native, Partial, Function, BoundMethod)):
            return (
                Native(f"{value.name}{OF_ITEMS}", value.fn)
                if isinstance(value, Native)
                else Unknown("an item of a function")
            )
        try:
            return value[index]
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def any_of(self, value: Value, why: str) -> Value:
        """One of the items of a list, a tuple or a dict: what is done to it is done to one of them."""
        items = [
            option
            for item in self._held_by(value)
            for option in (item.options or (item,) if isinstance(item, Unknown) else (item,))
            if option is not ABSENT
        ]
        known = [item for item in items if isinstance(item, (Instance, *CALLABLES))]
        may_hold_more = isinstance(value, Dict) and first(value.rest, value.factory) is not None
        if known and len(known) == len(items) <= 8 and not may_hold_more:
            return known[0] if all(item is known[0] for item in known) else Unknown(why, tuple(known))
        self.lose_track(value, why)
        return Unknown(why, calls=may_hold_more or any(map(may_write_when_called, items)))

    def _held_by(self, value: Value) -> list[Value]:
        if isinstance(value, Dict):
            return list(value.values())
        return list(value) if isinstance(value, (list, tuple)) else []

    def lose_track(self, value: Value, why: str) -> None:
        """Some items of a list or a dict get another name that is not followed: what may be written to them there is
        forgotten."""
        for item in self._held_by(value):
            if isinstance(item, (Instance, List, Dict, Set, Stream)):
                self.havoc(item, why)

    def _payload_item(self, value: Instance, index: Value) -> Value:
        missing = value.cls.find("__missing__")
        if missing is not ABSENT and isinstance(value.payload, Dict):
            inside = self.contains(value.payload, index)
            if inside is False:
                return self.call(BoundMethod(missing, value), [index], {})
            if isinstance(inside, Unknown):
                return Unknown(inside.why)
        return self.get_item(value.payload, index)

    def tensor_item(self, value: Tensor, index: Value) -> Value:
        raise NotImplementedError

    def _sequence_item(self, value: Any, index: Value) -> Value:
        rest = next((i for i, item in enumerate(value) if type(item) is Rest), None)
        if rest is not None:
            if isinstance(index, int) and 0 <= index < rest:
                return value[index]
            if isinstance(index, int) and index < 0 and all(type(i) is not Rest for i in value[index:]):
                return value[index] if len(value) >= -index else self.doubtful(Unknown(value[rest].unknown.why))
            if isinstance(index, slice):
                return List([value[rest]], self.heap.clock)
            held: Unknown = value[rest].unknown
            return self.doubtful(Unknown(held.why, calls=held.calls or any(map(may_write_when_called, value))))
        try:
            found = value[index]
        except NATIVE_ERRORS as error:
            raise self.native(error) from None
        return List(found, self.heap.clock) if type(found) is list else found

    def key(self, value: Value) -> Value:
        """A value as a key: raises UnknownValueError where it is not known, TypeError where it is not hashable."""
        if isinstance(value, (tuple, Unknown)):
            self.charge(value)
            unknown = ops.is_unknown(value)
            if unknown is not None:
                raise UnknownValueError(unknown)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and abs(number) >= sys.hash_info.modulus:
                raise UnknownValueError(Unknown("a number whose hash others share as a key"))
        if isinstance(value, Instance):
            self._hash(value)
            if isinstance(value.payload, (str, int, tuple)):
                return value.payload if value.cls.find("__members__") is ABSENT else value
            if value.cls.find("__eq__") is not ABSENT:
                raise UnknownValueError(Unknown("an object with its own equality as a key"))
        return value

    def _hash(self, value: Instance) -> None:
        """What the program's own methods do when an object is a key: it is hashed, and perhaps compared."""
        hashes, equals = value.cls.find("__hash__"), value.cls.find("__eq__")
        if isinstance(hashes, Function):
            self.call(BoundMethod(hashes, value), [], {})
        if isinstance(equals, Function):
            other = Unknown("another key")
            self.forget_after(lambda: self.call(BoundMethod(equals, value), [other], {}), other.why)

    def _dict_item(self, value: Dict, index: Value) -> Value:
        try:
            index = self.key(index)
            if index in value:
                return self.read(value[index])
        except UnknownValueError as error:
            return self.doubtful(Unknown(error.unknown.why))
        except TypeError as error:
            raise self.native(error) from None
        if value.rest is not None:
            return self.doubtful(value.rest.part())
        if value.kind == "defaultdict" and value.factory is not None:
            made = self.call(value.factory, [], {})
            self.heap.touch(value)
            value[index] = made
            return made
        if value.kind == "Counter":
            return 0
        raise self.error("KeyError", repr(index))

    def set_item(self, value: Value, index: Value, given: Value) -> None:
        """value[index] = given"""
        if isinstance(value, Instance):
            method = value.cls.find("__setitem__")
            if method is not ABSENT:
                self.call(BoundMethod(method, value), [index, given], {})
            elif value.payload is not None:
                self.set_item(value.payload, index, given)
        elif isinstance(value, Dict):
            self.heap.touch(value)
            try:
                value[self.key(index)] = given
            except UnknownValueError as error:
                for key in value:
                    value[key] = Unknown(error.unknown.why)
                value.rest = Unknown(error.unknown.why)
            except TypeError as error:
                raise self.native(error) from None
        elif isinstance(value, List):
            self._set_list_item(value, index, given)
        elif isinstance(value, External) and value.name == "sys.modules":
            self.replace_module(index, given)
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.set_item(option, index, given))
            else:
                self.write_unseen(value)
        elif isinstance(value, Tensor):
            self.heap.touch(value)
            value.data = None
        elif isinstance(value, (tuple, str, int)):
            raise self.error("TypeError", "object does not support item assignment")

    def _set_list_item(self, value: List, index: Value, given: Value) -> None:
        self.charge(value)
        self.heap.touch(value)
        index = self.place(value, index)
        unknown = ops.is_unknown((index, [item for item in value if type(item) is Rest]))
        if unknown is not None or (isinstance(index, slice) and not ops.is_sequence(given)):
            self.doubtful(first(unknown, Unknown("a slice")))
            value[:] = [Rest(Unknown(first(unknown, Unknown("a slice")).why))]
            return
        try:
            value[index] = given
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def delete_item(self, value: Value, index: Value) -> None:
        """del value[index]"""
        if isinstance(value, Instance):
            method = value.cls.find("__delitem__")
            if method is not ABSENT:
                self.call(BoundMethod(method, value), [index], {})
            elif value.payload is not None:
                self.delete_item(value.payload, index)
        elif isinstance(value, Dict):
            self.heap.touch(value)
            try:
                key = self.key(index)
                if key in value:
                    self.doubtful(value[key] if may_be_absent(value[key]) else None)
                    del value[key]
                elif value.rest is None:
                    raise self.error("KeyError", repr(key))
                else:
                    self.may_raise(value.rest.why)
            except UnknownValueError as error:
                self.may_raise(error.unknown.why)
                value.clear()
                value.rest = Unknown(error.unknown.why)
        elif isinstance(value, List):
            self.charge(value)
            self.heap.touch(value)
            index = self.place(value, index)
            if ops.is_unknown(index) is not None or has_rest(value):
                self.may_raise("an item that is not known is deleted")
                value[:] = [Rest(Unknown("an item that is not known is deleted"))]
                return
            try:
                del value[index]
            except NATIVE_ERRORS as error:
                raise self.native(error) from None
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.delete_item(option, index))
            else:
                self.write_unseen(value)

    # -- iteration ---------------------------------------------------------------------------------------------

    def iterate(self, value: Value) -> Iterator[Value]:
        """The items of an iterable; a Rest stands for any number of items that are not known."""
        if self.look_ups.reading is not None and not isinstance(value, (tuple, str)):
            self.look_ups.lose()
        if isinstance(value, List):
            return self._live(value)
        if isinstance(value, (tuple, str, bytes, range)):
            return iter(value)
        if isinstance(value, Stream):
            return self._advance(value)
        if isinstance(value, Unknown):
            if not self._sequences(value):
                self.doubtful(value)
            for option in value.options:
                if isinstance(option, Stream):
                    self.forget_after(partial(self.drain, option), value.why)
            return iter([Rest(Unknown(value.why, self._sequences(value), foreign=value.foreign))])
        if isinstance(value, Dict):
            rest = (
                []
                if value.certain()
                else [Rest(Unknown(first(value.rest, Unknown("an entry that may be absent")).why))]
            )
            sure = [key for key, item in value.items() if not may_be_absent(item)]
            return self._unchanged(value, [*sure, *rest])
        if isinstance(value, View):
            return self._viewed(value)
        if isinstance(value, Set):
            return iter([*self._ordered(value), *([Rest(value.rest)] if value.rest is not None else [])])
        if isinstance(value, frozenset):
            return iter(self._ordered(value))
        if isinstance(value, Class) and isinstance(value.attributes.get("__members__"), Dict):
            return iter(list(dict.fromkeys(value.attributes["__members__"].values())))
        if isinstance(value, Instance):
            return self._iterate_instance(value)
        if isinstance(value, Tensor):
            return self.tensor_items(value)
        if isinstance(value, Descriptor):
            return iter([Rest(Unknown("a descriptor"))])
        if isinstance(value, Class) and value.unsure is not None:
            return iter([Rest(value.unsure)])
        raise self.error("TypeError", f"'{type(value).__name__}' object is not iterable")

    def unordered(self, value: Value) -> Iterator[Value]:
        """The items of an iterable, for one to whom their order is nothing."""
        if isinstance(value, (Set, frozenset)):
            rest = value.rest if isinstance(value, Set) else None
            return iter([*sorted(value, key=repr), *([Rest(rest)] if rest is not None else [])])
        if isinstance(value, Stream) and value.members is not None:
            members, value.members = value.members, None
            list(value.items)
            return iter(members)
        return self.iterate(value)

    def apart_from_order(self, items: Iterator[Value], birth: int) -> list[Value]:
        """The items computed from an iterable without order: not known where that writes to anything older, or raises,
        since then the order is something. birth: the moment at which it began."""
        before, self.heap.oldest = self.heap.oldest, birth
        level = len(self.heap.trails)
        try:
            found = list(items)
        except RaisedError:
            if len(self.heap.trails) != level:
                raise
            found = [Rest(Unknown("the order of a set"))]
        written, self.heap.oldest = self.heap.oldest, min(before, self.heap.oldest)
        if written < birth:
            raise LimitError("the order of a set")
        return found

    def _ordered(self, value: Any) -> list[Value]:
        # The order of a set of strings differs from run to run: more than one of them has no known order.
        if len(value) <= 1:
            return list(value)
        if all(isinstance(item, int) for item in value):
            return list(value)
        return [Rest(Unknown("the order of a set"))]

    def _sequences(self, value: Unknown) -> tuple[Value, ...]:
        if value.options and all(ops.is_sequence(o) and not has_rest(o) for o in value.options):
            return tuple(tuple(option) for option in value.options if isinstance(option, (list, tuple)))
        return ()

    def _live(self, value: List) -> Iterator[Value]:
        index = 0
        while index < len(value):
            item = value[index]
            yield item
            index += 1
            is_moved = type(item) is not Rest and (index > len(value) or value[index - 1] is not item)
            if is_moved and has_rest(value[:index]):
                yield next(held for held in value if type(held) is Rest)  # what was passed may be more by now
                return

    def _viewed(self, value: View) -> Iterator[Value]:
        for key in self.iterate(value.mapping):
            yield key if type(key) is Rest else value.pick(key, value.mapping[key])

    def _unchanged(self, value: Dict, keys: list[Value]) -> Iterator[Value]:
        size = len(value)
        for key in [*keys, ABSENT]:
            if len(value) != size:
                raise self.error("RuntimeError", "dictionary changed size during iteration")
            if key is not ABSENT:
                yield key

    def _advance(self, stream: Stream) -> Iterator[Value]:
        while True:
            item = self.next_item(stream)
            if item is ABSENT:
                return
            yield item
            if type(item) is Rest:
                return

    def leave_off(self, before: tuple[Stream, ...], closed: Stream | None = None) -> None:
        """Of the generators that wait, those that did not before are asked no further: nobody knows when they are
        closed, but for one that is `closed` here, so that what they may write then is forgotten."""
        left = [stream for stream in self.suspended if not any(stream is one for one in before)]
        self.suspended = tuple(one for one in self.suspended if not any(one is stream for stream in left))
        for stream in left:
            self.abandon(stream, stream is closed)

    def abandon(self, stream: Stream, is_closed: bool) -> None:
        raise NotImplementedError

    def drain(self, stream: Stream) -> None:
        """Ask an iterator for its items, for what computing them does."""
        deque(islice(self._advance(stream), DRAINED), maxlen=0)

    def _send(self, stream: Stream, sent: Value) -> Value:
        if stream.frame is None:
            raise self.error("AttributeError", "no generator has no attribute 'send'")
        try:
            return stream.items.send(sent)  # type: ignore[attr-defined]
        except StopIteration:
            return ABSENT

    def next_item(self, stream: Stream, sent: Value = None) -> Value:
        """The next item, a Rest where it is not known what remains, or ABSENT at the end."""
        if stream.spoiled is not None:
            if stream.frame is not None and stream.spoiled.why == ADVANCED:
                self.give_up(stream.spoiled)  # what the function does on its way to an item is not done again
            return Rest(stream.spoiled)
        if stream.birth < self.heap.epoch:
            self.heap.touch(stream)
        if stream.birth < self.heap.oldest:
            self.heap.oldest = stream.birth
        cleans_up = stream.cleans_up
        if cleans_up:
            self.suspended = tuple(one for one in self.suspended if one is not stream)
        try:
            stream.position += 1
            item = next(stream.items, ABSENT) if sent is None else self._send(stream, sent)
        except RecursionError:
            raise LimitError("evaluation limit reached") from None
        if cleans_up and item is not ABSENT and type(item) is not Rest:
            self.suspended = (*self.suspended, stream)
        if type(item) is Rest:
            stream.spoiled = item.unknown
        return item

    def _iterate_instance(self, value: Instance) -> Iterator[Value]:
        method = value.cls.find("__iter__")
        if method is not ABSENT:
            iterator = self.call(BoundMethod(method, value), [], {})
            by_next = isinstance(iterator, Instance) and iterator.cls.find("__next__") is not ABSENT
            return self._by_next(iterator) if by_next else self.iterate(iterator)
        if value.payload is not None:
            return self.iterate(value.payload)
        step = value.cls.find("__next__")
        if step is not ABSENT:
            return self._by_next(value)
        if value.cls.find("__getitem__") is not ABSENT and value.cls.unknown_base is None:
            return self._by_index(value)
        if value.cls.unknown_base is not None or value.open is not None:
            return iter([Rest(first(value.cls.unknown_base, value.open))])
        raise self.error("TypeError", f"'{value.cls.name}' object is not iterable")

    def _by_next(self, value: Instance) -> Iterator[Value]:
        while True:
            self.step()
            try:
                item = self.call(self.get_attribute(value, "__next__"), [], {})
            except RaisedError as raised:
                if self.matches(raised.value, self.classes["StopIteration"]) is True:
                    return
                raise
            yield item

    def _by_index(self, value: Instance) -> Iterator[Value]:
        index = 0
        while True:
            self.step()
            try:
                item = self.get_item(value, index)
            except RaisedError as raised:
                if self.matches(raised.value, self.classes["IndexError"]) is True:
                    return
                raise
            yield item
            index += 1

    def items(self, value: Value) -> list[Value]:
        """All items of an iterable, charged to the steps."""
        return self._charged(self.iterate(value))

    def known_items(self, value: Value) -> list[Value]:
        """All items of an iterable, for one to whom their order is nothing."""
        return self._charged(self.unordered(value))

    def _charged(self, items: Iterator[Value]) -> list[Value]:
        found = []
        for item in items:
            self.step()
            found.append(item)
        return found

    def unpack(self, value: Value, count: int, star: int | None) -> list[Value]:
        """The items for `count` targets, of which one may be starred."""
        items = self.items(value)
        if has_rest(items):
            before = list(items[: next(i for i, x in enumerate(items) if type(x) is Rest)])
            why = next(item.unknown for item in items if type(item) is Rest)
            self.may_raise(why.why)
            plain = isinstance(value, Unknown) and value.plain
            missing = Unknown(why.why, plain=plain, foreign=why.foreign)
            filled = [*before[:count], *[missing] * (count - len(before))]
            if star is not None:
                filled[star:] = [why.part() for _ in range(count - star)]
                filled[star] = List([Rest(why)], self.heap.clock)
            return filled
        if star is None:
            if len(items) != count:
                raise self.error("ValueError", f"cannot unpack {len(items)} values into {count}")
            return items
        after = count - star - 1
        if len(items) < count - 1:
            raise self.error("ValueError", "not enough values to unpack")
        return [*items[:star], List(items[star : len(items) - after], self.heap.clock), *items[len(items) - after :]]

    def make_set(self, items: list[Value]) -> Value:
        """A set of these items."""
        made = Set((), self.heap.clock)
        for item in items:
            if isinstance(item, (Rest, Unknown)):
                made.rest = item.unknown if isinstance(item, Rest) else item
                continue
            try:
                made.add(self.key(item))
            except UnknownValueError as error:
                made.rest = error.unknown
            except TypeError as error:
                raise self.native(error) from None
        return made

    def update_dict(self, target: Dict, given: Value) -> None:
        """target.update(given), for a mapping or pairs"""
        self.charge(given)
        self.heap.touch(target)
        if isinstance(given, Instance):
            if given.payload is not None and not isinstance(given.cls.find("__iter__"), Function):
                given = given.payload
            elif given.payload is not None or given.cls.find("keys") is not ABSENT:
                keys = self.items(self.call(self.get_attribute(given, "keys"), [], {}))
                rest = next((key.unknown for key in keys if type(key) is Rest), None)
                given = Dict({key: self.get_item(given, key) for key in keys if type(key) is not Rest}, 0, rest)
        if isinstance(given, Unknown):
            for key in target:
                target[key] = Unknown(given.why)
            target.rest = Unknown(given.why)
        elif isinstance(given, Dict):
            if given.rest is not None:
                for key in target:
                    target[key] = Unknown(given.rest.why)
                target.rest = given.rest
            for key, item in given.items():
                target[key] = item
        else:
            for pair in self.items(given):
                if isinstance(pair, (Rest, Unknown)):
                    self.update_dict(target, Unknown((pair.unknown if isinstance(pair, Rest) else pair).why))
                else:
                    key, item = self.unpack(pair, 2, None)
                    self.set_item(target, key, item)

    def merge_keywords(self, kwargs: dict[str, Value], given: Value) -> Unknown | None:
        """**given: adds to the keyword arguments, and says why there may be more."""
        if isinstance(given, Instance):
            flat = Dict((), self.heap.clock)
            self.update_dict(flat, given)
            given = flat
        if isinstance(given, Unknown):
            return given
        if not isinstance(given, Dict):
            raise self.error("TypeError", "argument after ** must be a mapping")
        rest = given.rest
        for key, value in given.items():
            if may_be_absent(value):
                rest = first(rest, value)
                continue
            if not isinstance(key, str):
                raise self.error("TypeError", "keywords must be strings")
            if key in kwargs:
                raise self.error("TypeError", f"got multiple values for keyword argument '{key}'")
            kwargs[key] = value
        return rest

    # -- operators ---------------------------------------------------------------------------------------------

    def binary(self, sign: str, left: Value, right: Value) -> Value:
        """left + right, or the Unknown it gives"""
        if self.look_ups.reading is not None:
            self._note_constants(left, right)
        self.charge(left, right)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return self.doubtful(self._unknown_binary(sign, left, right))
        if sign == "%" and isinstance(left, str):
            return self.percent(left, right)
        if isinstance(left, Instance) or isinstance(right, Instance):
            return self._instance_binary(sign, left, right)
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.doubtful(self.tensor_binary(sign, left, right))
        if ops.grows_too_large(sign, left, right):
            return Unknown("a value too large to compute", plain=True)
        if sign == "|" and any(isinstance(side, (Native, Class)) for side in (left, right)):
            return Unknown("a union of types", plain=True)
        left, right = (
            self.make_set(self.items(v)) if isinstance(v, View) and sign in "|&^-" else v for v in (left, right)
        )
        if isinstance(left, (Dict, Set)) or isinstance(right, (Dict, Set)):
            return self._collection_binary(sign, left, right)
        if sign not in ops.OPERATORS:
            return Unknown(f"{sign} is not evaluated", plain=True)
        of_numpy = isinstance(left, NUMPY) or isinstance(right, NUMPY)
        try:
            result = ops.OPERATORS[sign](left, right)
        except NATIVE_ERRORS as error:
            if of_numpy:
                return self.doubtful(Unknown("arithmetic of numpy's", plain=True))
            raise self.native(error) from None
        if of_numpy and isinstance(result, int) and result.bit_length() > 63:
            return Unknown("a number too large for numpy", plain=True)
        return List(result, self.heap.clock) if isinstance(result, list) else result

    def tensor_binary(self, sign: str, left: Value, right: Value) -> Value:
        raise NotImplementedError

    def _unknown_binary(self, sign: str, left: Value, right: Value) -> Value:
        name = DUNDER.get(sign)
        for one, other, flipped in ((left, right, False), (right, left, True)):
            if isinstance(one, Unknown) and one.options:
                is_followed = is_one_with(one, f"__{name}__", f"__r{name}__")
                are_numbers = not isinstance(other, Unknown) and all(map(ops.is_number, one.options))
                if are_numbers or is_followed:
                    if flipped:
                        return self.each_option(one, partial(self.binary, sign, other))
                    return self.each_option(one, partial(_swapped, self.binary, sign, other))
        return ops.plain_unknown(left, right)

    def _instance_binary(self, sign: str, left: Value, right: Value) -> Value:
        name = DUNDER.get(sign)
        tried = False
        if name is not None:
            ways = [(left, right, name), (right, left, f"r{name}")]
            both = isinstance(left, Instance) and isinstance(right, Instance)
            if both and right.cls is not left.cls and right.cls.is_subclass(left.cls):
                ways.reverse()
            for one, other, called in ways:
                method = one.cls.find(f"__{called}__") if isinstance(one, Instance) else ABSENT
                if method is not ABSENT:
                    tried = True
                    result = self.call(BoundMethod(method, one), [other], {})
                    if not is_not_implemented(result):
                        return result
        if sign == "*":
            left, right = self.as_index(left), self.as_index(right)
            if not isinstance(left, Instance) and not isinstance(right, Instance):
                return self.binary(sign, left, right)
        if any(isinstance(side, Instance) and side.payload is not None for side in (left, right)):
            left, right = (s.payload if isinstance(s, Instance) and s.payload is not None else s for s in (left, right))
            return self.binary(sign, left, right)
        if tried:
            raise self.error("TypeError", f"unsupported operands for {sign}")
        return Unknown(f"{sign} of objects")

    def _collection_binary(self, sign: str, left: Value, right: Value) -> Value:
        if any(isinstance(side, Dict) and side.kind == "Counter" for side in (left, right)):
            return Unknown("arithmetic of Counters")
        if sign == "|" and isinstance(left, Dict) and isinstance(right, Dict):
            made = Dict(left, self.heap.clock, left.rest, left.kind, left.factory)
            self.update_dict(made, right)
            return made
        unknown = ops.is_unknown((left, right))
        if unknown is not None:
            return Unknown(unknown.why)
        if isinstance(left, (Set, frozenset)) and isinstance(right, (Set, frozenset)) and sign in "|&^-":
            found = ops.OPERATORS[sign](left, right)
            return Set(found, self.heap.clock) if isinstance(left, Set) else frozenset(found)
        raise self.error("TypeError", f"unsupported operands for {sign}")

    def augment(self, sign: str, left: Value, right: Value) -> Value:
        """left += right, in place where Python does"""
        if isinstance(left, Unknown) and not left.options and isinstance(right, (List, Dict, Set)):
            self.write_unseen(left)
        if isinstance(left, Deque) and sign == "+":
            self.call(self.methods[Deque, "extend"], [left, right], {})
            return left
        if isinstance(left, List) and sign == "+":
            items = self.items(right)
            self.heap.touch(left)
            left.extend(items)
            return left
        if isinstance(left, List) and sign == "*":
            result = self.binary(sign, left, right)
            self.heap.touch(left)
            left[:] = result if isinstance(result, list) else [Rest(Unknown("a list of unknown length"))]
            return left
        if isinstance(left, Dict) and sign == "|":
            self.update_dict(left, right)
            return left
        if isinstance(left, Tensor):
            result = self.binary(sign, left, right)
            self.heap.touch(left)
            left.data = result.data if isinstance(result, Tensor) else None
            return left
        if isinstance(left, Set) and isinstance(right, Unknown):
            self.havoc(left, right.why)
            return left
        if isinstance(left, Set):
            result = self.binary(sign, left, right)
            if isinstance(result, Set):
                self.heap.touch(left)
                left.clear()
                left.update(result)
                return left
        if isinstance(left, (Instance, Unknown)):
            name = DUNDER.get(sign)
            if isinstance(left, Instance) and left.cls.find(f"__i{name}__") is not ABSENT:
                return self.call(self.get_attribute(left, f"__i{name}__"), [right], {})
            if isinstance(left, Unknown) and any(isinstance(o, (List, Dict, Set, Instance)) for o in left.options):
                return self.each_option(left, lambda option: self.augment(sign, option, right))
        return self.binary(sign, left, right)

    def unary(self, sign: str, value: Value) -> Value:
        """-value, +value, ~value, not value"""
        if sign == "not":
            truth = self.truth(value)
            return Unknown(truth.why, plain=True) if isinstance(truth, Unknown) else not truth
        called = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[sign]
        if is_one_with(value, called):
            return self.each_option(value, lambda option: self.unary(sign, option))
        if isinstance(value, Unknown):
            return self.doubtful(Unknown(value.why, plain=True))
        if isinstance(value, Instance) and isinstance(value.cls.find(called), Function):
            return self.call(self.get_attribute(value, called), [], {})
        if isinstance(value, Instance) and isinstance(value.payload, (int, float)):
            return self.unary(sign, value.payload)
        if isinstance(value, (Instance, Tensor)):
            return Unknown(f"{sign} of an object")
        try:
            return -value if sign == "-" else +value if sign == "+" else ~value
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def compare(self, sign: str, left: Value, right: Value) -> Value:
        """left < right, left in right, left is right ..."""
        if sign in ("is", "is not"):
            same = ops.identical(left, right)
            return same if isinstance(same, Unknown) else same is (sign == "is")
        if self.look_ups.reading is not None:
            self._note_constants(*((left,) if sign in ("in", "not in") else (left, right)))
        self.charge(left)
        is_look_up = sign in ("in", "not in") and isinstance(right, (Dict, Set))
        if not is_look_up:
            self.charge(right)
        if sign in ("in", "not in"):
            inside = self.contains(right, left)
            return inside if isinstance(inside, Unknown) else inside is (sign == "in")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            if is_one_with(left, *COMPARING):
                return self.each_option(left, lambda option: self.compare(sign, option, right))
            if is_one_with(right, *COMPARING):
                return self.each_option(right, lambda option: self.compare(sign, left, option))
            for one, other in ((left, right), (right, left)):
                if (
                    isinstance(one, Unknown)
                    and one.options
                    and not isinstance(other, Unknown)
                    and all(ops.is_number(o) or isinstance(o, str) or o is None for o in one.options)
                ):
                    flipped = one is right
                    answers = [
                        self.compare(sign, other, o) if flipped else self.compare(sign, o, other) for o in one.options
                    ]
                    if all(a is answers[0] for a in answers):
                        return answers[0]
            found = Unknown(ops.plain_unknown(left, right).why, plain=True)
            return found if sign in ("==", "!=") else self.doubtful(found)
        if isinstance(left, Instance) or isinstance(right, Instance):
            return self._compare_instances(sign, left, right)
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.doubtful(Unknown("a comparison of tensors", plain=True))
        if isinstance(left, View) or isinstance(right, View):
            views = [
                self.make_set(self.items(v)) if isinstance(v, View) and v.kind == "keys" else v for v in (left, right)
            ]
            if any(isinstance(view, View) for view in views):
                return Unknown("a comparison of a dict's items", plain=True)
            return self.compare(sign, *views)
        if isinstance(left, Deque) is not isinstance(right, Deque) and sign in ("==", "!="):
            return sign == "!="
        unknown = ops.is_unknown((left, right))
        if unknown is not None:
            if ops.is_sequence(left) and ops.is_sequence(right) and sign in ("==", "!="):
                if type(left) is tuple and type(right) is not tuple:
                    return sign == "!="
                if len(left) != len(right) and not has_rest(left) and not has_rest(right):
                    return sign == "!="
            return Unknown(unknown.why, plain=True)
        if sign in ("==", "!=") and type(left) is type(right) and ops.is_sequence(left):
            equal = self._equal_items(left, right)
            return equal if isinstance(equal, Unknown) else equal is (sign == "==")
        try:
            if sign in ("==", "!=") and isinstance(left, Dict) and isinstance(right, Dict):
                equal = self._equal_entries(left, right)
                return equal if isinstance(equal, Unknown) else equal is (sign == "==")
            return ops.COMPARISONS[sign](left, right)
        except UnknownValueError as error:
            return Unknown(error.unknown.why, plain=True)
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def compare_unseen(self, values: list[Value]) -> None:
        """Values are compared in ways that are not followed: what their own methods may write is forgotten."""
        for value in values:
            for option in value.options if isinstance(value, Unknown) else (value,):
                if isinstance(option, Instance) and any(isinstance(option.cls.find(n), Function) for n in COMPARING):
                    self.havoc(option, "it is compared in an order that is not known")

    def _equal_items(self, left: Any, right: Any) -> bool | Unknown:
        """left == right, for two lists or tuples."""
        if len(left) != len(right):
            return False
        for one, other in zip(left, right):
            if one is other or (is_constant(one) and one == other):
                continue
            equal = self.truth(self.compare("==", one, other))
            if equal is not True:
                return equal
        return True

    def _equal_entries(self, left: Dict, right: Dict) -> bool | Unknown:
        """left == right, for two dicts."""
        are_ordered = left.kind == right.kind == "OrderedDict"
        if left.keys() != right.keys() or (are_ordered and list(left) != list(right)):
            return False
        return self._equal_items(list(left.values()), [right[key] for key in left])

    def _compare_instances(self, sign: str, left: Value, right: Value) -> Value:
        name = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[sign]
        for one, other in ((left, right), (right, left)) if sign in ("==", "!=") else ((left, right),):
            if isinstance(one, Instance):
                method = one.cls.find(f"__{name}__")
                if method is not ABSENT:
                    result = self.call(BoundMethod(method, one), [other], {})
                    if not is_not_implemented(result):
                        return result
                if sign == "!=" and one.cls.find("__eq__") is not ABSENT:
                    result = self.call(self.get_attribute(one, "__eq__"), [other], {})
                    if not is_not_implemented(result):
                        return self.unary("not", result)
                if one.cls.unknown_base is not None:
                    return Unknown(one.cls.unknown_base.why, plain=True)
        sides = [s.payload if isinstance(s, Instance) and s.payload is not None else s for s in (left, right)]
        if not any(isinstance(side, Instance) for side in sides):
            if any(isinstance(s, Instance) and s.cls.find("__members__") is not ABSENT for s in (left, right)) and not (
                all(isinstance(s, (str, int)) for s in sides)
            ):
                return (left is right) is (sign == "==")
            return self.compare(sign, *sides)
        if sign in ("==", "!="):
            return (left is right) is (sign == "==")
        return Unknown("a comparison of objects", plain=True)

    def contains(self, container: Value, item: Value) -> bool | Unknown:
        """item in container"""
        if self.look_ups.reading is not None:
            self._note_content(container)
        if isinstance(container, Instance) and container.cls.is_subclass(self.classes["enum.Flag"]):
            return Unknown("a flag in a flag", plain=True)
        if isinstance(container, Instance):
            method = container.cls.find("__contains__")
            if method is not ABSENT:
                return self.truth(self.call(BoundMethod(method, container), [item], {}))
            if container.payload is not None:
                return self.contains(container.payload, item)
        if is_one_with(container, "__contains__", "__iter__"):
            inside: bool | Unknown = self.each_option(container, lambda option: self.contains(option, item))
            return inside
        is_compared = isinstance(container, (list, tuple)) and is_one_with(item, "__eq__")
        if (isinstance(container, Unknown) or isinstance(item, Unknown)) and not is_compared:
            return Unknown(ops.plain_unknown(container, item).why, plain=True)
        if isinstance(container, (Dict, Set)):
            try:
                item = self.key(item)
                if item in container:
                    held = container[item] if isinstance(container, Dict) else None
                    return Unknown(held.why, plain=True) if held is not None and may_be_absent(held) else True
            except UnknownValueError as error:
                return Unknown(error.unknown.why, plain=True)
            except TypeError as error:
                raise self.native(error) from None
            return Unknown(container.rest.why, plain=True) if container.rest is not None else False
        if isinstance(container, range) and not isinstance(item, int) and len(container) > ops.ITEMS:
            return Unknown("a value too large to compute", plain=True)
        if isinstance(container, (str, bytes, range, frozenset)):
            try:
                return item in container
            except NATIVE_ERRORS as error:
                raise self.native(error) from None
        before = self.suspended
        inside = self._is_among(self.iterate(container), item)
        if self.suspended is not before:
            self.leave_off(before)
        return inside

    def _is_among(self, members: Iterator[Value], item: Value) -> bool | Unknown:
        """Whether one of the members is the item, or equal to it."""
        doubt: Unknown | None = None
        for member in members:
            self.step()
            if type(member) is Rest:
                doubt = first(doubt, member.unknown)
                continue
            if member is item and not isinstance(member, Unknown):
                return True
            equal = self.truth(self.compare("==", member, item))
            if equal is True:
                return True
            if isinstance(equal, Unknown):
                doubt = first(doubt, equal)
        return Unknown(doubt.why, plain=True) if doubt is not None else False

    # -- text --------------------------------------------------------------------------------------------------

    def text(self, value: Value, conversion: str = "") -> str | Unknown:
        """str(value) or repr(value)"""
        if isinstance(value, Instance):
            method = value.cls.find("__str__") if conversion != "r" else ABSENT
            if not isinstance(method, Function):
                method = value.cls.find("__repr__")
            if method is not ABSENT and isinstance(method, Function):
                found = self.call(BoundMethod(method, value), [], {})
                return found if isinstance(found, (str, Unknown)) else Unknown("the text of an object", plain=True)
            if isinstance(method, Native):
                return self.call(method, [value], {})  # type: ignore[no-any-return]
            if isinstance(value.payload, str) and value.cls.find("__members__") is ABSENT:
                return repr(value.payload) if conversion == "r" else value.payload
            return Unknown("the text of an object", plain=True)
        if isinstance(value, Class) and is_plain_class(value):
            return f"<class '{value.full_name}'>"
        if is_one_with(value, "__str__", "__repr__"):
            texts: str | Unknown = self.each_option(value, lambda option: self.text(option, conversion))
            return texts
        if isinstance(value, (list, tuple, dict, set)):
            self._write_items(value, ())
        unknown = ops.is_unknown(value)
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if isinstance(value, NUMPY) and conversion == "r":
            return Unknown("how numpy writes a number", plain=True)
        if isinstance(value, (str, int, float, complex, bytes, tuple, range)) or value is None:
            if isinstance(value, tuple) and not all(isinstance(i, (str, int, float)) or i is None for i in value):
                return Unknown("the text of an object", plain=True)
            return repr(value) if conversion == "r" else str(value)
        return Unknown("the text of an object", plain=True)

    def _write_items(self, value: Value, around: tuple[Value, ...]) -> None:
        """The program's own __repr__ of what a container holds, which may do more than give a text."""
        if len(around) > DEPTH:
            raise LimitError("evaluation limit reached")
        for item in (*value, *value.values()) if isinstance(value, dict) else list(value):
            self.step()
            if isinstance(item, (list, tuple, dict)) and not any(item is outer for outer in (value, *around)):
                self._write_items(item, (value, *around))
            elif isinstance(item, Instance) or is_one_with(item, "__repr__"):
                self.text(item, "r")

    def format(self, prefix: str, value: Value, conversion: str, spec: Value) -> Value:
        """One {value!conversion:spec} of an f-string"""
        self.look_ups.lose()
        if isinstance(spec, Unknown):
            return spec
        method = value.cls.find("__format__") if isinstance(value, Instance) and not conversion else ABSENT
        if isinstance(method, Function):
            value, spec = self.call(BoundMethod(method, value), [spec], {}), ""
        if is_one_with(value, "__format__"):
            return self.each_option(value, lambda option: self.format(prefix, option, conversion, spec))
        if conversion or not spec:
            value = self.text(value, conversion)
        if isinstance(value, Instance) and value.payload is not None:
            value = value.payload
        if isinstance(value, Unknown) or not isinstance(value, (str, int, float)):
            return Unknown(value.why if isinstance(value, Unknown) else "the text of an object", plain=True)
        if not ops.format_is_small(spec):
            return Unknown("a value too large to compute", plain=True)
        try:
            return prefix + format(value, spec)
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def percent(self, template: str, given: Value) -> Value:
        """template % given"""
        values = given if isinstance(given, tuple) else (given,)
        for value in values:
            self.text(value)
        if any(map(writes_itself, values)):
            return Unknown("the text of an object", plain=True)
        if isinstance(given, Instance) and given.payload is not None:
            given = given.payload
            values = given if isinstance(given, tuple) else (given,)
        unknown = ops.is_unknown(given)
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if isinstance(given, Dict):
            values = tuple(given.values())
        if not all(isinstance(v, (str, int, float)) for v in values) or not ops.format_is_small(template):
            return Unknown("the text of an object", plain=True)
        if "*" in template or len(template) + template.count("%") * max(map(_length, values), default=0) > ops.ITEMS:
            return Unknown("a value too large to compute", plain=True)
        try:
            return template % given
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def concatenate(self, parts: list[Value]) -> Value:
        """The parts of an f-string, joined"""
        for part in parts:
            if isinstance(part, Unknown):
                return Unknown(part.why, plain=True)
        text = "".join(parts)
        return text if len(text) <= ops.ITEMS else Unknown("a value too large to compute", plain=True)


def is_one_with(value: Value, *names: str) -> bool:
    """Whether a value is one of several, of which some have a method of the program's own by one of these names."""
    if not isinstance(value, Unknown):
        return False
    objects = (option for option in value.options if isinstance(option, Instance))
    return any(isinstance(option.cls.find(name), Function) for option in objects for name in names)


def writes_itself(value: Value) -> bool:
    """Whether an object has a text of its own."""
    names = ("__str__", "__repr__", "__format__")
    return isinstance(value, Instance) and any(isinstance(value.cls.find(name), Function) for name in names)


def is_constant(value: Value) -> bool:
    return isinstance(value, (str, int, float)) or value is None


def is_plain_class(cls: Class) -> bool:
    """Whether a class is of the project, and of no metaclass that says how it is written."""
    special = any(cls.find(name) is not ABSENT for name in ("__metaclass__", "__members__"))
    return cls.module is not None and cls.unknown_base is None and not special


def is_not_implemented(value: Value) -> bool:
    """Whether an operator's method left the operation to the other side."""
    return isinstance(value, Native) and value.name == "NotImplemented"


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str) else 0


def _swapped(binary: Callable[[str, Value, Value], Value], sign: str, right: Value, left: Value) -> Value:
    return binary(sign, left, right)


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


def _set_plainly(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__setattr__(receiver, name, value)"""
    receiver, name, given = args
    if isinstance(receiver, Instance) and isinstance(name, str):
        machine.set_plainly(receiver, name, given)
    elif isinstance(receiver, Function) and isinstance(name, str):
        machine.set_attribute(receiver, name, given)
    else:
        machine.havoc(receiver, "an attribute whose name is not known is set")
    return None


def _delete_plainly(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """object.__delattr__(receiver, name)"""
    receiver, name = args
    if not isinstance(receiver, Instance) or not isinstance(name, str):
        machine.havoc(receiver, "an attribute whose name is not known is deleted")
        return None
    if name not in receiver.attributes and receiver.open is None:
        raise machine.error("AttributeError", name)
    machine.heap.touch(receiver)
    receiver.attributes.pop(name, None)
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
}
# What super() reaches in a builtin base.
PAYLOAD_METHODS: dict[str, Callable[..., Value]] = {
    "__getitem__": lambda payload, machine, args, kwargs: machine.get_item(payload, args[0]),
    "__setitem__": lambda payload, machine, args, kwargs: machine.set_item(payload, args[0], args[1]),
    "__delitem__": lambda payload, machine, args, kwargs: machine.delete_item(payload, args[0]),
    "__contains__": lambda payload, machine, args, kwargs: machine.contains(payload, args[0]),
}


TYPES: dict[str, type] = {"dict": Dict, "list": List, "set": Set, "str": str, "tuple": tuple}
COMPARING = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
DUNDER = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "<<": "lshift",
    ">>": "rshift", "&": "and", "|": "or", "^": "xor", "@": "matmul",
}  # fmt: skip
