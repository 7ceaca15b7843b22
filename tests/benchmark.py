"""What nnlint adds to flake8, in processor time and memory, and how that grows: `python tests/benchmark.py`.

Each case is a list of files that four tools read, one process each (`-j1`), in turn, so that another program's load
falls on all of them: flake8 where nnlint is not installed, flake8 with nnlint installed but none of its codes selected,
flake8 with nnlint, and LibCST's bare parser. Told are medians of the user's processor time, which leaves out what the
system does, and the largest memory that a process held.

    python tests/benchmark.py --only torchvision --rounds 1     the cases whose names hold that word, once
    python tests/benchmark.py --write                           and put the results into the README and its picture
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmark_plot import draw
from check_wild import pinned, sources

CHECKOUT = Path(__file__).parent.parent
README = CHECKOUT / "README.md"
RECORDED = CHECKOUT / "fixtures" / "benchmark"
START, END = "<!-- python tests/benchmark.py --write -->\n", "<!-- end of the benchmark -->\n"

ALONE, OFF, ON, PARSER = "flake8 alone", "nnlint's codes off", "with nnlint", "LibCST's `parse_module`"
PARSE = "import sys, libcst\nfor path in sys.argv[1:]:\n    libcst.parse_module(open(path, 'rb').read())"
PACKAGES = {"pip": 1, "torchvision": 1, "timm": 1, "transformers": 10}  # and one of how many of its files is read
COPIED = CHECKOUT / "fixtures" / "models" / "vit.py"
BLOCKS = """\
from torch import nn


class Block(nn.Module):
    def __init__(self, width=256, heads=4):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads)
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class Net(nn.Module):
    def __init__(self, depth={depth}):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(depth))
"""
# A short process differs more from run to run, and costs little to run again.
SHORT, MORE_ROUNDS = 50_000, 5


# -- cases: the files of each, in a folder of its own --------------------------------------------------------------


def empty(folder: Path) -> list[Path]:
    """What is left is the start of the program."""
    (folder / "empty.py").write_text("")
    return [folder / "empty.py"]


def standard_library(_: Path) -> list[Path]:
    """Its top-level modules, as they are installed with the Python that runs this: code without torch."""
    return sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))


def package(name: str, folder: Path) -> list[Path]:
    """A package's files, or every so manyth of them; the others are there to be imported."""
    return sorted(sources(name, folder).rglob("*.py"))[:: PACKAGES[name]]


def copies(number: int, folder: Path) -> list[Path]:
    """Files that are equal, but that no tool knows to be."""
    return [Path(shutil.copy(COPIED, folder / f"net{index}.py")) for index in range(number)]


def blocks(number: int, folder: Path) -> list[Path]:
    """One model with so many equal blocks."""
    (folder / "net.py").write_text(BLOCKS.format(depth=number))
    return [folder / "net.py"]


CASES: dict[str, Callable[[Path], list[Path]]] = {
    "an empty file": empty,
    "standard library": standard_library,
    "pip": partial(package, "pip"),  # code without torch, too, of which the files import each other
    "torchvision": partial(package, "torchvision"),
    "timm": partial(package, "timm"),
    "every tenth file of transformers": partial(package, "transformers"),
    **{f"{number} × the same file": partial(copies, number) for number in (5, 10, 20, 40)},
    **{f"{number} × the same block": partial(blocks, number) for number in (1, 24, 48, 96)},
}


# -- measuring -----------------------------------------------------------------------------------------------------


class Cost(NamedTuple):
    """seconds: processor time of the user; memory: the largest that was held, in bytes."""

    seconds: float
    memory: int


def commands(without: str, with_nnlint: str, files: Sequence[Path]) -> dict[str, list[str]]:
    """Each tool's command; the first two arguments are the Pythons of the environments without nnlint and with it."""
    flake8 = ["-W", "ignore", "-m", "flake8", "--isolated", "-j1"]
    budgets = ["--max-layer-params=10M", "--max-model-params=100M"]
    paths = [str(file) for file in files]
    return {
        ALONE: [without, *flake8, "--select=E9,F", *paths],
        OFF: [with_nnlint, *flake8, "--select=E9,F", *paths],
        ON: [with_nnlint, *flake8, "--select=E9,F,NNL", *budgets, *paths],
        PARSER: [with_nnlint, "-c", PARSE, *paths],
    }


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end; one that says anything on standard error has not done its work."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode not in (0, 1) or said:
        raise RuntimeError(f"{' '.join(command)[:200]} ended with {process.returncode}: {said[-2000:]}")
    return Cost(usage.ru_utime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def medians(tools: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Cost]:
    """What each tool costs."""
    found: dict[str, list[Cost]] = {tool: [] for tool in tools}
    for _ in range(rounds):
        for tool, command in tools.items():
            found[tool].append(measure(command))
    return {tool: Cost(*map(statistics.median, zip(*costs))) for tool, costs in found.items()}


def measure_case(name: str, without: str, with_nnlint: str, rounds: int) -> dict[str, Any]:
    """The row of one case, as it is recorded."""
    with tempfile.TemporaryDirectory() as folder:
        files = CASES[name](Path(folder))
        is_short = sum(file.stat().st_size for file in files) < SHORT
        costs = medians(commands(without, with_nnlint, files), rounds * MORE_ROUNDS if is_short else rounds)
    return {
        "name": name,
        "files": len(files),
        "seconds": {tool: round(cost.seconds, 3) for tool, cost in costs.items()},
        "megabytes": {tool: round(cost.memory / 1e6, 1) for tool, cost in costs.items()},
    }


def environment(folder: Path, *packages: str) -> str:
    """The Python of a new environment with these packages."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *packages], check=True)
    return python


def version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}), end='')"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout


# -- telling -------------------------------------------------------------------------------------------------------


def cells(row: Mapping[str, Any]) -> list[str]:
    """One row of the table."""
    seconds, megabytes = row["seconds"], row["megabytes"]
    factors = [f"{seconds[tool]:.2f} s ({seconds[tool] / seconds[ALONE]:.2f} ×)" for tool in (OFF, ON, PARSER)]
    memory = [f"{megabytes[tool]:.0f} MB" for tool in (ALONE, ON)]
    return [row["name"], str(row["files"]), f"{seconds[ALONE]:.2f} s", *factors, *memory]


def table(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    heads = ["code", "files", ALONE, OFF, ON, PARSER, f"memory, {ALONE}", f"memory, {ON}"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *map(cells, results["rows"])]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + f"\n{results['conditions']}\n"


def with_table(readme: str, results: Mapping[str, Any]) -> str:
    """The README with these results between its marks."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError("the README lacks the marks of the benchmark")
    return f"{before}{start}{table(results)}{end}{after}"


def write(results: Mapping[str, Any]) -> None:
    """Record the results, and show them in the README."""
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (RECORDED / "speed.svg").write_text(draw(results["rows"], ALONE, (OFF, ON, PARSER)), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8"), results), encoding="utf-8")


def conditions(without: str, with_nnlint: str, names: Sequence[str], rounds: int) -> str:
    """What was measured with what."""
    told = [f"Python {platform.python_version()}", f"flake8 {version(without, 'flake8')}"]
    told.append(f"LibCST {version(with_nnlint, 'libcst')}")
    told += [pinned(name).replace("==", " ") for name in PACKAGES if any(name in case for case in names)]
    often = "one run" if rounds == 1 else f"medians of {rounds} runs"
    return f"{', '.join(told)}; {often}, medians of {rounds * MORE_ROUNDS} where the files are short."


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="cases whose names hold it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the README's table, its picture and the record")
    options = parser.parse_args(arguments)
    names = [name for name in CASES if not options.only or any(word in name for word in options.only)]
    if not names:
        parser.error(f"no case has such a name; there are {', '.join(CASES)}")
    # The environments hold what is measured, and nothing is let in beside them.
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        with_nnlint = environment(Path(folder) / "with", str(CHECKOUT))
        checkers = [f"{name}=={version(with_nnlint, name)}" for name in ("flake8", "pyflakes", "pycodestyle")]
        without = environment(Path(folder) / "without", *checkers)
        results: dict[str, Any] = {"conditions": conditions(without, with_nnlint, names, options.rounds), "rows": []}
        for name in names:
            row = measure_case(name, without, with_nnlint, options.rounds)
            print(*cells(row), sep=", ", file=sys.stderr)  # a long run shows how far it is
            results["rows"].append(row)
    print(table(results), end="")
    if options.write:
        write(results)


if __name__ == "__main__":
    main()
