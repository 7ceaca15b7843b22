"""Linting runs nothing and reads nothing but the project: every open, import, exec, process and socket is watched."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nnlint import analyse
from nnlint.configuration import parse_configuration
from nnlint.report.gather import Request, read_file
from nnlint.rules import check_file

RUNS = ("exec", "import", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "socket.",
        "ctypes.", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate",
        "shutil.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "pickle.", "marshal.load", "code.__new__",
        "sqlite3.", "tempfile.", "os.putenv", "sys.setprofile", "sys.settrace", "builtins.input")  # fmt: skip
READS = ("open", "os.listdir", "os.scandir")

watched: list[tuple[str, Any]] | None = None


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watched is not None and (event in READS or event.startswith(RUNS)):
        watched.append((event, arguments[0] if arguments else None))


sys.addaudithook(watch)


@pytest.fixture
def events() -> Iterator[list[tuple[str, Any]]]:
    """What happens from here on; warmed up, so that nnlint's own modules are loaded."""
    global watched
    read_file(
        Request("warm.py"), "from torch import nn\nnn.Linear(1, 1)\nnn.Conv2d(3, 4, 3, groups=2)\n", CONFIGURATION
    )
    watched = []
    try:
        yield watched
    finally:
        watched = None


CONFIGURATION = parse_configuration({"max_layer_params": "1", "max_model_params": "1", "nnlint_report_unknown": True})

EVIL = """\
import os, pathlib, socket, subprocess, sys, urllib.request
MARK = {mark!r}
open(MARK, "w").write("open")
pathlib.Path(MARK).write_text("pathlib")
os.system(f"touch {{MARK}}")
subprocess.run(["touch", MARK])
exec("open(MARK, 'w')")
eval("open(MARK, 'w')")
socket.create_connection(("127.0.0.1", 9))
urllib.request.urlopen("http://127.0.0.1:9")
sys.modules["ran"] = 1
__import__("pathlib").Path(MARK).touch()
WIDTH = 3
"""
NET = """\
from torch import nn
import torch, importlib
from ......etc import passwd
from ..secret import SECRET
from .. import secret
import evil, escaped, linked.secret, loop, folder, fifo, unreadable, gone
from evil import WIDTH
import conftest, sitecustomize, setup, torch as t
importlib.import_module("evil")
__import__("evil")

class Meta(type):
    def __new__(cls, name, bases, names): return open({mark!r}, "w")

class Net(nn.Module, metaclass=Meta):
    x: "__import__('os').system('touch ' + {mark!r})" = f"{{__import__('os').system('touch ' + {mark!r})}}"
    def __init__(self, width: "open({mark!r}, 'w')" = open({mark!r}, "w")):
        super().__init__()
        self.a = nn.Linear(eval("open({mark!r}, 'w')"), compile("1", {mark!r}, "exec"))
        self.b = nn.Linear(len("{{0.__class__}}".format(open)), WIDTH)
        self.c = torch.load({mark!r})
        self.d = torch.hub.load({mark!r}, "net")
        self.e = nn.Linear(int(open("/etc/passwd").read(3)), os.getpid())

def factory():
    return nn.Linear(secret.SECRET, SECRET)

net = nn.Linear(2, 3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that would leave a mark if any of it ran, with every strange thing a folder can hold."""
    outside, project = tmp_path / "outside", tmp_path / "outside" / "project"
    project.mkdir(parents=True)
    mark = str(tmp_path / "mark")
    (outside / "secret.py").write_text("import torch\nSECRET = 1234\n")
    (project / "pyproject.toml").write_text("")
    for name in ("evil", "conftest", "sitecustomize", "setup", "torch"):
        (project / f"{name}.py").write_text(EVIL.format(mark=mark))
    (project / "escaped.py").symlink_to(outside / "secret.py")
    (project / "linked").symlink_to(outside, target_is_directory=True)
    (project / "loop.py").symlink_to(project / "loop.py")
    (project / "loops").symlink_to(project, target_is_directory=True)
    (project / "folder.py").mkdir()
    os.mkfifo(project / "fifo.py")
    (project / "unreadable.py").write_text("import torch\n")
    (project / "unreadable.py").chmod(0)
    (project / "gone.py").symlink_to(project / "nothing.py")
    (project / "net.py").write_text(NET.format(mark=mark))
    analyse._kept.forget()
    return project


def allowed(event: tuple[str, Any], folders: list[Path]) -> bool:
    name, argument = event
    if name not in READS or not isinstance(argument, (str, bytes, os.PathLike)):
        return False
    real = Path(os.path.realpath(os.fsdecode(argument)))
    return any(folder.resolve() in (real, *real.parents) for folder in folders)


def test_nothing_runs_and_nothing_outside_is_read(project: Path, events: list[tuple[str, Any]]) -> None:
    text = (project / "net.py").read_text()
    events.clear()
    findings = check_file(str(project / "net.py"), text, CONFIGURATION)
    report = read_file(Request(str(project / "net.py")), None, CONFIGURATION)
    happened = list(events)
    assert [event for event in happened if not allowed(event, [project])] == []
    assert any(event[0] == "open" and str(event[1]).endswith("evil.py") for event in happened)  # the trap works
    assert not (project.parent.parent / "mark").exists() and "ran" not in sys.modules
    assert not {"evil", "escaped", "gone"} & set(sys.modules)
    assert any(finding.line == len(text.splitlines()) and finding.code == "NNL101" for finding in findings)
    assert report.findings and not report.analysis.errors


def test_a_search_path_is_read_and_nothing_else(project: Path, events: list[tuple[str, Any]], tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "sizes.py").write_text("SIZE = 7\n")
    imports = "from torch import nn\nfrom sizes import SIZE\nfrom secret import SECRET\n"
    text = f"{imports}net = nn.Linear(SIZE, 1)\nnn.Linear(SECRET, 1)\n"
    configuration = parse_configuration({"max_layer_params": "1", "nnlint_search_path": str(library)})
    events.clear()
    found = check_file(str(project / "uses.py"), text, configuration)
    happened = list(events)
    assert [event for event in happened if not allowed(event, [project, library])] == []
    assert [(f.line, f.code, f.message[:23]) for f in found] == [(4, "NNL101", "Linear has 8 parameters")]
    events.clear()
    assert check_file(str(project / "uses.py"), text, CONFIGURATION)[0].code == "NNL901"  # without it: not known
    assert [event for event in events if not allowed(event, [project])] == []


@pytest.mark.parametrize("act", ["open('/dev/null')", "exec('1')", "__import__('this_is_not_there')",
                                 "__import__('socket').socket().close()"])  # fmt: skip
def test_the_trap_catches(events: list[tuple[str, Any]], project: Path, act: str) -> None:
    events.clear()
    with suppress(ImportError):
        eval(compile(act, "act", "eval"))
    caught = [event for event in events if not allowed(event, [project])]
    assert len(caught) > 1  # the first is that of eval itself


@pytest.mark.parametrize("name", ["folder", "loop", "gone", "unreadable", "fifo"])
def test_what_cannot_be_read_is_said_or_left_alone(project: Path, name: str) -> None:
    if name == "fifo":
        text = "import torch, fifo\nfrom torch import nn\nnn.Linear(1, 1)\n"
        assert read_file(Request(str(project / "reads_fifo.py")), text, CONFIGURATION).analysis.errors == []
        return
    if name == "unreadable" and os.access(project / "unreadable.py", os.R_OK):
        pytest.skip("root reads everything")
    told = read_file(Request(str(project / f"{name}.py")), None, CONFIGURATION)
    assert len(told.analysis.errors) == 1 and told.analysis.errors[0].message.startswith("cannot be read: ")
