"""A mapping that nobody changes: what records hold their tables in."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


class Frozen(dict[Key, Item]):
    """A dict that refuses every change, in place or of its rows. Read, compared, copied, pickled and written as JSON like any other; hashable where
    its values are."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a record cannot be changed; make a new one")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[Frozen[Key, Item]], tuple[dict[Key, Item]]]:
        return Frozen, (dict(self),)

    def __copy__(self) -> Frozen[Key, Item]:
        return self
