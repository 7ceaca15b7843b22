"""`# noqa` and `# flake8: noqa`, read as flake8 reads them."""

import argparse

from flake8.processor import FileProcessor  # type: ignore[import-untyped]
from flake8.violation import Violation  # type: ignore[import-untyped]

OPTIONS = argparse.Namespace(
    disable_noqa=False, hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0
)


class Noqa:
    """Which findings the comments of a file silence."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.processor = FileProcessor(path, OPTIONS, lines=text.splitlines(keepends=True))
        self.is_whole_file = self.processor.should_ignore_file()

    def covers(self, code: str, line: int) -> bool:
        """Whether a finding with this code on this line is silenced."""
        if self.is_whole_file:
            return True
        physical_line = self.processor.noqa_line_for(line) or ""
        return bool(Violation(code, self.path, line, 1, "", physical_line).is_inline_ignored(disable_noqa=False))
