"""Packages that import what lies in their folder, by names that are not known: what is registered there is not known
either, and what else they hold is."""

import importlib.util
import subprocess
import sys
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


WALKED = {
    "__init__": "import sys\nfrom .loading import load\nload(sys.modules[__name__])\n",
    "loading": """\
import re, sys
from importlib import import_module
from pkgutil import walk_packages

FAILED, TIMES = [], {}

def load(package):
    for finder, name, is_package in walk_packages(package.__path__, package.__name__ + ".", FAILED.append):
        if name in sys.modules or re.match(r"(.*(_old)$)|(.*[.]_.*$)|((.*)skipped$)", name):
            continue
        try:
            module = import_module(name)
        except ImportError:
            continue
        finder.find_spec(name).loader.exec_module(module)
""",
    "registry": "from .loading import TIMES\nLAYERS = {}\nTIMES['registry'] = TIMES.get('registry', 0) + 1\n",
    "dense_old": "raise RuntimeError",
    "blocks/__init__": "from ..registry import LAYERS\nLAYERS['early'] = 2\n",
    "blocks/wide": "from ..registry import LAYERS\nLAYERS['wide'] = LAYERS.get('wide', 0) + len(LAYERS)\n",
    "broken/__init__": "from . import gone\n",
    "broken/never": "from ..registry import LAYERS\nLAYERS['never'] = 1\n",
    "plain/__main__": "raise RuntimeError",
}
WALKING = """\
from torch import nn
import models
from models import blocks
from models.loading import FAILED, TIMES
from models.registry import LAYERS

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(TIMES["registry"], len(FAILED), bias=False)
        self.layers = nn.ModuleList(nn.Linear(width, 1) for width in LAYERS.values())
"""


def test_a_package_that_walks_its_folder_imports_what_python_does(tmp_path: Path) -> None:
    for name, text in WALKED.items():
        path = tmp_path / "models" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "net.py").write_text(WALKING)
    (model,) = analyse(str(tmp_path / "net.py")).models
    assert (model.parameters, model.unknown) == (8, None)
    if importlib.util.find_spec("torch") is not None:
        code = "from net import Net; print(sum(parameter.numel() for parameter in Net().parameters()))"
        done = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("8\n", "")
