"""Values worked out when first read, then kept.

`functools.cached_property` holds a lock meanwhile (Python 3.11), one for all objects of a class, and a process forked by another thread at that
moment would wait for it for ever. Here two threads may both work a value out; it is the same, and one is kept.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Kept = cached_property
else:

    class Kept(cached_property):
        """As `cached_property`, without a lock."""

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            return instance.__dict__.setdefault(self.attrname, self.func(instance))
