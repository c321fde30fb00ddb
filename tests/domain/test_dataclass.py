"""Our frozen dataclasses behave as the library's: the same classes made by both, and the same done with them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from frag_release.dataclass import dataclass, field, fields, replace


def classes(make: Any) -> dict[str, Any]:
    """Classes with all that ours have, made by this `dataclass`."""

    @make(frozen=True)
    class Plain:
        a: int
        b: str = "b"
        c: list[int] = field(default_factory=list)
        kind: ClassVar[str] = "plain"

    @make(frozen=True)
    class Secret:
        name: str
        password: str = field(repr=False)
        seen: int = field(default=0, compare=False)

    @make(frozen=True)
    class Heir(Plain):
        """What a class of the same kind has, and more."""

        b: str = "other"
        d: int = 4

        @property
        def twice(self) -> int:
            return self.d * 2

    @make(frozen=True, kw_only=True)
    class Named:
        a: int
        b: int = 2

    @make(frozen=True, eq=False)
    class Single:
        a: int = 1

    @make(frozen=True)
    class Own:
        a: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    @make(frozen=True)
    class Empty:
        pass

    @make
    class Open:
        a: int = 1

    return {one.__name__: one for one in (Plain, Secret, Heir, Named, Single, Own, Empty, Open)}


OURS, THEIRS = classes(dataclass), classes(dataclasses.dataclass)
DONE: dict[str, Callable[[dict[str, Any]], object]] = {
    "by place": lambda of: vars(of["Plain"](1, "x", [3])),
    "by name": lambda of: vars(of["Plain"](c=[3], a=1)),
    "defaults": lambda of: vars(of["Plain"](1)),
    "a list of its own": lambda of: of["Plain"](1).c is of["Plain"](1).c,
    "missing": lambda of: of["Plain"](),
    "one too many": lambda of: of["Plain"](1, "x", [], 4),
    "unknown name": lambda of: of["Plain"](1, e=4),
    "unknown in place of one that is missing": lambda of: of["Plain"](e=4),
    "twice": lambda of: of["Plain"](1, a=2),
    "names alone": lambda of: of["Named"](1),
    "names alone, by name": lambda of: vars(of["Named"](a=1)),
    "heir": lambda of: vars(of["Heir"](1, d=5)),
    "heir by place": lambda of: vars(of["Heir"](1, "x", [], 9)),
    "a property": lambda of: of["Heir"](1).twice,
    "empty": lambda of: (of["Empty"]() == of["Empty"](), hash(of["Empty"]())),
    "equal": lambda of: of["Plain"](1) == of["Plain"](1),
    "unequal": lambda of: of["Plain"](1) == of["Plain"](2),
    "an heir is another": lambda of: of["Plain"](1) == of["Heir"](1, "b"),
    "not compared": lambda of: of["Secret"]("n", "p", 1) == of["Secret"]("n", "p", 2),
    "a secret is compared": lambda of: of["Secret"]("n", "p") == of["Secret"]("n", "q"),
    "only itself": lambda of: of["Single"]() == of["Single"](),
    "its own equality": lambda of: (of["Own"](1) == of["Own"](2), hash(of["Own"](1)), repr(of["Own"](1))),
    "hash": lambda of: hash(of["Secret"]("n", "p", 1)) == hash(of["Secret"]("n", "p", 2)),
    "no hash of a list": lambda of: hash(of["Plain"](1)),
    "no secret is shown": lambda of: repr(of["Secret"]("n", "p")),
    "shown": lambda of: f"{of['Heir'](1)!r} {of['Empty']()}",
    "set": lambda of: setattr(of["Plain"](1), "a", 2),
    "set another": lambda of: setattr(of["Plain"](1), "z", 2),
    "delete": lambda of: delattr(of["Plain"](1), "a"),
    "set in an heir": lambda of: setattr(of["Heir"](1), "d", 2),
    "set what is not frozen": lambda of: setattr(of["Open"](), "a", 2),
    "replace": lambda of: vars(replace(of["Heir"](1), d=7)),
    "replace by an unknown name": lambda of: replace(of["Heir"](1), z=7),
    "fields": lambda of: [one.name for one in fields(of["Heir"])],
    "as a dictionary": lambda of: dataclasses.asdict(of["Heir"](1)),
    "copies": lambda of: vars(copy.deepcopy(of["Plain"](1))),
    "match": lambda of: of["Heir"].__match_args__,
    "class": lambda of: (of["Plain"].kind, of["Plain"].b, hasattr(of["Plain"], "c"), of["Heir"].__doc__),
}


def came_of(do: Callable[[dict[str, Any]], object], of: dict[str, Any]) -> object:
    """What is returned, or the kind of error."""
    try:
        return do(of)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("do", DONE.values(), ids=DONE)
def test_the_same_comes_of_it(do: Callable[[dict[str, Any]], object]) -> None:
    """The same value, or the same kind of error."""
    assert came_of(do, OURS) == came_of(do, THEIRS)


def test_one_of_a_module_can_be_pickled() -> None:
    """Its state is in its attributes, as the library has it."""
    assert pickle.loads(pickle.dumps(Sample("n", 1))) == Sample("n", 1)


@dataclass(frozen=True)
class Sample:
    """One that can be found by its name."""

    name: str
    number: int
