"""Record what real torch gives for the models under fixtures/models: `python tests/record_models.py`."""

import contextlib
import functools
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

CHECKOUT = Path(__file__).parent.parent
RECORDED = CHECKOUT / "fixtures" / "model_totals.json"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"fixture_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def builders(module: ModuleType) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The module's own functions and Module classes that can be called without arguments, in their order."""
    import torch

    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) or (inspect.isclass(value) and issubclass(value, torch.nn.Module)):
            try:
                inspect.signature(value).bind()
            except TypeError:
                continue
            yield name, value


@contextlib.contextmanager
def watched(path: Path) -> Iterator[dict[tuple[int, str], int]]:
    """While it lasts: the largest count by line of `path` and class of torch.nn that the line constructs."""
    import torch

    containers = {torch.nn.Module, torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict}
    containers |= {torch.nn.ParameterList, torch.nn.ParameterDict}
    largest: dict[tuple[int, str], int] = {}
    inside = False

    def watch(layer: type) -> Callable[..., None]:
        original = layer.__init__

        @functools.wraps(original)
        def construct(self: Any, *arguments: Any, **keywords: Any) -> None:
            nonlocal inside
            outermost, inside = not inside, True
            try:
                original(self, *arguments, **keywords)
            finally:
                inside = not outermost
            if outermost and type(self) not in containers:
                frame = sys._getframe(1)
                while frame and (frame.f_code.co_filename != str(path) or frame.f_locals.get("self") is self):
                    frame = frame.f_back
                if frame:
                    sizes = [p.numel() for p in self.parameters() if not torch.nn.parameter.is_lazy(p)]
                    count = sum(sizes)
                    key = (frame.f_lineno, type(self).__name__)
                    largest[key] = max(count, largest.get(key, 0))

        return construct

    classes = [value for value in vars(torch.nn).values() if inspect.isclass(value)]
    modules = [cls for cls in classes if issubclass(cls, torch.nn.Module)]
    layers = {base for cls in modules for base in cls.__mro__ if "__init__" in vars(base)}
    originals = {layer: layer.__init__ for layer in layers - containers - {object}}
    for layer in originals:
        layer.__init__ = watch(layer)
    try:
        yield largest
    finally:
        for layer, original in originals.items():
            layer.__init__ = original


def largest_layers(path: Path) -> dict[tuple[int, str], int]:
    """The same for a file of which all that can be built without arguments is built."""
    import torch

    with torch.device("meta"), watched(path) as largest:
        for _, build in builders(load(path)):
            build()
    return largest


def totals() -> dict[str, int]:
    """sum(p.numel()) by "file::name", built without storage."""
    import torch

    found = {}
    for path in sorted((CHECKOUT / "fixtures" / "models").glob("*.py")):
        with torch.device("meta"):
            for name, build in builders(load(path)):
                built = build()
                if isinstance(built, torch.nn.Module):
                    key = f"{path.relative_to(CHECKOUT).as_posix()}::{name}"
                    found[key] = sum(parameter.numel() for parameter in built.parameters())
    return found


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(totals(), indent=1) + "\n", encoding="utf-8")
