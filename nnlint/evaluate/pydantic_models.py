"""pydantic: models whose constructor is made from their fields, with defaults, aliases and validators.

Where pydantic 1 and 2 differ, and where a validator cannot be followed, the field is Unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nnlint.evaluate.coercion import Annotation, allows_none, coerce
from nnlint.signature import REQUIRED
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    Function,
    Instance,
    List,
    Native,
    Value,
)

Values = dict[str, Value]
FIELDS = "__:pydantic_fields__"
SETTINGS = "pydantic_settings.BaseSettings"


class Computed(Descriptor):
    """A property that is dumped with the fields."""

    __slots__ = ()


class ModelField(NamedTuple):
    """A field. default: a value or REQUIRED; factory: a callable or REQUIRED; alias: a name, None, or Unknown."""

    name: str
    annotation: Annotation
    default: Value
    factory: Value
    alias: Value
    is_validated: bool


class Validator(NamedTuple):
    """A validator of fields ("*" of all), or of the whole model. always: of defaults too; mode: "before", "after"..."""

    names: tuple[Value, ...]
    mode: Value
    always: bool
    function: Value


# -- what stands in a class body ---------------------------------------------------------------------------------


def _field(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """Field(default, default_factory=, alias=, ...), PrivateAttr(default, default_factory=)"""
    if "**" in kwargs:
        return Unknown("a field with options that are not known")
    made = Instance(machine.classes["pydantic.FieldInfo"], machine.heap.clock)
    made.attributes.update(kwargs)
    if args:
        made.attributes["default"] = args[0]
    if made.attributes.get("default") is Ellipsis:
        del made.attributes["default"]
    return made


def _settings_of_model(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """ConfigDict(extra="allow", ...)"""
    unknown = kwargs.pop("**", None)
    return Dict(kwargs, machine.heap.clock, unknown)


def _field_validator(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@field_validator("width", mode="before"), @validator("width", pre=True, always=True)"""
    mode = kwargs.get("mode", "before" if kwargs.get("pre") is True else "after")
    if kwargs.get("each_item") is True or "**" in kwargs:
        mode = "unknown"
    names, always = tuple(args), kwargs.get("always") is True
    return Native("validator", lambda m, given, _: _validator(m, Validator(names, mode, always, given[0])))


def _model_validator(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@model_validator(mode="after"), @root_validator(pre=True)"""
    if args:
        return _validator(machine, Validator((), "values", True, args[0]))
    mode = kwargs.get("mode", "before" if kwargs.get("pre") is True else "values")
    return Native("validator", lambda m, given, _: _validator(m, Validator((), mode, True, given[0])))


def _validator(machine: Any, validator: Validator) -> Instance:
    made = Instance(machine.classes["pydantic.Validator"], machine.heap.clock)
    made.attributes["validator"] = validator
    return made


def _computed(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@computed_field, or @computed_field(return_type=int)"""
    if not args:
        return PYDANTIC["pydantic.computed_field"]
    found = args[0]
    if isinstance(found, Descriptor):
        return Computed(found.kind, found.getter, found.setter)
    return Computed("property", found)


def _equal(machine: Any, args: list[Value], kwargs: Values) -> Value:
    one, other = args
    return one is other or Unknown(f"whether two of {one.cls.name} are equal", plain=True)


# -- the class -----------------------------------------------------------------------------------------------------


def _complete(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """What the metaclass does: gathers the fields of a class and its bases."""
    cls: Class = args[0]
    cls.attributes[FIELDS] = _fields(machine, cls)
    settings = _settings(cls)
    settings.update({name: value for name, value in kwargs.items() if name != "metaclass"})
    cls.attributes["__:pydantic_settings__"] = Dict(settings, 0)
    return None


def _fields(machine: Any, cls: Class) -> tuple[ModelField, ...]:
    fields: dict[str, ModelField] = {}
    for base in reversed(cls.mro[1:]):
        fields.update({field.name: field for field in base.attributes.get(FIELDS, ())})
    declared = {field.name: field for field in cls.attributes.get("__:fields__", ())}  # the last one of a name
    for field in declared.values():
        if field.name.startswith("_") or field.name == "model_config" or "ClassVar" in field.text():
            continue
        annotation = Annotation(field.annotation, field.scope, field.frame)
        fields[field.name] = _model_field(field.name, annotation, cls.attributes.pop(field.name, REQUIRED))
    for name in fields.keys() & cls.attributes.keys():
        if not isinstance(cls.attributes[name], (Function, Descriptor)):
            fields[name] = fields[name]._replace(default=cls.attributes.pop(name), factory=REQUIRED)
    return tuple(fields.values())


def _model_field(name: str, annotation: Annotation, value: Value) -> ModelField:
    if not isinstance(value, Instance) or value.cls.full_name not in ("pydantic.FieldInfo", "dataclasses.Field"):
        return ModelField(name, annotation, value, REQUIRED, None, False)
    held = value.attributes
    alias = held.get("validation_alias", held.get("alias"))
    return ModelField(
        name, annotation, held.get("default", REQUIRED), held.get("default_factory", REQUIRED) or REQUIRED,
        alias if alias is None or isinstance(alias, str) else Unknown("an alias that is not known"),
        held.get("validate_default") is True,
    )  # fmt: skip


def _settings(cls: Class) -> Values:
    """model_config, and pydantic 1's inner class Config, of the class and its bases."""
    found: Values = {}
    for base in reversed(cls.mro):
        found.update(base.attributes.get("__:pydantic_settings__", {}))
        inner, config = base.attributes.get("Config"), base.attributes.get("model_config")
        if isinstance(inner, Class):
            found.update({name: value for name, value in inner.attributes.items() if not name.startswith("_")})
        if isinstance(config, Dict) and config.rest is None:
            found.update({str(name): value for name, value in config.items()})
        elif config is not None:
            found["unknown"] = True
    return found


def _validators(cls: Class) -> Iterator[Validator]:
    """The validators of a class, those of its bases first; one of the same name replaces another."""
    found: dict[str, Value] = {}
    for base in reversed(cls.mro):
        found.update(base.attributes)
    for value in found.values():
        if isinstance(value, Instance) and value.cls.full_name == "pydantic.Validator":
            yield value.attributes["validator"]


# -- an instance ---------------------------------------------------------------------------------------------------


def _init(machine: Any, args: list[Value], kwargs: Values) -> Value:
    receiver: Instance = args[0]
    cls, settings = receiver.cls, receiver.cls.find("__:pydantic_settings__")
    if len(args) > 1:
        raise machine.error("TypeError", f"{cls.name}() takes no positional arguments")
    unknown = kwargs.pop("**", None)
    if "unknown" in settings or (settings.get("alias_generator") is not None and kwargs):
        kwargs, unknown = {}, Unknown(f"the settings of {cls.name}")  # under which names they are taken is not known
    data = _validated_before(machine, cls, Dict(kwargs, machine.heap.clock, unknown))
    values: Values = {}
    for field in cls.find(FIELDS):
        values[field.name] = _field_value(machine, cls, field, data, values)
    _take_extra(machine, receiver, data, values)
    for validator in _validators(cls):
        if not validator.names and validator.mode == "values":
            values = _new_values(machine, cls, validator, values)
    for name, value in values.items():
        machine.heap.touch(receiver)
        receiver.attributes[name] = value
    _set_private(machine, receiver)
    hook = cls.find("model_post_init")
    if hook is not ABSENT:
        machine.call(BoundMethod(hook, receiver), [Unknown("the context of a validation", plain=True)], {})
    _validate_after(machine, receiver)
    return None


def _validated_before(machine: Any, cls: Class, data: Dict) -> Dict:
    for validator in _validators(cls):
        if validator.names or validator.mode in ("after", "values"):
            continue
        result = _call_validator(machine, cls, validator, data, {}) if validator.mode == "before" else None
        data = result if isinstance(result, Dict) else Dict((), rest=Unknown(f"a validator of {cls.name}"))
    return data


def _field_value(machine: Any, cls: Class, field: ModelField, data: Dict, values: Values) -> Value:
    settings = cls.find("__:pydantic_settings__")
    is_by_name = any(settings.get(name) is True for name in (
        "populate_by_name", "validate_by_name", "allow_population_by_field_name",
    ))  # fmt: skip
    if isinstance(field.alias, Unknown) and (data or data.rest is not None):
        return Unknown(f"{field.name} of {cls.name} is not known")
    keys = [field.alias] if isinstance(field.alias, str) else [field.name]
    given: Value = next((data[key] for key in (*keys, *([field.name] if is_by_name else ())) if key in data), ABSENT)
    if given is ABSENT and data.rest is not None:
        return Unknown(f"{field.name} of {cls.name} is not known")
    is_default = given is ABSENT
    if is_default:
        if machine.wary and any(base.full_name == SETTINGS for base in cls.mro):
            return Unknown(f"{field.name} may come from the environment", plain=True)
        given = _default(machine, cls, field, values)
    is_checked = not is_default or field.is_validated or settings.get("validate_default") is True
    return _validated(machine, cls, field, given, values, is_checked)


def _default(machine: Any, cls: Class, field: ModelField, values: Values) -> Value:
    if field.factory is not REQUIRED:
        function = field.factory
        takes_values = isinstance(function, Function) and [p.default for p in function.signature.parameters] == [
            REQUIRED
        ]
        return machine.call(function, [Dict(values, machine.heap.clock)] if takes_values else [], {})
    if field.default is not REQUIRED:
        return machine.call(machine.resolve("copy.deepcopy"), [field.default], {})
    if allows_none(field.annotation):
        return Unknown(f"{field.name} of {cls.name}: None in pydantic 1, required in pydantic 2", plain=True)
    raise machine.error("pydantic.ValidationError", f"{field.name} is missing for {cls.name}")


def _validated(
    machine: Any, cls: Class, field: ModelField, value: Value, values: Values, is_checked: bool = True
) -> Value:
    validators = [v for v in _validators(cls) if (field.name in v.names or "*" in v.names) and (is_checked or v.always)]
    if any(v.mode not in ("before", "after") for v in validators):
        return Unknown(f"a validator of {field.name} is not followed")
    for validator in validators[::-1]:
        if validator.mode == "before":
            value = _call_validator(machine, cls, validator, value, values)
    if is_checked:
        value = coerce(machine, field.annotation, value)
    for validator in validators:
        if validator.mode == "after":
            value = _call_validator(machine, cls, validator, value, values)
    return value


def _call_validator(machine: Any, cls: Class, validator: Validator, value: Value, values: Values) -> Value:
    """validator(cls, value, info), with as many of these as it takes."""
    function = validator.function
    has_class = isinstance(function, Descriptor) and function.kind == "classmethod"
    function = function.getter if isinstance(function, Descriptor) else function
    if not isinstance(function, Function):
        return machine.call(function, [value], {})
    names = [p.name for p in function.signature.parameters if p.kind in ("positional", "both")]
    given = [cls, value] if has_class or names[:1] == ["cls"] else [value]
    if len(names) > len(given):
        held = Dict(values, machine.heap.clock)
        info = Instance(machine.classes["object"], machine.heap.clock)
        info.attributes["data"], info.open = held, Unknown("what is known of a validation", plain=True)
        given.append(held if names[len(given)] == "values" else info)
    return machine.call(function, given, {})


def _new_values(machine: Any, cls: Class, validator: Validator, values: Values) -> Values:
    """What pydantic 1's root_validator makes of all values."""
    result = _call_validator(machine, cls, validator, Dict(values, machine.heap.clock), {})
    if isinstance(result, Dict) and result.rest is None:
        return {str(name): value for name, value in result.items()}
    return {name: Unknown(f"a validator of {cls.name}") for name in values}


def _take_extra(machine: Any, receiver: Instance, data: Dict, values: Values) -> None:
    """Keywords that are no fields: ignored, kept or refused."""
    cls, settings = receiver.cls, receiver.cls.find("__:pydantic_settings__")
    extra = settings.get("extra", "ignore")
    taken = {name for field in cls.find(FIELDS) for name in (field.alias, field.name) if isinstance(name, str)}
    more = {str(name): value for name, value in data.items() if name not in taken}
    if isinstance(extra, Instance):
        extra = extra.attributes.get("value")
    is_told = isinstance(extra, str) and "unknown" not in settings
    if data.rest is not None and not (is_told and extra in ("ignore", "forbid")):
        machine.heap.touch(receiver)
        receiver.open = data.rest
    if more and extra == "forbid":
        raise machine.error("pydantic.ValidationError", f"{next(iter(more))} is no field of {cls.name}")
    if more and extra == "allow":
        values.update(more)
    elif more and extra != "ignore":
        values.update({name: Unknown(f"{name} of {cls.name}") for name in more})


def _set_private(machine: Any, receiver: Instance) -> None:
    for base in reversed(receiver.cls.mro):
        for name, value in list(base.attributes.items()):
            if not isinstance(value, Instance) or value.cls.full_name != "pydantic.FieldInfo":
                continue
            factory = value.attributes.get("default_factory")
            if factory is not None:
                receiver.attributes[name] = machine.call(factory, [], {})
            elif "default" in value.attributes:
                copied = machine.call(machine.resolve("copy.deepcopy"), [value.attributes["default"]], {})
                receiver.attributes[name] = copied


def _validate_after(machine: Any, receiver: Instance) -> None:
    for validator in _validators(receiver.cls):
        if validator.names or validator.mode != "after":
            continue
        if isinstance(validator.function, Function):
            machine.call(BoundMethod(validator.function, receiver), [], {})
        else:
            machine.havoc(receiver, f"a validator of {receiver.cls.name} is not known")


def _set(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """object.name = value"""
    receiver, name, value = args
    cls, settings = receiver.cls, receiver.cls.find("__:pydantic_settings__")
    field = next((field for field in cls.find(FIELDS) if field.name == name), None)
    if settings.get("frozen") is True or settings.get("allow_mutation") is False:
        raise machine.error("pydantic.ValidationError", f"{cls.name} is frozen")
    if field is not None and settings.get("validate_assignment") is True:
        value = _validated(machine, cls, field, value, dict(receiver.attributes))
    if field is None and settings.get("extra") != "allow" and not name.startswith("_") and cls.find(name) is ABSENT:
        raise machine.error("pydantic.ValidationError", f"{cls.name} has no field {name}")
    machine.set_plainly(receiver, name, value)
    return None


# -- methods -------------------------------------------------------------------------------------------------------


def _dump(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """model_dump(), dict()"""
    if len(args) > 1 or kwargs:
        return Unknown("model_dump() with options", plain=True)
    return _dumped(machine, args[0])


def _dumped(machine: Any, value: Value) -> Value:
    if isinstance(value, Instance) and value.cls.find(FIELDS) is not ABSENT:
        held = {name: item for name, item in value.attributes.items() if not name.startswith("_")}
        for base in reversed(value.cls.mro):
            computed = [name for name, item in base.attributes.items() if isinstance(item, Computed)]
            held.update((name, machine.get_attribute(value, name)) for name in computed)
        return Dict({name: _dumped(machine, item) for name, item in held.items()}, machine.heap.clock, value.open)
    if isinstance(value, List):
        return List([_dumped(machine, item) for item in value], machine.heap.clock)
    if isinstance(value, Dict):
        return Dict({key: _dumped(machine, item) for key, item in value.items()}, machine.heap.clock, value.rest)
    return value


def _iterate(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """iter(object): a pair of each field, as dict(object) takes them"""
    if args[0].open is not None:
        return args[0].open
    pairs = tuple((name, item) for name, item in args[0].attributes.items() if not name.startswith("_"))
    return machine.call(machine.resolve("builtins.iter"), [pairs], {})


def _copy(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """model_copy(update=, deep=), copy()"""
    made = machine.call(machine.resolve("copy.deepcopy"), [args[0]], {})
    if len(args) > 1 or not set(kwargs) <= {"update", "deep"} or not isinstance(made, Instance):
        return Unknown("model_copy() with options")
    if kwargs.get("deep") is not True:
        made.attributes.update(args[0].attributes)
    update = kwargs.get("update")
    if isinstance(update, Dict) and update.certain():
        made.attributes.update({str(name): value for name, value in update.items()})
    elif update is not None:
        machine.havoc(made, "it was copied with what is not known")
    return made


def _validate(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """Config.model_validate(mapping), Config.parse_obj(mapping)"""
    cls, given = args[0], args[1] if len(args) == 2 and not kwargs else None
    if isinstance(given, Dict):
        return machine.call(cls, [], {str(name): value for name, value in given.items()}, given.rest)
    return given if isinstance(given, Instance) and given.cls is cls else Unknown(f"a {cls.name} that is validated")


UNFOLLOWED = (  # what a model has besides
    "__class_vars__ __config__ __fields__ __fields_set__ __private_attributes__ __pydantic_complete__ "
    "__pydantic_computed_fields__ __pydantic_config__ __pydantic_core_schema__ __pydantic_custom_init__ "
    "__pydantic_decorators__ __pydantic_extra__ __pydantic_fields__ __pydantic_fields_set__ __pydantic_private__ "
    "__pydantic_serializer__ __pydantic_validator__ __signature__ "
    "construct from_orm json model_computed_fields model_construct model_dump_json model_extra model_fields "
    "model_fields_set model_json_schema model_rebuild model_validate_json model_validate_strings parse_file parse_raw "
    "schema schema_json update_forward_refs validate"
)


def pydantic_classes(known: dict[str, Class]) -> dict[str, Class]:
    """BaseModel, its error, and what Field and validators make."""
    bases = {"FieldInfo": "object", "Validator": "object", "BaseModel": "object", "ValidationError": "ValueError"}
    classes = {f"pydantic.{n}": Class(n, (known[base],), full_name=f"pydantic.{n}") for n, base in bases.items()}
    model = classes["pydantic.BaseModel"]
    methods = {"__init__": _init, "__setattr__": _set, "model_dump": _dump, "dict": _dump, "model_copy": _copy,
               "copy": _copy, "__eq__": _equal, "__iter__": _iterate, "__:class_made__": _complete}  # fmt: skip
    model.attributes.update({name: Native(name, fn) for name, fn in methods.items()})
    model.attributes.update((name, Unknown(f"{name} of a pydantic model")) for name in UNFOLLOWED.split())
    for name in ("model_validate", "parse_obj"):
        model.attributes[name] = Descriptor("classmethod", Native(name, _validate))
    settings = Class("BaseSettings", (model,), full_name=SETTINGS)
    return {**classes, SETTINGS: settings, "pydantic.BaseSettings": settings}


PYDANTIC: dict[str, Value] = {
    "pydantic.Field": Native("Field", _field),
    "pydantic.PrivateAttr": Native("PrivateAttr", _field),
    "pydantic.ConfigDict": Native("ConfigDict", _settings_of_model),
    "pydantic_settings.SettingsConfigDict": Native("SettingsConfigDict", _settings_of_model),
    "pydantic.field_validator": Native("field_validator", _field_validator),
    "pydantic.validator": Native("validator", _field_validator),
    "pydantic.model_validator": Native("model_validator", _model_validator),
    "pydantic.root_validator": Native("root_validator", _model_validator),
    "pydantic.computed_field": Native("computed_field", _computed),
}
