"""Packages that import what lies in their folder, by names that are not known: what is registered there is not known
either, and what else they hold is."""

from pathlib import Path

import pytest

from nnlint.analyse import analyse

WAYS = {
    "__init__": "",
    "registry": "LAYERS = {}\nWIDTH = 3\n",
    "dense": "from torch import nn\nfrom .registry import LAYERS\nLAYERS['dense'] = lambda: nn.Linear(4, 4)\n",
}
NET = """\
from torch import nn
import models
from models.registry import LAYERS, WIDTH

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(WIDTH, 1)
        self.layers = nn.ModuleList(make() for make in LAYERS.values())
"""
LISTED = "import importlib, os, pkgutil, runpy\nfor file in os.listdir(os.path.dirname(__file__)):\n    "


def total(folder: Path, package: str) -> tuple[int | None, int]:
    """What nnlint says of Net, whose package has this text."""
    (folder / "models").mkdir()
    for name, text in WAYS.items():
        (folder / "models" / f"{name}.py").write_text(text or package)
    (folder / "net.py").write_text(NET)
    (model,) = analyse(str(folder / "net.py")).models
    return model.parameters, model.at_least


@pytest.mark.parametrize(
    "package",
    [
        f"{LISTED}if file[0] != '_': importlib.import_module('models.' + file[:-3])",
        f"{LISTED}if file[0] != '_': importlib.import_module(name='.' + file[:-3], package=__name__)",
        f"{LISTED}if file[0] != '_': __import__(f'models.{{file[:-3]}}')",
        f"{LISTED}if file[0] != '_': exec(f'from .{{file[:-3]}} import *')",
        f"{LISTED}if file[0] != '_': runpy.run_module('models.' + file[:-3])",
        f"{LISTED}spec = importlib.util.spec_from_file_location(file[:-3], file); spec.loader.exec_module(spec)",
        "import glob\n__all__ = [file[:-3] for file in glob.glob('*.py')]\nfrom models import *",
    ],
)
def test_what_an_import_by_an_unknown_name_may_register_is_not_known(tmp_path: Path, package: str) -> None:
    assert total(tmp_path, package) == (None, 4)


@pytest.mark.parametrize(
    ("package", "parameters"),
    [
        ("import importlib\nfor name in ('registry', 'dense'): importlib.import_module('.' + name, __name__)", 24),
        ("import importlib\nimportlib.import_module(package=__name__, name='.dense')", 24),
        ("__import__('models.dense')", 24),
        ("import pkgutil\nfor _ in pkgutil.walk_packages(__path__, 'models.'): pass", 4),
        (
            "from . import registry\nimport models, importlib, pkgutil\ndef load():\n"
            "    for found in pkgutil.iter_modules(models.__path__): importlib.import_module('models.' + found.name)\n"
            "load()",
            24,
        ),
        ("import importlib.util\nSPEC = importlib.util.spec_from_file_location('models.dense', __file__ + 'x')", 4),
        ("__path__ = __import__('pkgutil').extend_path(__path__, __name__)", 4),
        ("import models\nfrom . import dense\nFOUND = models.__file__ + models.dense.__name__", 24),
    ],
)
def test_what_an_import_by_a_known_name_registers_is_known(tmp_path: Path, package: str, parameters: int) -> None:
    assert total(tmp_path, package) == (parameters, parameters)
