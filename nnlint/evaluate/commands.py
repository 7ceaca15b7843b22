"""click and typer: a command's function gets the defaults that its options state."""

from __future__ import annotations

from typing import Any

from nnlint.signature import REQUIRED
from nnlint.unknown import Unknown
from nnlint.values import Class, Dict, Function, Instance, List, Native, Value

Values = dict[str, Value]
PARAMETERS = "__click_params__"
# Keywords under which an option's value is not its default as written.
UNFOLLOWED = ("callback", "flag_value", "cls", "**")


def _option(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@click.option("--hidden-size", default=512, type=int)"""
    name = _option_name(args)
    return _parameter(args, kwargs, name, _option_default(kwargs, name))


def _argument(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@click.argument("width", default=512): without a default it has to be given."""
    is_optional = kwargs.get("required") is False or "default" in kwargs
    name = _option_name(args)
    return _parameter(args, kwargs, name, _option_default(kwargs, name) if is_optional else _given_there(name))


def _parameter(args: list[Value], kwargs: Values, name: str | None, default: Value) -> Native:
    if any(option in kwargs for option in UNFOLLOWED):
        default = Unknown(f"{name} comes from the command line")

    def decorate(machine: Any, args: list[Value], more: Values) -> Value:
        function = args[0]
        if isinstance(function, Function) and name is not None and kwargs.get("expose_value") is not False:
            machine.heap.touch(function)
            held = function.attributes.setdefault(PARAMETERS, Dict((), machine.heap.clock))
            held[name] = _converted(machine, default, kwargs)
        return function

    return Native("option", decorate)


def _option_name(declarations: list[Value]) -> str | None:
    """The parameter that an option fills: the name given, else the option with most dashes."""
    if not all(isinstance(text, str) for text in declarations):
        return None
    named = [text for text in declarations if text.isidentifier()]
    if named:
        return str(named[0])
    options = [text.partition("/")[0].strip() for text in declarations]
    longest = max(options, key=lambda text: len(text) - len(text.lstrip("-")), default="")
    return str(longest).lstrip("-").replace("-", "_").lower() or None


def _given_there(name: str | None) -> Unknown:
    """What has to be given on the command line."""
    return Unknown(f"{name} comes from the command line", plain=True)


def _option_default(kwargs: Values, name: str | None) -> Value:
    if "default" in kwargs:
        return kwargs["default"]
    if kwargs.get("required") is True or kwargs.get("prompt") not in (None, False):
        return _given_there(name)
    if kwargs.get("is_flag") is True:
        return False
    if kwargs.get("count") is True:
        return 0
    return () if kwargs.get("multiple") is True else None


def _converted(machine: Any, default: Value, kwargs: Values) -> Value:
    """A default through the option's type."""
    kind = kwargs.get("type")
    if isinstance(default, (Function, Native)):
        default = machine.call(default, [], {})
    if isinstance(default, (List, tuple)):
        items = [_converted(machine, item, {"type": kind}) for item in default]
        return tuple(items) if kwargs.get("multiple") is True or kwargs.get("nargs") is not None else List(items)
    if isinstance(kind, Native) and isinstance(default, (str, int, float)) and kind.name in ("int", "float", "str"):
        return machine.call(kind, [default], {})
    return default


def _command(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@click.command(), @click.group(), @group.command()"""
    if args and isinstance(args[0], Function):
        made = Instance(machine.classes["click.Command"], machine.heap.clock)
        made.attributes["callback"] = args[0]
        return made
    return Native("command", _command)


def _command_of(machine: Any, args: list[Value], kwargs: Values) -> Value:
    return _command(machine, args[1:], kwargs)


def _invoke(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """command(): the command line is empty; what the function gives is not returned."""
    function = args[0].attributes["callback"]
    if isinstance(function, Function):
        given = defaults_of(machine, function)
        for parameter in function.signature.parameters:
            if parameter.default is REQUIRED and parameter.kind in ("both", "keyword"):
                given.setdefault(parameter.name, Unknown(f"{parameter.name} comes from the command line"))
        machine.call(function, [], given)
    raise machine.error("SystemExit", "a command ends the program")


def _info(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """typer.Option(512, "--width"), typer.Argument(...)"""
    made = Instance(machine.classes["typer.ParameterInfo"], machine.heap.clock)
    made.attributes.update(kwargs)
    if args:
        made.attributes["default"] = args[0]
    return made


def defaults_of(machine: Any, function: Function) -> Values:
    """The values that an empty command line gives a command's function, by parameter."""
    found: Values = {}
    for parameter in function.signature.parameters:
        default = parameter.default
        if isinstance(default, Instance) and default.cls.full_name == "typer.ParameterInfo":
            found[parameter.name] = _info_default(machine, parameter.name, default)
    held = function.attributes.get(PARAMETERS)
    names = {parameter.name for parameter in function.signature.parameters}
    found.update({name: value for name, value in held.items() if name in names} if isinstance(held, Dict) else {})
    return found


def _info_default(machine: Any, name: str, info: Instance) -> Value:
    held = info.attributes
    factory = held.get("default_factory")
    if factory is not None:
        return machine.call(factory, [], {})
    if "default" not in held or held["default"] is Ellipsis or any(option in held for option in UNFOLLOWED):
        return _given_there(name)
    return held["default"]


def command_function(value: Value) -> Value:
    """The function of a click command; any other value itself."""
    is_command = isinstance(value, Instance) and value.cls.full_name == "click.Command"
    return value.attributes["callback"] if is_command else value


def command_classes(object_class: Class) -> dict[str, Class]:
    """What a click command, and an option of typer, are instances of."""
    classes = {name: Class(name.rpartition(".")[2], (object_class,), full_name=name) for name in (
        "click.Command", "typer.ParameterInfo",
    )}  # fmt: skip
    classes["click.Command"].attributes.update(
        __call__=Native("__call__", _invoke), main=Native("main", _invoke), command=Native("command", _command_of),
        group=Native("group", _command_of), add_command=Native("add_command", lambda machine, args, kwargs: None),
    )  # fmt: skip
    return classes


COMMANDS: dict[str, Value] = {
    "click.command": Native("command", _command),
    "click.group": Native("group", _command),
    "click.option": Native("option", _option),
    "click.argument": Native("argument", _argument),
    "typer.Option": Native("Option", _info),
    "typer.Argument": Native("Argument", _info),
}
