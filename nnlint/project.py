"""Module names -> files of the project, as Python's import would find them; nothing outside is ever opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git", "tox.ini", ".hg")
UNSURE = ("__init__.pyc", ".so", ".pyd")  # compiled, for some Python or other
COMPILED = (".pyc", *UNSURE)
HINTS = ("requirements.txt", "environment.yml", "LICENSE", "README.md", "README.rst")  # of programs that nobody packs
INSTALLED = ("site-packages", "dist-packages")
STANDARD_LIBRARY = sys.stdlib_module_names - {"test"}  # many a project has a module `test`


class Project:
    """The folders in which a file's imports are looked up.

    roots: folders whose modules may be imported by name, first match wins; every path that is opened lies, with
    symbolic links resolved, below one of the `allowed` folders.
    """

    def __init__(self, path: str, search_path: Sequence[str] = ()) -> None:
        folder = os.path.dirname(os.path.realpath(path))
        top = import_root(folder)
        marked = marked_root(folder)
        hinted = hinted_roots(folder, marked)
        candidates = [top] if is_package(folder) else [folder, top]  # a script looks beside itself first
        candidates += hinted
        if marked is not None:
            candidates += [marked, os.path.join(marked, "src")]
        searched = [os.path.realpath(item) for item in search_path]
        if os.path.basename(top) in INSTALLED:
            package = os.path.relpath(folder, top).split(os.sep)[0]
            self.allowed = [folder if package == "." else os.path.join(top, package), *searched]
        else:
            project = marked or (hinted[-1] if hinted else top)
            self.allowed = [project if within(top, project) else top, *searched]
        self.roots = [item for i, item in enumerate(candidates + searched) if item not in (candidates + searched)[:i]]
        self._found: dict[str, str | None] = {}

    def module_name(self, path: str) -> str:
        """The dotted name of a file, relative to the root that holds its package."""
        real = os.path.realpath(path)
        folder, name = os.path.split(real)
        parts = [] if name == "__init__.py" else [name.removesuffix(".py")]
        tops = [import_root(folder), *sorted(self.roots, key=len, reverse=True)]
        above = next((top for top in tops if within(folder, top) and folder != top), None)
        if above is not None:
            parts = [*os.path.relpath(folder, above).split(os.sep), *parts]
        return ".".join(parts) or os.path.basename(folder)

    def find(self, dotted: str) -> str | None:
        """The file of a module ("a.b" -> ".../a/b.py" or ".../a/b/__init__.py"), or a folder without __init__.py (a
        namespace package), or None for what is not in the project."""
        if dotted not in self._found:
            self._found[dotted] = self._find(dotted)
        return self._found[dotted]

    def _find(self, dotted: str) -> str | None:
        parts = dotted.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        namespace: str | None = None
        for root in self.roots:
            base = os.path.join(root, *parts)
            for candidate in (os.path.join(base, "__init__.py"), f"{base}.py"):
                if os.path.isfile(candidate) and self._allows(candidate):
                    return candidate
            if namespace is None and os.path.isdir(base) and self._allows(base):
                namespace = base
        return namespace

    def holds_other(self, package: str, name: str) -> bool:
        """Whether the folder of a package, given by its file, holds something of a name that is no Python file, as a
        compiled module is."""
        folder = os.path.dirname(package)
        try:
            entries = os.listdir(folder) if self._allows(folder) else []
        except OSError:
            return False
        return any(entry.partition(".")[0] == name for entry in entries)

    def beside(self, path: str) -> list[str]:
        """The names of the modules in the package that a file belongs to, in order; none where that is no package."""
        package = os.path.join(os.path.dirname(os.path.realpath(path)), "__init__.py")
        if not (os.path.isfile(package) and self._allows(package)):
            return []
        entries = [entry.removesuffix(".py") for entry in sorted(os.listdir(os.path.dirname(package)))]
        names = [f"{self.module_name(package)}.{entry}" for entry in entries if entry[:2] != "__"]
        return [name for name in names if (self.find(name) or "").endswith(".py")]

    def modules_in(self, folder: str) -> list[tuple[str, bool]] | None:
        """The modules that pkgutil finds in a folder, in its order, each with whether it is a package; None where it is
        no folder of the project, or holds compiled modules, which not every Python finds."""
        entries = self._entries(folder)
        if any(entry.endswith(COMPILED) for entry in entries):
            return None
        found: dict[str, bool] = {}
        for entry in entries:
            inside = self._entries(os.path.join(folder, entry)) if "." not in entry else ()
            is_package = "__init__.py" in inside
            if not is_package and any(name.startswith("__init__.") and name.endswith(UNSURE) for name in inside):
                return None
            name = entry if is_package else entry.removesuffix(".py") if entry.endswith(".py") else ""
            if name and "." not in name and name != "__init__":
                found.setdefault(name, is_package)
        return list(found.items()) if entries else None

    def _entries(self, folder: str) -> list[str]:
        """What a folder of the project holds, in order; nothing where it is none."""
        try:
            return sorted(os.listdir(folder)) if self._allows(folder) else []
        except OSError:
            return []

    def holds(self, path: str) -> bool:
        """Whether a file is one of the project's own, not of the search path."""
        return within(os.path.realpath(path), self.allowed[0])

    def _allows(self, path: str) -> bool:
        real = os.path.realpath(path)
        return any(within(real, folder) for folder in self.allowed)


def absolute_name(module: str, is_package: bool, level: int, dotted: str) -> str:
    """The absolute name of what a module imports behind so many dots; "" where it leaves the project."""
    if not level:
        return dotted
    parts = module.split(".")
    parts = parts[: len(parts) - level + is_package]
    return ".".join([*parts, dotted] if dotted else parts)


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_package(folder: str) -> bool:
    """Whether a folder has an __init__.py."""
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def import_root(folder: str) -> str:
    """The folder from which the modules in this one are imported: that around the outermost package that it belongs to,
    be it as a part without an __init__.py of its own, as long as no file marks that part as a project."""
    marked, root = marked_root(folder), folder
    while True:
        while is_package(root) and os.path.dirname(root) != root:
            root = os.path.dirname(root)
        outer = root
        while not is_package(outer):
            if outer == marked or not os.path.basename(outer).isidentifier():
                return root
            outer = os.path.dirname(outer)
        if outer in (marked, root):
            return root
        root = outer


def marked_root(folder: str) -> str | None:
    """The nearest folder, from this one up, that looks like the root of a project."""
    while True:
        if any(os.path.exists(os.path.join(folder, marker)) for marker in MARKERS):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def hinted_roots(folder: str, marked: str | None) -> list[str]:
    """The folders from this one up to the marked root of its project, or to the top, that look like those of a program:
    what lies in them is imported from there. The nearest first."""
    found = []
    while folder != marked and os.path.dirname(folder) != folder:
        if any(os.path.exists(os.path.join(folder, hint)) for hint in HINTS) and not is_package(folder):
            found.append(folder)
        folder = os.path.dirname(folder)
    return found
