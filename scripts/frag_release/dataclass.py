"""The standard library's `dataclass`, except that a frozen class is created in a tenth of the time.

The library generates and compiles six methods for each class, which was a third of the gate's import time, before every
build. Here they are closures over the names of the fields, with the same behaviour.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields, replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, kw_only=False):
        """Make a dataclass; if it is not frozen, by the library."""
        if cls is None:
            return partial(dataclass, frozen=frozen, eq=eq, kw_only=kw_only)
        if not frozen:
            return dataclasses.dataclass(cls, eq=eq, kw_only=kw_only)
        # Without a docstring, as in a release, the library would generate one from the signature.
        cls.__doc__ = cls.__doc__ or cls.__name__
        dataclasses.dataclass(cls, init=False, repr=False, eq=False, kw_only=kw_only)
        for name, method in _methods(fields(cls), eq).items():
            if name not in vars(cls):
                setattr(cls, name, method)
        return cls


def _methods(of: Sequence[Field[Any]], eq: bool) -> Mapping[str, Callable[..., Any]]:
    compared = [one.name for one in of if one.compare]
    key: Callable[[Any], object] = attrgetter(*compared) if compared else lambda self: ()

    def is_equal(self: Any, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def show(self: Any) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in of if one.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    made: dict[str, Callable[..., Any]] = {"__init__": _init(of), "__repr__": show}
    made |= {"__setattr__": _refuse, "__delattr__": _refuse}
    return {**made, "__eq__": is_equal, "__hash__": lambda self: hash(key(self))} if eq else made


def _init(of: Sequence[Field[Any]]) -> Callable[..., None]:
    names = {one.name for one in of}
    by_place = [one.name for one in of if not one.kw_only]
    defaults = {one.name: one.default for one in of if one.default is not MISSING}
    factories = {one.name: one.default_factory for one in of if one.default_factory is not MISSING}

    def fill(self: Any, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(by_place, args, strict=False))
        state = {**defaults, **given, **kwargs}
        for name, make in factories.items():
            if name not in state:
                state[name] = make()
        if state.keys() != names or len(given) < len(args) or not given.keys().isdisjoint(kwargs):
            raise TypeError(f"{self.__class__.__name__} takes {', '.join(names)}, each once")
        self.__dict__.update(state)

    return fill


def _refuse(self: object, name: str, *value: object) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r}")
