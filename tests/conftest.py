"""What all tests share: the checkout, and flake8 as its users start it."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


def pytest_collection_finish() -> None:
    """What was imported stays: hundreds of thousands of objects that no collection has to look at again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is as for a program that reads it, wherever the tests run."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def flake8() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run `python -m flake8 ARGUMENTS` in the checkout (or `cwd`), with the checkout's nnlint.

    In one process, where the arguments do not ask for more: each of them would import LibCST for a file or two.
    """

    def run(*arguments: str, cwd: Path = CHECKOUT, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "flake8", "-j1", *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
        )

    return run
