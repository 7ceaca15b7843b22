"""What all tests share: the checkout, and flake8 as its users start it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is as for a program that reads it, wherever the tests run."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def flake8() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run `python -m flake8 ARGUMENTS` in the checkout (or `cwd`), with the checkout's nnlint."""

    def run(*arguments: str, cwd: Path = CHECKOUT, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "flake8", *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
        )

    return run
