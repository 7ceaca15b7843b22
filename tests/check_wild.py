"""Counts the models of a public package from its sources and compares with what real torch builds.

    python tests/check_wild.py torchvision [timm] [transformers]

The package's wheel is downloaded and unzipped, never imported. fixtures/wild holds what torch 2.13 builds on the meta
device. What nnlint counts beyond that on a line, other roots build, which those models do not exercise: classes with
defaults of their own (timm's ConVit() is 9,216 wide, and each of its builders says another width), blocks whose
configuration has other sizes (GPT2SequenceSummary(GPT2Config()) has two labels), models that are not recorded. Code as
shipped runs: no call in it may be said to raise (NNL2xx), no Sequential to fit no input (NNL301). Ends with status 1
where a count is wrong, a bound is above the truth, a call is said to raise, or fewer models are exact or fewer sites
agree than FLOORS says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Exact models, and lines whose largest count is known: what has been reached is not given up.
FLOORS = {"torchvision": (120, 233), "timm": (855, 509), "transformers": (390, 2199)}


def pinned(package: str) -> str:
    """The package and its version: `timm==1.0.31`."""
    lines = (HERE / "requirements-wild.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def sources(package: str, folder: Path) -> Path:
    """The package's Python files, from its wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), pinned(package)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.endswith(".py")])
    return folder / package


def report(root: Path, truth: Any) -> Any:
    """nnlint's JSON report of the package's files that the ground truth names."""
    files = sorted({str(root / entry["file"]) for entry in (*truth["models"], *truth["sites"])})
    command = [sys.executable, "-m", "nnlint", "report", "--isolated", "--format", "json", *files]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def alarms(root: Path) -> list[str]:
    """What nnlint says cannot run of all files of the package."""
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=NNL2,NNL3", str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1) or done.stderr:
        raise RuntimeError(done.stderr)
    return [f"alarm: {line}" for line in done.stdout.splitlines()]


def compare(truth: Any, found: Any, root: Path) -> tuple[Counter[str], Counter[str], list[str]]:
    """Verdicts on models, on lines, and the names of what must not be."""
    models: dict[tuple[str, str], Any] = {}
    counts: defaultdict[tuple[str, int, str], set[int]] = defaultdict(set)
    for entry in found["files"]:
        file = Path(entry["path"]).resolve().relative_to(root.resolve()).as_posix()
        models.update({(file, model["name"]): model for model in entry["models"] if model["kind"] != "call"})
        for layer in entry["layers"]:
            counts[file, layer["line"], layer["layer"]].update(layer["counts"])
    verdicts: Counter[str] = Counter()
    faults: list[str] = []
    for model in truth["models"]:
        stated = models.get((model["file"], model["name"]))
        total, least = (stated["parameters"], stated["at_least"]) if stated is not None else (None, 0)
        if total is not None:
            verdict = "exact" if total == model["parameters"] else "wrong"
        elif least > model["parameters"]:
            verdict = "overrun"
        else:
            verdict = "bound" if least else "silent"
        verdicts[verdict] += 1
        if verdict in ("wrong", "overrun"):
            faults.append(
                f"{verdict}: {model['file']}: {model['name']}: {total or least:,}, not {model['parameters']:,}"
            )
    true: defaultdict[tuple[str, int, str], set[int]] = defaultdict(set)
    for site in truth["sites"]:
        true[site["file"], site["line"], site["layer"]].update(site["counts"])
    lines: Counter[str] = Counter(all=len(true))
    lines["largest"] = sum(max(expected) in counts[key] for key, expected in true.items())
    lines["full"] = sum(expected <= counts[key] for key, expected in true.items())
    lines["extra"] = sum(bool(counts[key] - expected) for key, expected in true.items())
    return verdicts, lines, faults


def main(packages: list[str]) -> int:
    failed = False
    for package in packages:
        truth = json.loads((HERE.parent / "fixtures" / "wild" / f"{package}.json").read_text())
        with tempfile.TemporaryDirectory() as folder:
            root = sources(package, Path(folder))
            verdicts, lines, faults = compare(truth, report(root, truth), root)
            faults += alarms(root)
        exact, largest = FLOORS[package]
        print(f"{package} {truth['version']}: {len(truth['models'])} models:", end=" ")
        print(", ".join(f"{verdicts[v]} {v}" for v in ("exact", "bound", "silent", "overrun", "wrong")), end="; ")
        print(f"{lines['all']} lines: largest count of {lines['largest']}, all counts of {lines['full']};", end=" ")
        print(f"counts that those models do not build on {lines['extra']}")
        print(*faults, sep="\n", end="\n" if faults else "")
        if faults or verdicts["exact"] < exact or lines["largest"] < largest:
            print(f"{package}: the floor is {exact} exact models and {largest} lines, and nothing wrong")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["torchvision"]))
