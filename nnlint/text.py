"""A file's text, decoded as Python would. Apart from source.py, so that what is never parsed loads no LibCST."""

import io
import tokenize

from nnlint.construction import Failure


def read(path: str) -> str | Failure:
    """The file's text, decoded as Python would."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()
    except (OSError, SyntaxError, UnicodeError, ValueError, LookupError) as error:
        return Failure(1, 1, f"cannot be read: {error}")
