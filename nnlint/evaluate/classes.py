"""How class statements make classes, and what enumerations, dataclasses and named tuples make of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import libcst as cst

from nnlint.evaluate import class_annotations, metaclasses
from nnlint.evaluate import operations as ops
from nnlint.evaluate.calls import CALLED, Calls
from nnlint.evaluate.kinds import REGISTER
from nnlint.evaluate.mappings import ABSTRACT
from nnlint.evaluate.scope import Scope, Site
from nnlint.signature import REQUIRED, Parameter, Signature
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    OF_ITEMS,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    External,
    Frame,
    Function,
    Instance,
    List,
    Native,
    Partial,
    Rewritten,
    Set,
    Value,
    same,
)

# Decorators known to rewrite a function's arguments: what they decorate is not the function as written.
REWRITING = ("gin.", "hydra.", "sacred.", "hydra_zen.", "functools.singledispatch", "unittest.mock.", "mock.")
# Decorators that give no class a constructor.
KEEPING = ("torch.", "typing.", "typing_extensions.", "functools.", "enum.", "abc.")
TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
TYPED_DICT = Native("__new__", lambda machine, args, kwargs: machine.call(machine.builtins["dict"], args[1:], kwargs))
# Outside bases that add nothing to an instance.
PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
TRANSPARENT_BASES = PROTOCOLS | {
    "abc.ABC", "collections.abc.Iterable", "collections.abc.Callable",
    "typing.Generic",
}  # fmt: skip
# What collections.abc leaves to those who derive from its classes.
ABSTRACT_METHODS = {
    "Iterable": "__iter__", "Callable": "__call__", "Sequence": "__getitem__ __len__",
    "Mapping": "__getitem__ __iter__ __len__",
    "MutableMapping": "__getitem__ __iter__ __len__ __setitem__ __delitem__",
}  # fmt: skip
PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic"})  # of these, isinstance() asks no other way


class Classes(Calls):
    """The part of the machine that makes classes."""

    def enum_member(self, cls: Class, members: Dict, args: list[Value]) -> Value:
        if not args:
            raise self.error("TypeError", f"{cls.name}() needs a value")
        is_sure = members.rest is None
        for member in members.values():
            if member is args[0]:
                return member
            is_it = self.truth(self.compare("==", member.attributes["value"], args[0]))
            if is_it is True:
                return member
            is_sure = is_sure and is_it is False
        is_flag = cls.is_subclass(self.classes["enum.Flag"])
        if len(args) != 1 or ops.is_unknown(args[0]) is not None or isinstance(args[0], Instance) or is_flag:
            return Unknown(f"a member of {cls.name}")
        missing = cls.find("_missing_")
        if isinstance(missing, Descriptor) and is_sure:
            found = self.call(self.get_attribute(cls, "_missing_"), args, {})
            if found is not None:
                return found if isinstance(found, Instance) and found.cls is cls else Unknown(f"a member of {cls.name}")
        if missing is ABSENT or is_sure:
            raise self.error("ValueError", f"{args[0]!r} is not a valid {cls.name}")
        return Unknown(f"a member of {cls.name}")

    def enumeration(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """enum.Enum(name, names, start=1)"""
        unknown = Unknown("an enumeration made by a call")
        name, names = (*args, None, None)[:2]
        is_plain_kind = not cls.is_subclass(self.classes["enum.Flag"]) and cls.native_base() is not str
        own = map(cls.find, ("_generate_next_value_", "__new__"))
        decides = any(isinstance(method, (Function, Descriptor)) for method in own)
        start = kwargs.get("start", 1)
        if not is_plain_kind or decides or len(args) != 2 or kwargs.keys() - {"start", "module", "qualname"}:
            return unknown
        names = names.replace(",", " ").split() if isinstance(names, str) else names
        if isinstance(names, Dict) and names.certain():
            names = list(names.items())
        if not isinstance(names, (list, tuple)) or not isinstance(name, str) or type(start) is not int:
            return unknown
        pairs = [one if type(one) is tuple else (one, start + i) for i, one in enumerate(names)]
        if not all(len(pair) == 2 and isinstance(pair[0], str) and pair[0].isidentifier() for pair in pairs):
            return unknown
        if any(name == "mro" or name.startswith("_") for name, _ in pairs):
            return unknown
        made = Class(name, (cls,), dict(pairs), birth=self.heap.clock)
        if len(made.attributes) < len(pairs):
            raise self.error("TypeError", "a name of a member is given twice")
        self._make_enum(made)
        return made

    def make_class(
        self,
        name: str,
        qualified: str,
        parents: list[Value],
        options: dict[str, Value],
        body: Frame,
        site: Site,
        local: bool,
    ) -> Value:
        """What a class statement makes."""
        attributes = dict(body.variables)
        fields = attributes.pop("__annotations_in_order__", ())
        if not isinstance(fields, tuple) or any(isinstance(field, Unknown) for field in fields):
            self.give_up(Unknown(f"what {name} annotates depends on a condition that is not known"))
        if isinstance(attributes.get("__qualname__"), str):  # no attribute: the class has it, and its objects do not
            qualified = attributes.pop("__qualname__")
        if "__eq__" in attributes:
            attributes.setdefault("__hash__", None)
        bases: list[Class] = []
        unknown: Unknown | None = None
        ahead: Unknown | None = None
        kin: Unknown | None = Unknown(f"__subclasshook__ of {name}") if "__subclasshook__" in attributes else None
        metaclass = options.get("metaclass")
        is_abstract, is_protocol = isinstance(metaclass, External) and metaclass.name == "abc.ABCMeta", False
        if isinstance(metaclass, CALLED):
            return self.call_unknown(
                Unknown(f"the metaclass of {name}"), [metaclass, *parents, *attributes.values()], {}
            )
        for parent in parents:
            if isinstance(parent, External):
                parent = External(parent.name.removesuffix(OF_ITEMS))
                module, _, kind = parent.name.rpartition(".")
                if kind in ABSTRACT_METHODS and module in ("collections.abc", "typing"):
                    is_abstract = True
                    attributes["__:needs__"] = (*attributes.get("__:needs__", ()), *ABSTRACT_METHODS[kind].split())
            if isinstance(parent, Class):
                bases.append(parent)
                ahead = unknown
            elif isinstance(parent, External) and parent.name in ABSTRACT:
                bases.append(ABSTRACT[parent.name])
            elif isinstance(parent, External) and parent.name in TYPED_DICTS:
                attributes["__new__"], kin = TYPED_DICT, first(kin, parent)
            elif isinstance(parent, External) and parent.name in TRANSPARENT_BASES:
                kin = first(kin, parent if parent.name not in PLAIN_BASES else None)
                is_protocol = is_protocol or parent.name in PROTOCOLS
                is_abstract = is_abstract or is_protocol or parent.name == "abc.ABC"
            elif isinstance(parent, Unknown):
                unknown = first(unknown, parent)
            elif isinstance(parent, Native):
                made = self.class_of_native(parent)
                bases.extend([made] if made is not None else [])
                other = metaclasses.TYPE if parent.name == "type" else Unknown(f"{parent.name} as a base")
                unknown = first(unknown, self.doubtful(other) if made is None else None)
            elif isinstance(parent, Instance):
                unknown = first(unknown, self.doubtful(Unknown("an object as a base")))
            elif isinstance(parent, (str, int, float, List, Dict)) or parent is None:
                raise self.error("TypeError", "a base is no class")
        if len(set(bases)) < len(bases):
            raise self.error("TypeError", "duplicate base class")
        final = next((base.name for base in bases if base.attributes.get("__members__")), None)
        if final is not None:
            raise self.error("TypeError", f"cannot extend {final}, which has members")
        if len({base.native_base() for base in bases} - {None}) > 1:
            raise self.error("TypeError", "multiple bases have instance lay-out conflict")
        if len(bases) > 1:
            bases = [base for base in bases if base.name != "object"]
        self.charge_class(bases)
        try:
            cls = Class(
                name, tuple(bases) or (self.classes["object"],), attributes, birth=self.heap.clock,
                module=body.module, qualified=qualified,
            )  # fmt: skip
        except TypeError as error:
            raise self.native(error) from None
        body.returned = cls
        cls.metaclass = metaclass if isinstance(metaclass, Class) else cls.metaclass
        is_made_by_type = kin is None and not is_abstract and metaclasses.is_followed(cls)
        if (cls.metaclass is not None and not is_made_by_type) or isinstance(metaclass, CALLED):
            ahead = unknown = first(unknown, Unknown(f"the metaclass of {name}"))
            has_check = cls.metaclass is None or cls.metaclass.find("__instancecheck__") is not ABSENT
            kin = first(kin, unknown if has_check else None)
        if is_abstract:
            attributes["__:register__"] = REGISTER
        if is_protocol:
            attributes.setdefault("_is_protocol", True)
        cls.full_name = f"{body.module.name}.{qualified}"
        cls.local, cls.site = local, site
        cls.unknown_base, cls.unsure = first(cls.unknown_base, unknown), first(cls.unsure, ahead)
        cls.kin = kin
        if "__slots__" in attributes:
            cls.slots = self._slots(cls, attributes["__slots__"])
        for value in attributes.values():
            for function in (value, value.getter, value.setter) if isinstance(value, Descriptor) else (value,):
                if isinstance(function, Function) and function.owner is None:
                    function.owner = cls
        attributes["__:fields__"] = List(fields, 0)
        self.finish_by_metaclass(cls)
        if metaclasses.makes(cls):
            return metaclasses.make(self, cls, parents, options)
        self.finish_class(cls, options)
        if isinstance(metaclass, CALLED):  # it may make anything
            return self.call_unknown(Unknown(f"the metaclass of {name}"), [cls, metaclass], {})
        return cls

    def is_enumeration(self, value: Value) -> bool:
        """Whether a class that derives from a value is an enumeration."""
        return isinstance(value, Class) and value.is_subclass(self.classes["enum.Enum"])

    def _slots(self, cls: Class, given: Value) -> frozenset[str] | None:
        """The only attributes that instances may have; None where they may have others, or where that is not known."""
        names = [given] if isinstance(given, str) else self.items(given)
        if not all(isinstance(name, str) for name in names) or "__dict__" in names or cls.unknown_base is not None:
            return None
        own = (f"_{cls.name.lstrip('_')}{name}" if is_private(name) else name for name in names)
        inherited = [base.slots for base in cls.mro[1:]]
        if any(slots is None for slots in inherited):
            return None
        return frozenset(own).union(*[slots for slots in inherited if slots is not None])

    def finish_by_metaclass(self, cls: Class) -> None:
        """What a metaclass of the project that is not followed may write when it makes a class is forgotten."""
        metaclass = cls.metaclass
        if metaclass is not None and not metaclasses.is_followed(cls):
            self.may_raise(f"the metaclass of {cls.name}")
            self.havoc(metaclass, f"the metaclass of {cls.name}")
            if any(isinstance(metaclass.find(name), Function) for name in ("__new__", "__init__")):
                self.havoc(cls, f"the metaclass of {cls.name}")

    def charge_class(self, bases: Iterable[Class]) -> None:
        """Charge what finding the order of all bases costs."""
        self.step(sum(len(base.mro) for base in bases) ** 2 // 100)

    def class_of_native(self, native: Native) -> Class | None:
        return self.classes.get(native.name.removesuffix(OF_ITEMS))

    def finish_class(self, cls: Class, options: dict[str, Value]) -> None:
        """Enum members, NamedTuple fields, __set_name__ and __init_subclass__."""
        for name, value in list(cls.attributes.items()):
            if isinstance(value, Instance) and value.cls.find("__set_name__") is not ABSENT:
                self.call(self.get_attribute(value, "__set_name__"), [cls, name], {})
        base_names = {base.full_name for base in cls.mro[1:]}
        if "enum.Enum" in base_names:
            self._make_enum(cls)
        if self.classes["typing.NamedTuple"] in cls.bases:  # no further base of one has fields of its own
            self._make_named_tuple(cls)
        complete = cls.find("__:class_made__")  # of a class of a table, for those that derive from it
        if complete is not ABSENT:
            self.call(complete, [cls], options)
        for base in cls.mro[1:]:
            hook = base.attributes.get("__init_subclass__")
            if hook is not None and base.module is not None:
                hook = hook.getter if isinstance(hook, Descriptor) else hook
                self.call(hook, [cls], {k: v for k, v in options.items() if k != "metaclass"})
                return
        is_known = cls.unknown_base is None and complete is ABSENT and not cls.is_subclass(self.classes["enum.Enum"])
        if options.keys() - {"metaclass"} and is_known and cls.find("__new__") is not TYPED_DICT:
            self.may_raise(f"{cls.name}.__init_subclass__() takes no keyword arguments")

    def _make_enum(self, cls: Class) -> None:
        members = Dict((), self.heap.clock)
        count, highest = 0, 0
        own_auto, makes_members = cls.find("_generate_next_value_"), isinstance(cls.find("__new__"), Function)
        by_itself = Unknown(f"a value that {cls.name} makes by itself", plain=True)
        ignored = cls.attributes.pop("_ignore_", ())
        ignored = ignored.replace(",", " ").split() if isinstance(ignored, str) else ignored
        for name in ignored:
            cls.attributes.pop(name, None)
        for name, value in list(cls.attributes.items()):
            is_special = name.startswith(("__", f"_{cls.name}__")) or (name[0] == name[-1] == "_")
            if is_special or isinstance(value, (Function, Descriptor)):
                continue
            is_nested = isinstance(value, Class) and value.module is not None and value.name == name
            if is_nested or (isinstance(value, Native) and self.builtins.get(value.name) is not value):
                members.rest = Unknown(f"whether {name} is a member of {cls.name}")
                continue
            if isinstance(value, Unknown):  # a function is no member, and one that is equal to another is no further
                members.rest = Unknown(value.why)
            member = Instance(cls, self.heap.clock)
            if isinstance(value, Instance) and value.cls.full_name == "enum.auto":
                count = 2 ** count.bit_length() if cls.is_subclass(self.classes["enum.Flag"]) else count + 1
                value = name.lower() if cls.native_base() is str else count
                # What follows a smaller one depends on the version of Python.
                value = by_itself if count <= highest or isinstance(own_auto, (Function, Descriptor)) else value
            elif isinstance(value, int):
                count = value
            highest = max(highest, count)
            value = by_itself if makes_members else value
            native = cls.native_base()
            if native in (str, int) and isinstance(value, (str, int)):
                member.payload = value
            member.attributes.update({"name": name, "value": value, "_value_": value, "_name_": name})
            init = cls.find("__init__")
            if isinstance(init, Function):
                self.call(init, [member, *(value if isinstance(value, tuple) else (value,))], {})
            alias = next((one for one in members.values() if _is_alias(one.attributes["value"], value)), member)
            members[name] = cls.attributes[name] = alias
        cls.attributes["__members__"] = members

    def _make_named_tuple(self, cls: Class) -> None:
        fields: list[str] = [field.name for field in cls.attributes["__:fields__"]]
        parameters = [Parameter("cls", REQUIRED, "positional")]
        parameters += [Parameter(name, cls.attributes.get(name, REQUIRED)) for name in fields]
        self.name_tuple(cls, fields, Signature(tuple(parameters)))

    def name_tuple(self, cls: Class, fields: list[str], signature: Signature) -> None:
        """Give a class the constructor and attributes of a named tuple."""

        def new(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            unknown = kwargs.pop("**", None)
            bound = signature.bind(args, kwargs, unknown)
            made = Instance(args[0], machine.heap.clock, tuple(bound[name] for name in fields))
            made.attributes.update({name: bound[name] for name in fields})
            return made

        def replace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if not kwargs.keys() <= {*fields, "**"}:
                raise machine.error("ValueError", "got unexpected field names")
            return new(machine, [args[0].cls], {**{name: args[0].attributes[name] for name in fields}, **kwargs})

        def as_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return Dict({name: args[0].attributes[name] for name in fields}, machine.heap.clock)

        def make(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return machine.call(args[0], machine.items(args[1]), {})

        for name in fields:
            cls.attributes.pop(name, None)

        def refuse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if args[0].cls is cls or args[1] in fields:
                raise machine.error("AttributeError", "can't set attribute")
            machine.set_plainly(*args)
            return None

        cls.attributes["__setattr__"] = Native("__setattr__", refuse)
        cls.attributes["_make"] = Descriptor("classmethod", Native("_make", make))
        cls.attributes["__new__"] = Native("__new__", new)
        cls.attributes["_replace"] = Native("_replace", replace)
        cls.attributes["_asdict"] = Native("_asdict", as_dict)
        cls.attributes["_fields"] = cls.attributes["__match_args__"] = tuple(fields)
        cls.slots = frozenset()
        defaults = {p.name: p.default for p in signature.parameters if p.default is not REQUIRED}
        cls.attributes["_field_defaults"] = Dict(defaults, self.heap.clock)

    def note_field(self, frame: Frame, name: str, annotation: cst.BaseExpression, scope: Scope) -> None:
        """An annotated name in a class body: a field of a dataclass or a NamedTuple, in order."""
        noted = frame.variables.get("__annotations_in_order__", ())
        if not isinstance(noted, Unknown):
            self.heap.touch(frame)
            frame.variables["__annotations_in_order__"] = (*noted, Field(name, annotation, scope, frame))

    def make_dataclass(self, cls: Class, options: dict[str, Value]) -> Class:
        """@dataclass: an __init__ from the fields of the class and its bases."""
        if class_annotations.are_written(cls):
            self.give_up(Unknown(f"the annotations of {cls.name} are written to"))
        fields: dict[str, Field] = {}
        for base in reversed(cls.mro[1:]):
            if isinstance(base.dataclass, dict):
                fields.update(base.dataclass)
        keyword_only = options.get("kw_only") is True
        for field in cls.attributes.get("__:fields__", ()):
            kind = field.kind()
            if kind == "ClassVar":
                continue
            if kind == "KW_ONLY":
                keyword_only = True
                continue
            default = cls.find(field.name)
            default = REQUIRED if default is ABSENT else default
            if isinstance(default, (List, Dict, Set)):
                raise self.error("ValueError", f"mutable default for field {field.name} is not allowed")
            field = Field(
                field.name, field.annotation, field.scope, field.frame, default, keyword_only, kind == "InitVar"
            )
            if isinstance(default, Instance) and default.cls.full_name == "dataclasses.Field":
                held = default.attributes
                field.default = held["default"]
                field.factory = held["default_factory"]
                field.in_init = held["init"] is not False
                field.is_compared = held["compare"]
                field.keyword_only = keyword_only if held["kw_only"] is None else held["kw_only"] is True
                if field.default is REQUIRED:
                    cls.attributes.pop(field.name, None)
                else:
                    cls.attributes[field.name] = field.default
            fields[field.name] = field
        frozen = [_is_frozen(base) for base in cls.mro[1:] if isinstance(base.dataclass, dict)]
        if frozen and options.get("frozen", False) is (not any(frozen)):
            raise self.error("TypeError", "one of a dataclass and what it derives from is frozen, and not the other")
        cls.dataclass = fields
        self._check_order(fields)
        if cls.unknown_base is None and options.get("match_args", True) is True:
            by_position = [name for name, field in fields.items() if field.in_init and not field.keyword_only]
            cls.attributes.setdefault("__match_args__", tuple(by_position))
        if options.get("slots") is True:
            cls.slots = self._slots(cls, tuple(fields))
        if options.get("init") is not False and not isinstance(cls.attributes.get("__init__"), Function):
            self._make_init(cls, fields, options)
        if options.get("frozen") is True:
            cls.attributes["__setattr__"] = cls.attributes["__delattr__"] = Native("__setattr__", frozen_setattr)
        if options.get("eq") is not False:
            has_hash = options.get("frozen") is True or options.get("unsafe_hash") is True
            if not has_hash:
                cls.attributes.setdefault("__hash__", None)
            elif cls.attributes.get("__hash__", ABSENT) is None:
                del cls.attributes["__hash__"]
            if "__eq__" not in cls.attributes:
                cls.attributes["__eq__"] = Native("__eq__", partial(_fields_equal, _compared(cls)))
        if options.get("order") is True:
            for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
                cls.attributes[f"__{name}__"] = Native(f"__{name}__", partial(_fields_ordered, sign, _compared(cls)))
        return cls

    def _make_init(self, cls: Class, fields: dict[str, Field], options: dict[str, Value]) -> None:
        """The __init__ of a dataclass."""
        ordered = [f for f in fields.values() if not f.keyword_only] + [f for f in fields.values() if f.keyword_only]
        made = REQUIRED
        signature = Signature(
            (
                Parameter("self", REQUIRED, "positional"),
                *(
                    Parameter(
                        f.name,
                        f.default if f.factory is made else FACTORY,
                        "keyword" if f.keyword_only else "both",
                    )
                    for f in ordered
                    if f.in_init
                ),
            )
        )

        def init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            unknown = kwargs.pop("**", None)
            bound = signature.bind(args, kwargs, unknown)
            receiver = args[0]
            extra = []
            for f in fields.values():
                value = bound.get(f.name, FACTORY if f.factory is not made else f.default)
                if value is FACTORY:
                    value = machine.call(f.factory, [], {})
                if f.init_only:
                    extra.append(value)
                elif value is not REQUIRED and options.get("frozen") is True:
                    machine.set_plainly(receiver, f.name, value)
                elif value is not REQUIRED:
                    machine.set_attribute(receiver, f.name, value)
            after = receiver.cls.find("__post_init__")
            if after is not ABSENT:
                machine.call(BoundMethod(after, receiver), extra, {})
            return None

        made_init = cls.attributes["__init__"] = Native("__init__", init)
        made_init.signature = _as_seen(signature)

    def _check_order(self, fields: dict[str, Field]) -> None:
        """A field without default behind one that has one is refused."""
        has_default = False
        for field in fields.values():
            if field.in_init and not field.keyword_only:
                lacks = field.default is REQUIRED and field.factory is REQUIRED
                if lacks and has_default:
                    raise self.error("TypeError", f"non-default argument '{field.name}' follows default argument")
                has_default = has_default or not lacks

    def decorate(self, wrapper: Value, value: Value, site: Site) -> Value:
        """@wrapper on a function or class; one from outside the project returns what it was given."""
        if isinstance(wrapper, Unknown) and not wrapper.options:
            if isinstance(wrapper, External) and wrapper.name.startswith(REWRITING):
                return Rewritten(f"{wrapper.name} may rewrite the arguments", value)
            if wrapper.why.startswith(REWRITING):
                return Rewritten(wrapper.why, value)
            if isinstance(value, Class) and not wrapper.why.startswith(KEEPING):
                self._add_constructor(value, wrapper.why)
            return value
        if isinstance(wrapper, Unknown) and any(isinstance(option, External) for option in wrapper.options):
            return self.each_option(wrapper, lambda option: self.decorate(option, value, site))
        if isinstance(wrapper, Descriptor) and wrapper.kind == "property":
            return value
        result = self._wrapped(wrapper, value, site)
        if isinstance(result, Unknown) and not result.options and isinstance(wrapper, (Native, Partial, BoundMethod)):
            return value
        return result

    def _add_constructor(self, cls: Class, why: str) -> None:
        """A decorator from outside may give a class of annotated names a constructor that takes them, as dataclass()
        does."""
        has_own = "__init__" in cls.attributes or isinstance(cls.find("__init__"), Function)
        if has_own or not cls.attributes.get("__:fields__"):
            return

        def init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            made, more = args[0], kwargs.pop("**", None)
            machine.heap.touch(made)
            made.open = Unknown(why)
            machine.take_unseen(made, [*args[1:], *kwargs.values()], more, why)
            if made.cls.find("__post_init__") is not ABSENT:
                machine.havoc(made, why)
            return None

        self.heap.touch(cls)
        cls.attributes["__init__"] = Native("__init__", init)

    def _wrapped(self, wrapper: Value, value: Value, site: Site) -> Value:
        """What a decorator gives; one that cannot be followed, like one from outside, gives what it was given.

        Code that is imported runs, so a decorator that seems to raise, or goes on and on, was not understood: what it
        may have written elsewhere (a registry) is forgotten. It is not tried again in the same module."""
        text = wrapper.site.node if isinstance(wrapper, Function) and wrapper.site is not None else None
        unfollowed = self.executing[-1].unfollowed if self.executing else set()
        follow = partial(self.call_at, site, wrapper, [value], {}, None)
        followed = self.followed(follow) if text not in unfollowed else ABSENT
        if followed is not ABSENT:
            return followed
        if text is not None:
            unfollowed.add(text)
        self._havoc_reached(wrapper, "a decorator that is not understood may have written it", set())
        self.may_raise("a decorator that is not understood")
        return value


def is_private(name: str) -> bool:
    """Whether a name in a class stands for one with the class's name in front."""
    return name.startswith("__") and not name.endswith("__")


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"


FACTORY = _Factory()


def _as_seen(signature: Signature) -> Signature:
    """What inspect.signature() tells of a dataclass's __init__."""
    hidden = Unknown("that a factory gives a default", plain=True)
    receiver, *parameters = signature.parameters
    seen = [one._replace(default=hidden) if one.default is FACTORY else one for one in parameters]
    return Signature((receiver._replace(kind="both"), *seen))


class Field:
    """A field of a dataclass or NamedTuple, in the order of the class body."""

    __slots__ = (
        "annotated", "annotation", "default", "factory", "frame", "in_init", "init_only", "is_compared",
        "keyword_only", "name", "scope",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        annotation: cst.BaseExpression,
        scope: Scope,
        frame: Frame,
        default: Value = REQUIRED,
        keyword_only: bool = False,
        init_only: bool = False,
    ) -> None:
        self.name, self.annotation, self.scope, self.frame = name, annotation, scope, frame
        self.default, self.keyword_only, self.init_only = default, keyword_only, init_only
        self.factory: Value = REQUIRED
        self.in_init = True
        self.is_compared: Value = True
        name_of_kind = annotation.value if isinstance(annotation, cst.Name) else ""
        self.annotated: Value = frame.module.frame.variables.get(name_of_kind, ABSENT)  # not read: only few ask for it

    def text(self) -> str:
        """The annotation as written."""
        return self.scope.source.tree.code_for_node(self.annotation)

    def kind(self) -> str:
        """What the annotation names, apart from where that is found and from what it is applied to."""
        return self.text().strip("'\" ").partition("[")[0].rpartition(".")[2].strip()


def _is_alias(value: Value, other: Value) -> bool:
    """Whether a member of an enumeration that has this value is the one that has the other."""
    are_constants = type(value) in CONSTANTS and type(other) in CONSTANTS
    return bool(value == other) if are_constants else same(value, other)


def frozen_setattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise machine.error("dataclasses.FrozenInstanceError", f"cannot assign to field {args[1]!r}")


def _is_frozen(cls: Class) -> bool:
    """Whether a dataclass is frozen."""
    setter = cls.find("__setattr__")
    return isinstance(setter, Native) and setter.fn is frozen_setattr


def _compared(cls: Class) -> list[str]:
    """The fields of a dataclass by which its objects are compared."""
    return [name for name, field in cls.dataclass.items() if not field.init_only and field.is_compared is not False]


def _fields_equal(names: list[str], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if not isinstance(other, Instance) or other.cls is not one.cls:
        return False
    answers = [machine.truth(machine.compare("==", *(machine.get_attribute(x, n) for x in args))) for n in names]
    if any(answer is False for answer in answers):
        return False
    return next((a for a in answers if isinstance(a, Unknown)), True)


def _fields_ordered(sign: str, names: list[str], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if not isinstance(other, Instance) or other.cls is not one.cls:
        return machine.builtins["NotImplemented"]
    sides = (tuple(machine.get_attribute(side, name) for name in names) for side in args)
    return machine.compare(sign, *sides)
