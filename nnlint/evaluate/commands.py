"""click and typer: a command's function gets the defaults that its options state."""

from __future__ import annotations

from typing import Any

import libcst as cst

from nnlint.evaluate.command_line import is_of_command_line
from nnlint.signature import REQUIRED
from nnlint.source import walk
from nnlint.unknown import Unknown
from nnlint.values import BoundMethod, Class, Dict, Function, Instance, List, Native, Partial, Value

Values = dict[str, Value]
PARAMETERS = "__click_params__"
# Keywords under which an option's value is not its default as written.
UNFOLLOWED = ("callback", "flag_value", "cls", "**")
# What click takes for a bool.
BOOLS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}
# Names in an annotation that say nothing of the type of what is held.
WRAPPERS = frozenset({"Optional", "Union", "None", "List", "list", "Sequence", "typing", "t"})


def _option(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@click.option("--hidden-size", default=512, type=int)"""
    name = _option_name(args)
    return _parameter(args, kwargs, name, _option_default(args, kwargs, name))


def _argument(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """@click.argument("width", default=512): without a default it has to be given; nargs=-1 takes none too."""
    name = _option_name(args)
    takes_any = kwargs.get("nargs") == -1
    is_optional = kwargs.get("required", not takes_any) is False or "default" in kwargs
    if takes_any:
        kwargs = {**kwargs, "multiple": True}
    default = _option_default(args, kwargs, name) if is_optional else _given_there(name)
    return _parameter(args, kwargs, name, default)


def _parameter(args: list[Value], kwargs: Values, name: str | None, default: Value) -> Native:
    if any(option in kwargs for option in UNFOLLOWED):
        default = Unknown(f"{name} comes from the command line")

    def decorate(machine: Any, args: list[Value], more: Values) -> Value:
        function = args[0]
        if isinstance(function, Function) and name is not None and kwargs.get("expose_value") is not False:
            machine.heap.touch(function)
            held = function.attributes.setdefault(PARAMETERS, Dict((), machine.heap.clock))
            machine.heap.touch(held)
            held[name] = Native("default", lambda machine, args, more: _converted(machine, default, kwargs))
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


def _option_default(declarations: list[Value], kwargs: Values, name: str | None) -> Value:
    if "default" in kwargs:
        return kwargs["default"]
    if kwargs.get("required") is True or kwargs.get("prompt") not in (None, False):
        return _given_there(name)
    if kwargs.get("is_flag") is True or any(isinstance(text, str) and "/" in text[1:] for text in declarations):
        return False
    if kwargs.get("count") is True:
        return 0
    return () if kwargs.get("multiple") is True else None


def _converted(machine: Any, default: Value, kwargs: Values) -> Value:
    """A default through the option's type; without one click takes the type of the default as it is written."""
    written = default
    if isinstance(default, (Function, Native, Partial, BoundMethod)):
        default = machine.call(default, [], {})
    kind = kwargs.get("type")
    if kind is None:
        kind = _type_of(machine, written)
    if isinstance(default, (List, tuple)) and (kwargs.get("multiple") is True or kwargs.get("nargs", 1) != 1):
        return tuple(_through(machine, kind, item) for item in default)
    return _through(machine, kind, default)


def _type_of(machine: Any, default: Value) -> Value:
    """The type that click guesses from a default, or from the first of several."""
    first = default[0] if isinstance(default, (List, tuple)) and default else default
    if isinstance(first, (bool, int, float)):
        return machine.builtins[type(first).__name__]
    return machine.builtins["str"]


def _through(machine: Any, kind: Value, value: Value) -> Value:
    """A value that is not given on the command line, through a type: a function, or one of click's."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(kind, tuple) and isinstance(value, (List, tuple)) and len(kind) == len(value):
        return tuple(_through(machine, inner, item) for inner, item in zip(kind, value))
    if kind is machine.builtins["bool"] and isinstance(value, str):
        return BOOLS.get(value.strip().lower(), Unknown(f"{value!r} is no bool for click"))
    if isinstance(kind, (Function, Native, Partial, BoundMethod)):
        return machine.call(kind, [value], {})
    return Unknown("a default goes through a type that is not known")


def _builtin_type(name: str) -> Native:
    """click.INT, click.FLOAT, ...: what converts is the builtin."""
    return Native(name, lambda machine, args, kwargs: _through(machine, machine.builtins[name], args[0]))


def _range(name: str) -> Native:
    """click.IntRange(1, 8): a default beyond it is refused, with clamp=True it is changed."""

    def make(machine: Any, args: list[Value], kwargs: Values) -> Value:
        if "clamp" in kwargs or "**" in kwargs or len(args) > 4:
            return Unknown("a range that changes what it is given")
        return _builtin_type(name)

    return Native("range", make)


def _choice(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """click.Choice(["small", "large"]): a default that is spelled as one of them."""
    choices = args[0] if args else kwargs.get("choices")

    def convert(machine: Any, given: list[Value], more: Values) -> Value:
        known = [choice for choice in choices if isinstance(choice, str)] if isinstance(choices, (List, tuple)) else []
        return given[0] if given[0] in known else Unknown("a choice that is not known")

    return Native("Choice", convert)


def _path(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """click.Path(exists=True): the text, unless it is to be changed."""
    is_text = not {"resolve_path", "path_type", "**"} & kwargs.keys() and not args
    return _builtin_type("str") if is_text else Unknown("a path as click makes it")


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
    """command(args=None, standalone_mode=True): what the function gives is returned only where the mode is False."""
    function = args[0].attributes["callback"]
    is_empty = is_of_command_line(args[1] if len(args) > 1 else kwargs.get("args")) and "**" not in kwargs
    result: Value = Unknown("what a command gives")
    if isinstance(function, Function):
        given = defaults_of(machine, function)
        if not is_empty or machine.wary:
            given = {name: _given_there(name) for name in given}
        for parameter in function.signature.parameters:
            if parameter.default is REQUIRED and parameter.kind in ("both", "keyword"):
                given.setdefault(parameter.name, Unknown(f"{parameter.name} comes from the command line"))
        result = machine.call(function, [], given)
    if kwargs.get("standalone_mode", True) is not True or "**" in kwargs:
        return result if kwargs.get("standalone_mode") is False else Unknown("what a command gives")
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
            found[parameter.name] = _info_default(machine, function, parameter.name, default)
    held = function.attributes.get(PARAMETERS)
    names = {parameter.name for parameter in function.signature.parameters}
    for name, default in held.items() if isinstance(held, Dict) else ():
        if name in names:
            found[name] = machine.call(default, [], {})
    return found


def _info_default(machine: Any, function: Function, name: str, info: Instance) -> Value:
    held = info.attributes
    if any(option in held for option in (*UNFOLLOWED, "click_type", "parser")):
        return _given_there(name)
    default = held.get("default", Ellipsis)
    factory = held.get("default_factory")
    if factory is not None or isinstance(default, (Function, Native, Partial, BoundMethod)):
        default = machine.call(default if factory is None else factory, [], {})
    if default is Ellipsis:
        return _given_there(name)
    kind = _annotated_type(machine, function, name)
    if isinstance(default, (List, tuple)):
        items = [item if kind is None else _through(machine, kind, item) for item in default]
        return tuple(items) if isinstance(default, tuple) else List(items, machine.heap.clock)
    if kind is None:
        return Unknown(f"{name} is what its annotation makes of a text") if isinstance(default, str) else default
    return _through(machine, kind, default)


def _annotated_type(machine: Any, function: Function, name: str) -> Value:
    """The builtin type in a parameter's annotation, through which typer gives its default; None if it is another."""
    notes = [note for n, _, _, note in function.lowered.parameters if n == name] if function.lowered else []
    named = {node.value for note in notes if note for node in walk(note) if isinstance(node, cst.Name)} - WRAPPERS
    if "Literal" in named:
        return machine.builtins["str"]
    plain = named & {"int", "float", "str", "bool"}
    return machine.builtins[plain.pop()] if len(plain) == 1 and plain == named else None


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
    **{f"click.{name}": _builtin_type(kind)
       for name, kind in {"INT": "int", "FLOAT": "float", "STRING": "str", "BOOL": "bool"}.items()},
    "click.IntRange": _range("int"),
    "click.FloatRange": _range("float"),
    "click.Choice": Native("Choice", _choice),
    "click.Path": Native("Path", _path),
    "typer.Option": Native("Option", _info),
    "typer.Argument": Native("Argument", _info),
}  # fmt: skip
