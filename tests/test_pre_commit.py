"""The hooks under the real pre-commit: in environments of their own, from a clone of the last commit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
OVER = "from torch import nn\n\nlayer = nn.Linear(4096, 4096)\n"
WITHIN = "from torch import nn\n\nlayer = nn.Linear(512, 512)\n"
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
HOOK_OF_ITS_OWN, HOOK_OF_FLAKE8 = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
BROKEN = "from torch import nn\n\nlayer = nn.Linear(512, 512\n"

pytestmark = pytest.mark.skipif(
    not (CHECKOUT / ".git").exists() or shutil.which("git") is None, reason="needs git and a checkout"
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of git and pre-commit: an author, no configuration of the machine's, a store of its own."""
    home = tmp_path_factory.mktemp("home")
    own = {
        "GIT_AUTHOR_NAME": "nnlint", "GIT_AUTHOR_EMAIL": "nnlint@example.com",
        "GIT_COMMITTER_NAME": "nnlint", "GIT_COMMITTER_EMAIL": "nnlint@example.com",
        "GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never",
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    return {**inherited, **own}


def run(environment: dict[str, str], cwd: Path, *command: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture(scope="module")
def clone(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last commit of the checkout, as pre-commit would fetch it."""
    folder = tmp_path_factory.mktemp("clone") / "nnlint"
    done = run(environment, CHECKOUT, "git", "clone", "--quiet", "--no-hardlinks", CHECKOUT, folder)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture
def project(environment: dict[str, str], tmp_path: Path) -> Path:
    """A repository with a file over the hook's own budget, one within it, and one that does not parse."""
    for name, text in (("over.py", OVER), ("within.py", WITHIN), ("broken.py", BROKEN)):
        (tmp_path / name).write_text(text)
    run(environment, tmp_path, "git", "init", "--quiet")
    run(environment, tmp_path, "git", "add", ".")
    return tmp_path


def test_try_repo_fails_on_a_layer_over_the_budget_and_passes_within_it(
    environment: dict[str, str], clone: Path, project: Path
) -> None:
    pre_commit = (sys.executable, "-m", "pre_commit")

    def try_repo(*files: str) -> "subprocess.CompletedProcess[str]":
        return run(environment, project, *pre_commit, "try-repo", clone, "nnlint", "--files", *files)

    over = try_repo("over.py")
    assert over.returncode == 1, over.stdout
    assert "over.py:3:9: NNL101 Linear has 16,781,312 parameters" in over.stdout
    within = try_repo("within.py")
    assert within.returncode == 0, within.stdout
    broken = try_repo("broken.py")
    assert broken.returncode == 1 and "E999" in broken.stdout


def configure(project: Path, environment: dict[str, str], text: str) -> None:
    (project / ".pre-commit-config.yaml").write_text(text)
    run(environment, project, "git", "add", ".")


def readmes_hook(environment: dict[str, str], clone: Path) -> str:
    head = run(environment, clone, "git", "rev-parse", "HEAD").stdout.strip()
    return HOOK_OF_ITS_OWN.replace("NNLINT", str(clone)).replace("COMMIT", head)


def test_the_readmes_hook_has_the_budget_that_it_is_given(
    environment: dict[str, str], clone: Path, project: Path
) -> None:
    configure(project, environment, readmes_hook(environment, clone))
    done = run(environment, project, sys.executable, "-m", "pre_commit", "run", "--files", "over.py")
    assert done.returncode == 1 and "over the budget of 5,000,000" in done.stdout, done.stdout
    done = run(environment, project, sys.executable, "-m", "pre_commit", "run", "--files", "within.py")
    assert done.returncode == 0, done.stdout


def test_the_project_hook_reads_the_files_that_did_not_change(
    environment: dict[str, str], clone: Path, project: Path
) -> None:
    hook = readmes_hook(environment, clone).replace("id: nnlint", "id: nnlint-project")
    (project / "broken.py").unlink()
    configure(project, environment, hook.replace("        args: [--max-layer-params=5M]\n", ""))
    done = run(environment, project, sys.executable, "-m", "pre_commit", "run", "--files", "within.py")
    assert done.returncode == 1 and "over.py:3:9: NNL101" in done.stdout, done.stdout
    configure(project, environment, hook.replace("5M", "20M"))
    done = run(environment, project, sys.executable, "-m", "pre_commit", "run", "--files", "over.py")
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def wheels(environment: dict[str, str], clone: Path) -> Path:
    """The folder with a wheel of the last commit that the README's command makes."""
    (words,) = re.findall(r"`python (-m pip wheel .*)`", README)
    done = run(environment, clone, sys.executable, *words.split())
    assert done.returncode == 0, done.stdout
    folder = clone / words.split()[-2]
    assert list(folder.glob("nnlint-*.whl"))
    return folder


def test_flake8_as_a_hook_takes_the_plugin_as_an_additional_dependency(
    environment: dict[str, str], wheels: Path, project: Path
) -> None:
    """The README's recipe; only that flake8 comes from the index, and not from its repository."""
    links = " ".join(filter(None, [str(wheels), environment.get("PIP_FIND_LINKS")]))
    of_flake8 = "      - id: flake8\n"
    local = of_flake8 + "".join(
        f"        {line}\n" for line in ("name: flake8", "language: python", "entry: flake8", "types: [python]")
    )
    recipe = re.sub(r"repo: http\S+\n    rev: \S+", "repo: local", HOOK_OF_FLAKE8)
    assert of_flake8 in recipe and "additional_dependencies: [nnlint]" in recipe
    configure(project, environment, recipe.replace(of_flake8, local).replace("[nnlint]", "[flake8, nnlint]"))

    def flake8_hook(file: str) -> "subprocess.CompletedProcess[str]":
        own = {**environment, "PIP_FIND_LINKS": links}
        return run(own, project, sys.executable, "-m", "pre_commit", "run", "flake8", "--files", file)

    over = flake8_hook("over.py")
    assert over.returncode == 1 and "over.py:3:9: NNL101" in over.stdout, over.stdout
    within = flake8_hook("within.py")
    assert within.returncode == 0, within.stdout
