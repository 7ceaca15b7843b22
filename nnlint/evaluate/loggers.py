"""logging: a logger writes nothing to what it is given, but what the program's objects say of themselves may run."""

from __future__ import annotations

from functools import partial
from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import Class, Dict, Instance, Native, Value

NAMES = ("debug", "info", "warning", "warn", "error", "exception", "critical", "log")
LOGGERS = "__loggers__"


def _log(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """logger.info(message, *args): whether it is written is not known, nor how often."""
    for value in (*args, *kwargs.values()):
        is_asked = isinstance(value, Instance) and value.cls.module is not None
        if is_asked or isinstance(value, (list, tuple, dict)):
            machine.forget_after(partial(machine.text, value), "it may be logged")
    return None


def _log_by(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _log(machine, args[1:], kwargs)


def _start(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Logger.__init__(self, name, level=0)"""
    given = {**dict(zip(("self", "name", "level"), args)), **kwargs}
    machine.heap.touch(args[0])
    args[0].attributes.update(name=given.get("name"), level=given.get("level", 0))
    args[0].open = Unknown("an attribute of a logger", plain=True, foreign=True)
    return None


def _get_logger(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """logging.getLogger(name): one for each name, as old as the machine: when it was asked for first says nothing"""
    name = args[0] if args else kwargs.get("name")
    loggers = machine.classes["logging.Logger"].attributes[LOGGERS]
    if isinstance(name, Unknown) or loggers.rest is not None:
        return Unknown("which logger it is, or of which class")
    if name in (None, ""):
        name = "root"
    if name not in loggers:
        loggers[name] = Instance(machine.classes["logging.Logger"], 0)
        loggers[name].open = Unknown("an attribute of a logger", plain=True, foreign=True)
    return loggers[name]


def _set_class(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """logging.setLoggerClass(cls): loggers are of the program's own class from here on, if they are new"""
    loggers = machine.classes["logging.Logger"].attributes[LOGGERS]
    machine.heap.touch(loggers)
    loggers.rest = Unknown("a logger of a class of the program's own")
    return None


def logger_classes(object_class: Class) -> dict[str, Class]:
    """logging.Logger, to which programs add methods."""
    logger = Class("Logger", (object_class,), full_name="logging.Logger")
    logger.attributes.update({name: Native(name, _log_by) for name in NAMES})
    logger.attributes["__init__"] = Native("__init__", _start)
    logger.attributes[LOGGERS] = Dict()
    return {"logging.Logger": logger}


LOGGING: dict[str, Value] = {
    "logging.getLogger": Native("getLogger", _get_logger),
    "logging.setLoggerClass": Native("setLoggerClass", _set_class),
    **{f"logging.{name}": Native(name, _log) for name in NAMES},
}
