"""Which files a file's imports lead to, and that no others are ever opened."""

import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnlint.analyse import Settings, analyse
from nnlint.construction import Failure
from nnlint.evaluate import imports
from nnlint.project import HINTS, Project
from nnlint.source import Source

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BUDGET = ("--isolated", "--select=NNL", "--max-layer-params=1M")
FOUND = "NNL101 Linear has 1,049,600 parameters (1024×1024 + 1024), over the budget of 1,000,000"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a package, beside a folder that is not of it."""
    files = {
        "project/pyproject.toml": "",
        "project/nets/__init__.py": "",
        "project/nets/sizes.py": "WIDTH = 1024\n",
        "project/nets/model.py": ("from torch import nn\nfrom .sizes import WIDTH\nlayer = nn.Linear(WIDTH, WIDTH)\n"),
        "project/scripts/train.py": (
            "from torch import nn\nfrom nets.sizes import WIDTH\nlayer = nn.Linear(WIDTH, WIDTH)\n"
        ),
        "outside/secret.py": "WIDTH = 1024\n",
        "outside/package/__init__.py": "from .sizes import WIDTH\n",
        "outside/package/sizes.py": "WIDTH = 1024\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "project"


def test_a_file_is_found_from_wherever_flake8_runs(flake8: Run, project: Path) -> None:
    for path, folder in (
        ("nets/model.py", project), ("model.py", project / "nets"), (str(project / "nets/model.py"), Path("/")),
        ("../nets/model.py", project / "scripts"), ("scripts/train.py", project), ("train.py", project / "scripts"),
    ):  # fmt: skip
        assert flake8(*BUDGET, path, cwd=folder).stdout == f"{path}:3:9: {FOUND}\n"


def test_standard_input_stands_where_its_display_name_says(flake8: Run, project: Path) -> None:
    text = "from torch import nn\nfrom .sizes import WIDTH\n\nlayer = nn.Linear(WIDTH, WIDTH)\n"
    for name, folder in (("nets/new.py", project), ("new.py", project / "nets"), ("nets/model.py", project)):
        done = flake8(*BUDGET, f"--stdin-display-name={name}", "-", cwd=folder, stdin=text)
        assert done.stdout == f"{name}:4:9: {FOUND}\n"
    assert flake8(*BUDGET, "-", cwd=project, stdin=text).stdout == "", "no package is known"
    plain = text.replace(".sizes", "nets.sizes")
    assert flake8(*BUDGET, "-", cwd=project, stdin=plain).stdout == f"stdin:4:9: {FOUND}\n"


OPENED = """\
import sys
from nnlint.analyse import Settings, analyse
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
analysis = analyse(sys.argv[1], None, Settings(search_path=sys.argv[3:]))
print(*(path for path in opened if path.startswith(sys.argv[2])), sep="\\n")
print("count", *(site.parameters for site in analysis.layers))
"""

OUTSIDE = {
    "above": "from ...outside.secret import WIDTH",
    "far above": "from ......etc import passwd as WIDTH",
    "too far above": f"from {'.' * 60} import WIDTH",
    "by name": "from secret import WIDTH",
    "by its folder": "from outside.secret import WIDTH",
    "a linked file": "from .linked import WIDTH",
    "a linked folder": "from .package import WIDTH",
    "a star": "from ...outside.secret import *",
    "in a function": "def f():\n    from ...outside.secret import WIDTH\n    return WIDTH\nWIDTH = f()",
}


@pytest.mark.parametrize("statement", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_outside_of_the_project_is_opened(statement: str, project: Path) -> None:
    (project / "nets" / "linked.py").symlink_to(project.parent / "outside" / "secret.py")
    (project / "nets" / "package").symlink_to(project.parent / "outside" / "package")
    model = project / "nets" / "model.py"
    model.write_text(f"from torch import nn\n{statement}\nlayer = nn.Linear(WIDTH, 4)\n")
    command = [sys.executable, "-c", OPENED, str(model), os.path.realpath(project.parent)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    opened = {os.path.realpath(line) for line in lines[:-1]}
    assert opened == {os.path.realpath(path) for path in (model, model.parent / "__init__.py")}, opened
    assert lines[-1] in ("count None", "count")


def test_a_link_within_the_project_is_followed(project: Path) -> None:
    (project / "nets" / "linked.py").symlink_to(project / "nets" / "sizes.py")
    (project / "other").symlink_to(project / "nets")
    model = project / "nets" / "model.py"
    for module in (".linked", "other.sizes"):
        model.write_text(f"from torch import nn\nfrom {module} import WIDTH\nlayer = nn.Linear(WIDTH, 4)\n")
        assert [site.parameters for site in analyse(str(model)).layers] == [4100]


def test_a_folder_inside_of_a_package_belongs_to_it_without_being_one(tmp_path: Path) -> None:
    for name in ("one/__init__.py", "one/nets/model.py", "one/nets/deep/__init__.py", "one/nets/deep/sizes.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "one/nets/helper.py").write_text("")
    project = Project(str(tmp_path / "one/nets/model.py"))
    assert project.module_name(str(tmp_path / "one/nets/model.py")) == "one.nets.model"
    assert project.module_name(str(tmp_path / "one/nets/deep/sizes.py")) == "one.nets.deep.sizes"
    assert project.find("one.nets.deep") == os.path.realpath(tmp_path / "one/nets/deep/__init__.py")
    assert project.find("helper") == os.path.realpath(tmp_path / "one/nets/helper.py"), "as a script has it beside it"
    (tmp_path / "one/nets/setup.py").write_text("")
    project = Project(str(tmp_path / "one/nets/model.py"))
    assert project.module_name(str(tmp_path / "one/nets/model.py")) == "model", "a project of its own"
    assert project.find("one") is None


@pytest.mark.parametrize("hint", HINTS)
def test_a_program_that_nobody_packs_has_its_modules_where_it_lies(tmp_path: Path, hint: str) -> None:
    for name in ("aside/sizes.py", "program/nets/model.py", "program/sizes.py", "program/tools/sizes.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert Project(str(tmp_path / "program/nets/model.py")).find("sizes") is None
    (tmp_path / "program" / hint).write_text("")
    project = Project(str(tmp_path / "program/nets/model.py"))
    assert project.module_name(str(tmp_path / "program/nets/model.py")) == "nets.model"
    assert project.find("sizes") == os.path.realpath(tmp_path / "program/sizes.py")
    assert project.find("tools.sizes") == os.path.realpath(tmp_path / "program/tools/sizes.py")
    assert project.find("aside.sizes") is None
    assert project.holds(str(tmp_path / "program/sizes.py")) and not project.holds(str(tmp_path / "aside/sizes.py"))


def test_the_search_path_stands_behind_the_project(project: Path) -> None:
    searched = Settings(search_path=(str(project.parent / "outside"),))
    (project / "secret.py").write_text("WIDTH = 10\n")
    model = project / "nets" / "model.py"
    model.write_text("from torch import nn\nfrom secret import WIDTH\nlayer = nn.Linear(WIDTH, 4)\n")
    assert [site.parameters for site in analyse(str(model), None, searched).layers] == [44]


def test_the_search_path_may_be_read(flake8: Run, project: Path) -> None:
    model = project / "nets" / "model.py"
    searched = Settings(search_path=(str(project.parent / "outside"),))
    for statement in ("from secret import WIDTH", "from package import WIDTH", "import package.sizes as WIDTH"):
        use = "WIDTH.WIDTH" if " as " in statement else "WIDTH"
        model.write_text(f"from torch import nn\n{statement}\nlayer = nn.Linear({use}, 4)\n")
        assert [site.parameters for site in analyse(str(model), None, searched).layers] == [4100]
        assert [site.parameters for site in analyse(str(model)).layers] == [None]
    option = f"--nnlint-search-path={project.parent / 'outside'}"
    model.write_text("from torch import nn\nfrom package import WIDTH\n\nlayer = nn.Linear(WIDTH, 1024)\n")
    assert flake8(*BUDGET, option, "nets/model.py", cwd=project).stdout == f"nets/model.py:4:9: {FOUND}\n"
    assert flake8(*BUDGET, "nets/model.py", cwd=project).stdout == ""


def test_a_file_of_an_installed_package_reads_its_own_package_only(tmp_path: Path) -> None:
    installed = tmp_path / "lib" / "site-packages"
    for name, text in (("one/__init__.py", ""), ("one/sizes.py", "WIDTH = 3\n"), ("two.py", "WIDTH = 3\n")):
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_text(text)
    project = Project(str(installed / "one" / "model.py"))
    assert project.find("one.sizes") == os.path.realpath(installed / "one" / "sizes.py")
    assert project.find("two") is None


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed from here on."""
    names: list[str] = []
    parse = imports.parse

    def noting(path: str, text: str) -> Source | Failure:
        names.append(os.path.basename(path))
        return parse(path, text)

    monkeypatch.setattr(imports, "parse", noting)
    return names


def test_a_file_is_parsed_once_per_process(project: Path, parsed: list[str]) -> None:
    for _ in range(2):
        analyse(str(project / "nets" / "model.py"))
        analyse(str(project / "scripts" / "train.py"))
    files = [name for name in parsed if name.endswith(".py") and name != "__init__.py"]
    assert sorted(files) == ["model.py", "sizes.py", "train.py"]


def test_what_evaluation_does_not_ask_for_is_not_loaded(project: Path, parsed: list[str]) -> None:
    (project / "nets" / "unused.py").write_text("WIDTH = 3\n")
    analyse(str(project / "nets" / "model.py"))
    assert "unused.py" not in parsed and "sizes.py" in parsed


def test_a_name_that_is_deleted_from_a_module_is_not_there_any_more(project: Path) -> None:
    (project / "nets" / "state.py").write_text("WIDTH = 3\nKEPT = 4\n")
    text = (
        "from torch import nn\nfrom nets import state\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        del state.WIDTH\n"
        "        self.head = nn.Linear(2 if hasattr(state, 'WIDTH') else 5, state.KEPT)\n"
    )
    assert [model.parameters for model in analyse(str(project / "nets" / "net.py"), text).models] == [24]


def test_a_module_of_another_class_may_have_any_name(project: Path) -> None:
    (project / "nets" / "lazy.py").write_text(
        "import sys, types\n"
        "class Lazy(types.ModuleType):\n"
        "    width = property(lambda self: 3)\n"
        "sys.modules[__name__].__class__ = Lazy\n"
    )
    text = (
        "from torch import nn\nfrom nets import lazy\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        try: self.head = nn.Linear(lazy.width, 1)\n"
        "        except AttributeError: self.head = nn.Linear(9, 9)\n"
    )
    assert [model.parameters for model in analyse(str(project / "nets" / "net.py"), text).models] == [None]


def test_a_folder_holds_the_modules_that_pkgutil_finds_in_it(project: Path) -> None:
    names = ("a/__init__.py", "a.py", "b/y.py", "c/__init__.txt", "d.e/__init__.py", "q.r.py", "z.txt", "__main__.py",
             "f/__pycache__/__init__.cpython-311.pyc", "f/__init__.py")  # fmt: skip
    for name in names:
        (project / "nets" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "nets" / name).write_text("")
    found = Project(str(project / "nets" / "model.py"))
    folder = str(project / "nets")
    assert found.modules_in(folder) == [(info.name, info.ispkg) for info in pkgutil.iter_modules([folder])]
    (project / "nets" / "fast.so").write_text("")
    assert found.modules_in(folder) is None, "which Python finds a compiled module is not known"
    assert found.modules_in(str(project.parent / "outside" / "package")) is None
