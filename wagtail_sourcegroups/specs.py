"""A rendition spec: a name for some of Wagtail's filter specs. A value, with no database behind it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from .exceptions import InvalidFilters, InvalidSpec
from .strategies import build_strategy, strategy_identity

Fallback = Literal["nearest", "original", "none"]

#: ``Rendition.filter_spec`` holds no more.
MAX_FILTER_SPEC_LENGTH = 255

_ID = re.compile(r"[A-Za-z0-9_\-.]+(:[A-Za-z0-9_\-.]+)*")
_FILTER_CHARACTERS = re.compile(r"[A-Za-z0-9_\-.{},| ]+")
_OPERATION = re.compile(r"[A-Za-z0-9_\-.]+")


@dataclass(frozen=True, init=False, eq=False, repr=False)
class RenditionSpec:
    """
    A named set of filter specs, and when to act on them.

    ``id``
        Segments of letters, digits, ``_``, ``-`` and ``.``, joined by colons: ``"blog:hero"``.
    ``filters``
        A filter spec with Wagtail's brace expansion (``"fill-{800x450,1600x900}|format-webp"``), or several.
        Kept expanded, in order, each once; the order of operations is never changed, since Wagtail looks a
        rendition up by it.
    ``strategy``
        An object, class, dotted path or dictionary of callbacks; ``None`` is the site's default.
    ``label``, ``description``
        For people.
    ``fallback``
        What a template shows while a rendition is not there: ``"nearest"``, ``"original"`` or ``"none"``.
    ``exact``
        Whether outputs must be byte for byte stock Wagtail's; ``None`` is the ``EXACT`` setting.

    Two specs are equal when all of these are. Raises :exc:`.InvalidSpec`, :exc:`.InvalidFilters` or
    :exc:`.InvalidStrategy`. Whether Wagtail knows the operations is not asked here, but when the registry is
    first read: a site's own operations may be registered later.
    """

    id: str
    filters: tuple[str, ...]
    strategy: Any = None
    label: str = ""
    description: str = ""
    fallback: Fallback = "nearest"
    exact: bool | None = None

    def __init__(
        self,
        id: str,  # noqa: A002 - the word of the contract
        filters: str | Iterable[str],
        *,
        strategy: Any = None,
        label: str = "",
        description: str = "",
        fallback: Fallback = "nearest",
        exact: bool | None = None,
    ) -> None:
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise InvalidSpec(
                f"{id!r} is no spec id: it must be segments of letters, digits, '_', '-' and '.', "
                "joined by single colons, such as 'blog:hero'."
            )
        if fallback not in get_args(Fallback):
            raise InvalidSpec(
                f"Spec {id!r} has fallback={fallback!r}; it must be one of {', '.join(map(repr, get_args(Fallback)))}."
            )
        if exact not in (None, True, False):
            raise InvalidSpec(f"Spec {id!r} has exact={exact!r}; it must be True, False or None.")
        try:
            expanded = expand_filters(filters)
        except InvalidFilters as error:
            raise InvalidFilters(f"Spec {id!r}: {error}") from None
        values = {
            "id": id,
            "filters": expanded,
            "strategy": None if strategy is None else build_strategy(strategy),
            "label": label,
            "description": description,
            "fallback": fallback,
            "exact": exact,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def _identity(self) -> tuple[Any, ...]:
        return (
            self.id,
            self.filters,
            strategy_identity(self.strategy),
            str(self.label),
            str(self.description),
            self.fallback,
            self.exact,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RenditionSpec):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash((self.id, self.filters))

    def __repr__(self) -> str:
        return f"<RenditionSpec {self.id!r}: {', '.join(self.filters)}>"

    def __str__(self) -> str:
        return str(self.label) or self.id


class ThumbnailSpec(RenditionSpec):
    """
    What a template asks for by its size: registered nowhere, bound to no group, and made when it is asked for. What
    it made is remembered as wanted.

    ``densities`` says for how many dots a pixel an operation such as ``"fill-200x200"`` is meant: ``"2x"``.
    """

    densities: Mapping[str, str]

    def __init__(
        self,
        id: str,  # noqa: A002 - as of RenditionSpec
        filters: Iterable[str],
        *,
        densities: Mapping[str, str] = MappingProxyType({}),
        **options: Any,
    ) -> None:
        super().__init__(id, filters, **options)
        object.__setattr__(self, "densities", densities)


def expand_filters(filters: str | Iterable[str]) -> tuple[str, ...]:
    """
    The filter specs that one pattern, or several, stand for: in order, each once.

    Expands as ``wagtail.images.models.Filter.expand_spec`` does, which cannot be asked: specs may be written
    before Django's models are loaded. Raises :exc:`.InvalidFilters`.
    """
    patterns = [filters] if isinstance(filters, str) else list(filters)
    if not patterns:
        raise InvalidFilters("there are no filters; give at least one, such as 'width-800'.")
    expanded = tuple(dict.fromkeys(itertools.chain.from_iterable(map(_expand, patterns))))
    for filter_spec in expanded:
        if len(filter_spec) > MAX_FILTER_SPEC_LENGTH:
            raise InvalidFilters(
                f"the filter spec {filter_spec[:40]!r}… has {len(filter_spec)} characters; "
                f"Wagtail stores at most {MAX_FILTER_SPEC_LENGTH}."
            )
    return expanded


def _expand(pattern: str) -> Iterator[str]:
    if not isinstance(pattern, str) or not _FILTER_CHARACTERS.fullmatch(pattern):
        raise InvalidFilters(
            f"{pattern!r} is no filter pattern: it must be made of letters, digits, '_', '-', '.', '|', "
            "and braces with commas, such as 'fill-{800x450,1600x900}|format-webp'."
        )
    pieces = pattern.split("|") if "|" in pattern else pattern.split() or [""]
    for combination in itertools.product(*[_alternatives(piece.strip(), pattern) for piece in pieces]):
        yield "|".join(combination)


def _alternatives(piece: str, pattern: str) -> list[str]:
    """The operations one segment of a pattern stands for: itself, or one for each word in its braces."""
    head, opening, rest = piece.partition("{")
    inside, closing, tail = rest.partition("}")
    words = inside.split(",") if closing else []
    operations = [head + word + tail for word in words] if opening else [piece]
    if not operations or "" in words or not all(map(_OPERATION.fullmatch, operations)):
        raise InvalidFilters(
            f"{piece!r} in {pattern!r} does not expand: an operation may hold one pair of braces around "
            "words joined by commas, such as 'width-{400,800}'."
        )
    return operations


def matches(pattern: str, spec_id: str) -> bool:
    """
    Whether a pattern of the command line means this spec.

    ``*`` stands for anything within a segment, ``**`` for any segments; ``"a"`` also means ``"a:b"``.
    """
    parts = (re.escape(part).replace(r"\*", "[^:]*") for part in pattern.split("**"))
    return re.fullmatch(".*".join(parts) + "(:.*)?", spec_id) is not None
