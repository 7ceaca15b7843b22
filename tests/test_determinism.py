"""The same findings and report, whatever the order of hashes, files and processes, the folder and the Python."""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnlint.analyse import analyse

CHECKOUT = Path(__file__).parent.parent
PROJECT = {
    "pyproject.toml": "",
    "sizes.py": "import torch\nWIDTH = 300\nSIZES = {'a': 30, 'b': 50}\nKINDS = {'x', 'y', 'z'}\n",
    "blocks.py": """\
from torch import nn
from sizes import SIZES, WIDTH

class Block(nn.Module):
    def __init__(self, width=WIDTH, kinds=frozenset({"a", "b"})):
        super().__init__()
        for kind in kinds:
            setattr(self, kind, nn.Linear(width, SIZES[kind]))
        self.convs = nn.ModuleList(nn.Conv2d(width, w, 3) for w in {8, 16, 24})

def deep(n=40):
    return nn.Sequential(*[Block(i + 1) for i in range(n)])
""",
    "net.py": """\
import blocks
from blocks import Block, deep
from sizes import KINDS
from torch import nn

class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.blocks = nn.ModuleDict({kind: Block(100) for kind in KINDS})
        self.tail = blocks.deep(3)
        self.head = nn.Linear(config.hidden, 10) if config.big else nn.Linear(7, 10)
        if config.deep:
            self.deep = deep()

nn.Conv2d(3, 4, 3, groups=2)
""",
    "again.py": "from net import Net\nfrom blocks import deep\nnet = deep(5)\n",
}
OPTIONS = ("--isolated", "--select=NNL", "--max-layer-params=1k", "--max-model-params=10k", "--nnlint-report-unknown")
FILES = [name for name in PROJECT if name.endswith(".py")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in PROJECT.items():
        (folder / name).write_text(text)
    return folder


def lint(folder: Path, *arguments: str, cwd: Path | None = None, text: str | None = None, **environment: str) -> str:
    """What flake8 prints: findings alone, in its own order."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "flake8", *OPTIONS, *arguments],
        cwd=cwd or folder, env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        input=text, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def report(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nnlint", "report", "--isolated", "--format=json", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def findings(project: Path) -> str:
    """What every way must give."""
    found = lint(project, "-j1", *FILES, PYTHONHASHSEED="0")
    assert {line.split()[1] for line in found.splitlines()} == {"NNL101", "NNL102", "NNL201", "NNL901"}
    return found


@pytest.fixture(scope="module")
def reported(project: Path) -> str:
    """What every report must say."""
    return report(project, *FILES, PYTHONHASHSEED="0")


@pytest.mark.parametrize("seed", range(1, 11))
def test_hashes_change_nothing(project: Path, findings: str, reported: str, seed: int) -> None:
    assert lint(project, "-j1", *FILES, PYTHONHASHSEED=str(seed)) == findings
    assert report(project, *FILES, PYTHONHASHSEED=str(seed)) == reported


def test_processes_change_nothing(project: Path, findings: str) -> None:
    assert lint(project, "-j2", *FILES) == findings


@pytest.mark.parametrize("order", [FILES[::-1], [*FILES[2:], *FILES[:2]]])
def test_the_order_of_files_changes_nothing(project: Path, findings: str, reported: str, order: list[str]) -> None:
    assert sorted(lint(project, "-j1", *order).splitlines()) == sorted(findings.splitlines())
    one, other = (json.loads(text)["files"] for text in (report(project, *order), reported))
    assert sorted(one, key=lambda file: file["path"]) == sorted(other, key=lambda file: file["path"])


def test_each_file_alone_says_the_same(project: Path, findings: str) -> None:
    assert "".join(lint(project, "-j1", name) for name in FILES) == findings


def test_the_working_directory_changes_nothing(project: Path, findings: str, tmp_path: Path) -> None:
    found = lint(project, "-j1", *(str(project / name) for name in FILES), cwd=tmp_path)
    assert found.replace(f"{project}{os.sep}", "") == findings


@pytest.mark.parametrize("name", FILES)
def test_standard_input_says_the_same_as_the_file(project: Path, name: str) -> None:
    text = (project / name).read_text()
    assert lint(project, f"--stdin-display-name={name}", "-", text=text) == lint(project, name)


def test_the_report_is_the_same_on_one_and_two_cores(project: Path, tmp_path: Path) -> None:
    for index in range(20):
        (tmp_path / f"net{index}.py").write_text(PROJECT["net.py"].replace("100", str(index + 1)))
    assert report(tmp_path, "--jobs=1", ".") == report(tmp_path, "--jobs=2", ".")


def test_the_recorded_findings_are_those_of_every_python(findings: str) -> None:
    """CI runs this on the oldest and the newest Python: the text is compared, not only repeated."""
    assert findings == RECORDED


RECORDED = """\
blocks.py:4:1: NNL102 Block() builds at least 129,648 parameters, over the budget of 10,000; largest: Conv2d at line 9, 64,824
blocks.py:8:33: NNL101 Linear has 15,050 parameters (300×50 + 50), over the budget of 1,000, when built by Block() at line 4
blocks.py:9:36: NNL101 Conv2d has 64,824 parameters (300×3×3×24 + 24), over the budget of 1,000, when built by Block() at line 4
blocks.py:11:1: NNL102 deep() builds at least 356,160 parameters, over the budget of 10,000; largest: Conv2d at line 9, 8,664
blocks.py:12:28: NNL102 Block(i + 1) builds at least 17,328 parameters, over the budget of 10,000; largest: Conv2d at line 9, 8,664
net.py:11:21: NNL901 Linear has a number of parameters that is not statically known: at least 10, config is a parameter without a default
net.py:15:1: NNL201 Conv2d cannot be built: groups=2 does not divide in_channels=3
"""


def test_a_file_that_another_has_imported_has_each_layer_and_model_once(tmp_path: Path) -> None:
    net = (
        "from torch import nn\n\nclass Head(nn.Linear):\n    pass\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.head = Head(3, 4)\n\ndef make():\n    return Net()\n\nnet = make()\n"
    )
    (tmp_path / "net.py").write_text(net)
    (tmp_path / "user.py").write_text("import torch\nfrom net import make\n")
    one = analyse(str(tmp_path / "net.py"))
    analyse(str(tmp_path / "user.py"))
    again = analyse(str(tmp_path / "net.py"))
    assert [(site.place.line, site.class_name) for site in again.layers] == [(9, "Head")]
    assert again.models == one.models and again.layers == one.layers


WRITERS = {
    "pyproject.toml": "",
    "cfg.py": "WIDTH = 3\nSIZES = [1]\nNAMES = {'a': 1}\nclass Base:\n    depth = 1\n",
    "writes.py": """\
import cfg
from torch import nn

cfg.WIDTH = 5
cfg.SIZES.append(2)
cfg.NAMES["b"] = 2
cfg.Base.depth = 7

def nothing(self, *args):
    nn.Module.__init__(self)

nn.Linear.__init__ = nothing

def net():
    return nn.Sequential(nn.Conv1d(cfg.WIDTH, len(cfg.SIZES), len(cfg.NAMES)), nn.Linear(10, cfg.Base.depth))
""",
    "reads.py": """\
import cfg
from torch import nn

def net():
    return nn.Sequential(nn.Conv1d(cfg.WIDTH, len(cfg.SIZES), len(cfg.NAMES)), nn.Linear(10, cfg.Base.depth))
""",
    "leads.py": "import writes\nfrom reads import net as build\n\ndef net():\n    return build()\n",
    "later.py": """\
import reads

def net():
    import writes
    return reads.net()

def other():
    return reads.net()
""",
    "again.py": "import cfg\ncfg.WIDTH *= 2\nimport writes\nimport reads\n\ndef net():\n    return reads.net()\n",
    "doubles.py": "import cfg\ncfg.WIDTH *= 2\nimport reads\n\ndef net():\n    return reads.net()\n",
    "both.py": "import doubles\nimport again\nimport reads\n\ndef net():\n    return reads.net()\n",
    "turned.py": "import writes\nimport doubles\nimport reads\n\ndef net():\n    return reads.net()\n",
}
# What Python builds in a process of its own: Conv1d(width, sizes, names) and Linear(10, depth), which `writes` empties.
WRITTEN = {
    "writes": [5 * 2 * 2 + 2], "reads": [3 + 1 + 11], "leads": [22], "later": [22, 15], "again": [22],
    "doubles": [6 + 1 + 11], "both": [22], "turned": [10 * 2 * 2 + 2],
}  # fmt: skip
ORDERS = (
    "writes reads leads later again doubles both turned",
    "turned both doubles again later leads reads writes",
    "doubles turned reads both later writes doubles leads again reads turned later",
)


@pytest.mark.parametrize("order", ORDERS)
def test_what_an_import_writes_elsewhere_counts_for_the_files_that_import_it_alone(tmp_path: Path, order: str) -> None:
    for name, text in WRITERS.items():
        (tmp_path / name).write_text(text)
    for name in order.split():
        models = analyse(str(tmp_path / f"{name}.py")).models
        assert [model.parameters for model in models if model.kind == "function"] == WRITTEN[name], name


BUILDS = """\
import importlib, os, sys
import torch

for name in sys.argv[1:]:  # each in a process of its own, which has torch already
    if os.fork() == 0:
        module, function = name.split(".")
        built = getattr(importlib.import_module(module), function)()
        print(name, sum(p.numel() for p in built.parameters()), flush=True)
        os._exit(0)
    os.wait()
"""


def test_what_an_import_writes_elsewhere_is_what_python_writes(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for name, text in WRITERS.items():
        (tmp_path / name).write_text(text)
    expected = {f"{n}.{f}": total for n, totals in WRITTEN.items() for f, total in zip(("net", "other"), totals)}
    command = [sys.executable, "-c", BUILDS, *expected]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name} {total}" for name, total in expected.items()]


READERS = {
    "pyproject.toml": "",
    "reg.py": "ORDER = []\n\ndef register(cls):\n    ORDER.append(cls)\n    cls.index = len(ORDER)\n    return cls\n",
    "one.py": """\
from torch import nn
from reg import register

@register
class One(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, self.index)
""",
    "two.py": "from one import nn, One\nfrom reg import register\n\n@register\nclass Two(One):\n    pass\n",
    "three.py": "from torch import nn\nfrom reg import register\n\n@register\nclass Three(nn.Module):\n    pass\n",
    "first.py": "import one\nimport three\n\ndef net():\n    return one.One()\n",
    "last.py": "import three\nimport one\n\ndef net():\n    return one.One()\n",
    "circle.py": """\
from torch import nn

WIDTH = 2
import around

WIDTH += 1

def net():
    return nn.Linear(WIDTH, around.WIDTH)
""",
    "around.py": """\
from torch import nn
import circle

WIDTH = getattr(circle, "WIDTH", 50) * 2
circle.WIDTH = 10

def net():
    return nn.Linear(circle.WIDTH, WIDTH)
""",
    "asks.py": "from torch import nn\n\nWIDTH = 5\nimport asked\n\ndef net():\n    return nn.Linear(1, WIDTH)\n",
    "once.py": """\
from torch import nn

WIDTH, IS_SET = 1, False

def set_up():
    global WIDTH, IS_SET
    if not IS_SET:
        WIDTH, IS_SET = 8, True
""",
    "sets.py": "import once\nonce.set_up()\n",
    "sets_too.py": "import once\nonce.set_up()\n",
    "both.py": "import sets\nimport sets_too\nimport once\n\ndef net():\n    return once.nn.Linear(once.WIDTH, 1)\n",
    "second.py": "import sets_too\nimport once\n\ndef net():\n    return once.nn.Linear(once.WIDTH, 1)\n",
    "keeps.py": "from torch import nn\nimport once\nKEPT = once.WIDTH\n\ndef net():\n    return nn.Linear(1, KEPT)\n",
    "writes.py": """\
from torch import nn
import once

def net():
    once.WIDTH = 9
    import keeps
    return nn.Linear(1, keeps.KEPT)

def other():
    import keeps
    return nn.Linear(1, keeps.KEPT)
""",
    "asked.py": "import asks\n\nif hasattr(asks, 'net'):\n    asks.WIDTH = 1\n",
    "size.py": "def size(*, n=3):\n    return n\n",
    "sets_default.py": "from size import size\nsize.__kwdefaults__['n'] = 8\n",
    "sized.py": """\
from torch import nn
from size import size

KEPT = size()
HAS_DEFAULTS = bool(size.__kwdefaults__)

def net():
    return nn.Linear(KEPT, 2 if HAS_DEFAULTS else 1)
""",
    "sized_later.py": "import sets_default\nimport sized\n\ndef net():\n    return sized.net()\n",
}
# What Python builds in a process of its own; None where nnlint does not say, or there is no function.
READ = {
    "one": [], "two": [], "first": [3], "last": [6], "circle": [11 * 4 + 4], "around": [10 * 6 + 6], "asks": [None],
    "both": [9], "second": [9], "keeps": [2], "writes": [18, None], "sized": [8], "sized_later": [None],
}  # fmt: skip
READ_ORDERS = (
    "one two first last circle around asks both second keeps writes sized sized_later",
    "sized_later sized writes keeps second both asks around circle last first two one",
    "last one around asks writes keeps writes both second",
)


@pytest.mark.parametrize("order", READ_ORDERS)
def test_what_an_import_reads_is_what_was_imported_before_it_in_each_file(tmp_path: Path, order: str) -> None:
    for name, text in READERS.items():
        (tmp_path / name).write_text(text)
    for name in order.split():
        models = analyse(str(tmp_path / f"{name}.py")).models
        assert [model.parameters for model in models if model.kind == "function"] == READ[name], name
        totals = [model.parameters for model in models if model.name == "One"]
        assert totals == ([3] if name == "one" else totals), name


def test_what_an_import_reads_is_what_python_reads(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for name, text in READERS.items():
        (tmp_path / name).write_text(text)
    expected = {f"{name}.net": total for name, totals in READ.items() for total in totals[:1] if total is not None}
    command = [sys.executable, "-c", BUILDS, *expected]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name} {total}" for name, total in expected.items()]


@pytest.mark.parametrize("order", ["a b", "b a", "a a b b"])
def test_a_file_that_its_package_imports_runs_when_the_package_comes_to_it(tmp_path: Path, order: str) -> None:
    net = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, n=1):\n        super().__init__()\n"
    net += "        self.layer = nn.Linear(n, 1)\n"
    files = {
        "pyproject.toml": "",
        "pk/__init__.py": "SEEN = []\nfrom . import a, b\n",
        "pk/a.py": f"{net}from . import SEEN\nSEEN.append(1)\nnet = Net(len(SEEN))\n",
        "pk/b.py": "from . import SEEN\nfrom .a import Net\nSEEN.append(1)\nnet = Net(len(SEEN))\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in order.split():
        models = analyse(str(tmp_path / "pk" / f"{name}.py")).models
        assert [model.parameters for model in models if model.kind == "call"] == [{"a": 2, "b": 3}[name]]


PERHAPS = {
    "pyproject.toml": "",
    "cfg.py": "W = 3\n",
    "other.py": "",
    "sets.py": "import cfg\ncfg.W = 6\n",
    "doubles.py": "import cfg\ncfg.W *= 2\n",
    "net.py": """\
import cfg
from torch import nn

def writes(flag):  # 13 or 7
    if flag:
        import other
        cfg.W = 6
    import doubles
    return nn.Linear(cfg.W, 1)

def writes_back(flag):  # 4 or 7
    if flag:
        import sets
        cfg.W = 3
    import sets
    return nn.Linear(cfg.W, 1)

def writes_else(flag):  # 7 or 13
    if flag:
        import doubles
    else:
        cfg.W = 6
    import doubles
    return nn.Linear(cfg.W, 1)
""",
}


def test_what_an_import_writes_that_may_have_run_before_is_not_known(tmp_path: Path) -> None:
    for name, text in PERHAPS.items():
        (tmp_path / name).write_text(text)
    models = analyse(str(tmp_path / "net.py")).models
    assert [(model.parameters, model.at_least) for model in models if model.kind == "function"] == [(None, 1)] * 3


# What `first` imports in only some of the ways is not known there; nothing of that holds where another file begins.
DOUBTED = {
    "pyproject.toml": "",
    "kinds.py": "class Kinds:\n    names = []\n",
    "other.py": "import kinds\nkinds.Kinds = type('Kinds', (), {'names': []})\n",
    "between.py": "import net\n",
    "middle.py": "import torch\nif torch.cuda.is_available():\n    import other\nelse:\n    import between\n",
    "first.py": "import torch\nfrom middle import nothing\n",
    "net.py": "from torch import nn\nimport kinds\nkinds.Kinds.names.append(1)\nclass Net(nn.Module):\n"
    "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(2, 3)\n",
}


def test_what_is_not_known_in_one_file_is_known_in_the_next(tmp_path: Path) -> None:
    for name, text in DOUBTED.items():
        (tmp_path / name).write_text(text)
    analyse(str(tmp_path / "first.py"))
    (net,) = analyse(str(tmp_path / "net.py")).models
    assert (net.name, net.parameters) == ("Net", 9)
