"""Which files are read."""

import os
from pathlib import Path

import pytest

from nnlint.report.files import Exclusion, PathError, find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ("b.py", "a/z.py", "a/c.py", ".hidden/x.py", ".x.py", "env/x.py", "__pycache__/x.py", "x.egg/x.py", "a.txt")
    for name in (*names, ".git/x.py", "a.py/inner.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    return tmp_path


def found(folder: Path, exclusion: Exclusion) -> list[str]:
    return [Path(path).relative_to(folder).as_posix() for path in find_files([str(folder)], exclusion)]


def test_a_folder_gives_its_python_files_in_order_but_no_hidden_ones(folder: Path) -> None:
    assert found(folder, Exclusion()) == ["b.py", "a/c.py", "a/z.py", "a.py/inner.py"]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["c.py"], ["b.py", "a/z.py", "a.py/inner.py"]),
        (["a"], ["b.py", "a.py/inner.py"]),
        (["./a"], ["b.py", "a.py/inner.py"]),
        (["a/*"], ["b.py", "a.py/inner.py"]),
        (["z"], ["b.py", "a/c.py", "a/z.py", "a.py/inner.py"]),
        (["*/c.py", "b*"], ["a/z.py", "a.py/inner.py"]),
    ],
)
def test_patterns_leave_out_names_and_paths(folder: Path, patterns: list[str], left: list[str]) -> None:
    exclusion = Exclusion([*patterns, "__pycache__", "*.egg"], str(folder))
    assert found(folder, exclusion) == left


def test_a_file_named_by_itself_is_read_whatever_its_name(folder: Path) -> None:
    hidden = str(folder / ".x.py")
    assert find_files([hidden, "-"], Exclusion()) == [hidden, "-"]


def test_a_file_named_twice_is_read_once_under_its_first_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert find_files(["./b.py", "b.py", "a", "a/c.py"], Exclusion()) == ["./b.py", "a/c.py", "a/z.py"]


def test_a_folder_that_links_to_itself_ends(folder: Path) -> None:
    os.symlink(folder, folder / "a" / "loop")
    assert found(folder, Exclusion()) == ["b.py", "a/c.py", "a/z.py", "a.py/inner.py"]


def test_what_no_reading_comes_to_the_end_of_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    os.symlink("/dev/zero", folder / "zero.py")
    os.symlink(folder / "nothing.py", folder / "gone.py")  # that it cannot be read is said
    assert found(folder, Exclusion()) == ["b.py", "gone.py", "a/c.py", "a/z.py", "a.py/inner.py"]


def test_a_path_that_names_nothing_is_told_with_its_neighbours(folder: Path) -> None:
    for path, words in (
        ("a/zz.py", f"did you mean {folder / 'a' / 'z.py'} or "),
        ("no/such.py", "no such file or folder"),
    ):
        with pytest.raises(PathError, match="no such file or folder") as raised:
            find_files([str(folder / path)], Exclusion())
        assert words in str(raised.value)
