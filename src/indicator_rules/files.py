"""The bytes of a file that a user named.

In: a path. Out: its bytes, at most one more than a file may have (`validation.decode` refuses it then), or the exception wanted, with what is
wrong. Guaranteed: nothing waits. A pipe or a device is refused before it is opened.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from indicator_rules.errors import Problem, ProblemsError, Where
from indicator_rules.messages import Phrase
from indicator_rules.validation import LARGEST_FILE

_REASONS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "permission"),
    errno.ELOOP: "loop",
    errno.ENAMETOOLONG: "name-too-long",
    errno.ENOENT: "not-found",
    errno.ENOSPC: "disk-full",
    errno.EROFS: "read-only",
}


def content(path: str | os.PathLike[str], refusal: type[ProblemsError], largest: int = LARGEST_FILE) -> bytes:
    """The bytes of the file at `path`. Raises `refusal` where there is none that can be read."""
    values: dict[str, object] = {}
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISREG(mode):
            with Path(path).open("rb") as stream:
                return stream.read(largest + 1)
        if stat.S_ISDIR(mode):
            next(Path(path).iterdir(), None)  # one that may not be looked into is told as that
        code = "path-is-folder" if stat.S_ISDIR(mode) else "path-is-device"
    except (FileNotFoundError, NotADirectoryError):
        code = "file-not-found"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        code, values = "file-unreadable", {"reason": reason(error)}
    raise refusal([Problem(code, Where(os.fspath(path)), values)])


def reason(error: OSError | ValueError) -> object:
    """Why the system refused, in the user's language where it is one of the usual reasons."""
    known = _REASONS.get(getattr(error, "errno", None) or 0)
    return Phrase(f"system.{known}") if known else (getattr(error, "strerror", None) or "").lower()
