"""What the file that a layer stands in makes of it by itself."""

import tokenize
from functools import lru_cache

from nnlint.configuration import Configuration
from nnlint.construction import Analysis
from nnlint.pragma import Pragmas, read_pragmas


@lru_cache(maxsize=128)
def analyse_owner(path: str, configuration: Configuration) -> tuple[Analysis, Pragmas]:
    """The analysis of that file, and its pragmas."""
    from nnlint.analyse import analyse

    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return Analysis(path), Pragmas()
    return analyse(path, text, configuration.settings), read_pragmas(text)
