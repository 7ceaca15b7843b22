"""What a real terminal gets: colours, and a progress bar on standard error; pipes get neither."""

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest


def on_terminal(checkout: Path, *streams: str, **environment: str) -> dict[str, bytes]:
    """Run a report with the named streams on a terminal of 80 columns; what came out of each."""
    main_end, terminal = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    chosen: dict[str, int] = {name: terminal if name in streams else subprocess.PIPE for name in ("stdout", "stderr")}
    process = subprocess.Popen(
        [sys.executable, "-m", "nnlint", "report", "--isolated", "--max-layer-params=1M", "fixtures/models/lenet.py"],
        cwd=checkout, env={**kept, "TERM": "xterm-256color", "PYTHONPATH": str(checkout), **environment}, **chosen,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while select.select([main_end], [], [], 60)[0]:
        try:
            piece = os.read(main_end, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        shown += piece
    piped = process.communicate()
    os.close(main_end)
    assert process.returncode == 0
    return {name: shown if name in streams else piped[index] for index, name in enumerate(("stdout", "stderr"))}


def test_a_terminal_gets_colours_within_its_width(checkout: Path) -> None:
    got = on_terminal(checkout, "stdout")
    assert b"\x1b[1;31m" in got["stdout"] and b"Linear" in got["stdout"]
    lines = re.sub(r"\x1b\[[\d;]*m", "", got["stdout"].decode()).splitlines()
    assert max(map(len, lines)) <= 80
    assert got["stderr"] == b""


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_colours_can_be_refused(checkout: Path, variable: str) -> None:
    got = on_terminal(checkout, "stdout", **{variable: "1" if variable == "NO_COLOR" else "dumb"})
    assert b"\x1b[1;31m" not in got["stdout"] and b"[31m" not in got["stdout"] and b"Linear" in got["stdout"]


def test_progress_is_shown_on_standard_error_where_that_is_a_terminal(checkout: Path) -> None:
    got = on_terminal(checkout, "stderr")
    assert b"Counting" in got["stderr"] and b"Counting" not in got["stdout"] and b"\x1b" not in got["stdout"]


def test_pipes_get_plain_text(checkout: Path) -> None:
    got = on_terminal(checkout)
    assert b"\x1b" not in got["stdout"] and b"lenet.py:29:20 MnistNet.__init__" in got["stdout"]
    assert got["stderr"] == b""
