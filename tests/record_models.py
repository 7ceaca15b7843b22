"""Record what real torch gives for the models under fixtures/models: `python tests/record_models.py`."""

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
