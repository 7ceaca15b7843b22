"""pkgutil, and the finders and loaders of importlib: the modules that lie in the folder of a package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnlint.signature import REQUIRED, Parameter, Rest, Signature
from nnlint.unknown import Unknown, first
from nnlint.values import OBJECT, Class, Folder, Instance, List, Module, Native, RaisedError, Stream, Value

Found = tuple[str, bool, Instance]  # the name of a module, whether it is a package, and who has found it
NOT_KNOWN = "a module whose name is not known"


def import_any(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What imports modules by the text of a name or path"""
    machine.import_any()
    return Unknown(NOT_KNOWN)


def _iter_modules(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """pkgutil.iter_modules(path=None, prefix="")"""
    path, prefix = _bind(("path", "prefix"), (None, ""), args, kwargs)
    listed = _modules(machine, path, prefix)
    if isinstance(listed, Unknown):
        return listed
    kind = _module_info(machine)
    return Stream((_info(machine, kind, found) for found in listed), machine.heap.clock)


def _walk_packages(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """pkgutil.walk_packages(path=None, prefix="", onerror=None), which imports the packages that it finds"""
    path, prefix, on_error = _bind(("path", "prefix", "onerror"), (None, "", None), args, kwargs)
    listed = _modules(machine, path, prefix)
    if isinstance(listed, Unknown):
        machine.import_any()
        return listed
    return Stream(_walk(machine, listed, on_error, _module_info(machine)), machine.heap.clock)


def _walk(machine: Any, listed: list[Found], on_error: Value, kind: Class) -> Iterator[Value]:
    """The modules listed, and those in packages among them, each of which is imported when it was given."""
    seen: set[str] = set()
    for found in listed:
        machine.step()
        yield _info(machine, kind, found)
        name, is_package, _ = found
        inside = _import(machine, name, on_error) if is_package else []
        if isinstance(inside, List):
            inside = List(item for item in inside if not (isinstance(item, Folder) and item.path in seen))
            seen.update(item.path for item in inside if isinstance(item, Folder))
            inside = _modules(machine, inside, f"{name}.")
        if isinstance(inside, Unknown):
            machine.import_any()
            yield Rest(inside)
            return
        yield from _walk(machine, inside, on_error, kind)


def _import(machine: Any, name: str, on_error: Value) -> Value:
    """The __path__ of a package that is imported; nothing where its import raises what `on_error` takes."""
    try:
        package = machine.module(name)
    except RaisedError as raised:
        is_taken = machine.matches(raised.value, machine.classes["ImportError" if on_error is None else "Exception"])
        if isinstance(is_taken, Unknown):
            return is_taken
        if not is_taken:
            raise
        if on_error is not None:
            machine.call(on_error, [name], {})
        return []
    path = machine.find_attribute(package, "__path__") if isinstance(package, Module) else None
    return path if isinstance(path, List) else Unknown(NOT_KNOWN)


def _bind(names: tuple[str, ...], defaults: tuple[Value, ...], args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = {**dict(zip(names, defaults)), **dict(zip(names, args)), **kwargs}
    return [given[name] for name in names]


def _modules(machine: Any, path: Value, prefix: Value) -> list[Found] | Unknown:
    """The modules in the folders of a package, each name once."""
    if not (isinstance(path, (List, tuple)) and isinstance(prefix, str)):
        return Unknown(NOT_KNOWN)
    found: dict[str, Found] = {}
    for folder in path:
        entries = machine.project.modules_in(folder.path) if isinstance(folder, Folder) else None
        if entries is None:
            return Unknown(NOT_KNOWN)
        machine.step(len(entries))
        finder = Instance(FINDER, machine.heap.clock)
        finder.attributes["path"] = folder
        for name, is_package in entries:
            found.setdefault(prefix + name, (prefix + name, is_package, finder))
    return list(found.values())


def _module_info(machine: Any) -> Class:
    """The class of what iter_modules gives"""
    made = Class("ModuleInfo", (machine.classes["tuple"],), birth=machine.heap.clock)
    fields = ["module_finder", "name", "ispkg"]
    parameters = [Parameter(field, REQUIRED) for field in fields]
    machine.name_tuple(made, fields, Signature((Parameter("cls", REQUIRED, "positional"), *parameters)))
    return made


def _info(machine: Any, kind: Class, found: Found) -> Value:
    name, is_package, finder = found
    return machine.call(kind, [finder, name, is_package], {})


def _find_spec(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """finder.find_spec(name, target=None): how a module in the finder's folder is loaded"""
    name = first(*args[1:2], kwargs.get("fullname"))
    folder = args[0].attributes["path"]
    entries = machine.project.modules_in(folder.path) if isinstance(folder, Folder) else None
    if entries is None or not isinstance(name, str):
        return Unknown(NOT_KNOWN)
    if name.rpartition(".")[2] not in dict(entries):
        return Unknown(f"whether there is a {name}")
    loader, spec = Instance(LOADER, machine.heap.clock), Instance(SPEC, machine.heap.clock)
    loader.attributes["name"] = spec.attributes["name"] = name
    spec.attributes.update(loader=loader, parent=name.rpartition(".")[0])
    loader.open = spec.open = Unknown("where a module lies", plain=True)
    return spec


def _execute_again(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """loader.exec_module(module): of a module that is imported, its code runs once more"""
    module = first(*args[1:2], kwargs.get("module"))
    if not isinstance(module, Module) or module.name != args[0].attributes["name"]:
        return import_any(machine, args, kwargs)
    machine.execute_again(module)
    return None


FINDER = Class("FileFinder", (OBJECT,), full_name="importlib.machinery.FileFinder")
FINDER.attributes.update(
    find_spec=Native("find_spec", _find_spec),
    **{name: Native(name, import_any) for name in ("find_module", "find_loader")},
)
LOADER = Class("SourceFileLoader", (OBJECT,), full_name="importlib.machinery.SourceFileLoader")
LOADER.attributes.update(
    exec_module=Native("exec_module", _execute_again),
    **{name: Native(name, import_any) for name in ("load_module", "get_code", "get_source", "get_data")},
)
SPEC = Class("ModuleSpec", (OBJECT,), full_name="importlib.machinery.ModuleSpec")
PACKAGES: dict[str, Value] = {
    "pkgutil.iter_modules": Native("iter_modules", _iter_modules),
    "pkgutil.walk_packages": Native("walk_packages", _walk_packages),
    **{name: Native(name.rpartition(".")[2], import_any) for name in ("runpy.run_module", "runpy.run_path")},
}
