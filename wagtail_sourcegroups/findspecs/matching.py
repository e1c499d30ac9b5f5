"""Which specs make a filter spec, and which make almost the same one. Pure, but for Wagtail's registered operations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.image_operations import DoNothingOperation
from wagtail.images.models import Filter
from wagtail.images.utils import to_svg_safe_spec

from ..specs import RenditionSpec

PRESERVE_SVG = "preserve-svg"


class Matcher:
    """The filter specs of some specs, to be compared with those that are asked for."""

    def __init__(self, specs: Iterable[RenditionSpec]) -> None:
        self._exact: dict[str, dict[str, None]] = {}
        self._preserving: dict[str, dict[str, None]] = {}
        self._alike: dict[Hashable, dict[str, None]] = {}
        self.stored: set[str] = set()
        """What stands in rows of renditions."""
        for spec in specs:
            for filter_spec in spec.filters:
                stored = stored_as(filter_spec)
                preserves = PRESERVE_SVG in filter_spec.split("|")
                (self._preserving if preserves else self._exact).setdefault(stored, {})[spec.id] = None
                self.stored.update((stored, to_svg_safe_spec(stored)) if preserves else (stored,))
                for likeness in likenesses(stored):
                    self._alike.setdefault(likeness, {})[spec.id] = None

    def covering(self, filter_spec: str) -> tuple[str, ...]:
        """
        The ids of the specs that make what this filter spec asks for.

        ``preserve-svg`` stands in no rendition's row, but for an SVG it leaves out formats and colours: who asks for it
        is served by a spec that has it too, or where there is nothing to leave out.
        """
        stored = stored_as(filter_spec)
        found = dict(self._preserving.get(stored, {}))
        if PRESERVE_SVG not in filter_spec.split("|") or to_svg_safe_spec(stored) == stored:
            found |= self._exact.get(stored, {})
        return tuple(found)

    def near(self, filter_spec: str) -> tuple[str, ...]:
        """
        The ids of the specs that have a filter spec of the same operations, which to Wagtail is another rendition: in
        another order, written in another way, or without ``preserve-svg``.
        """
        covering = self.covering(filter_spec)
        alike = [self._alike.get(likeness, {}) for likeness in likenesses(stored_as(filter_spec))]
        return tuple(dict.fromkeys(id_ for ids in alike for id_ in ids if id_ not in covering))


def stored_as(filter_spec: str) -> str:
    """A filter spec as a rendition's row has it: ``preserve-svg`` is a word for the renderer."""
    return "|".join(operation for operation in filter_spec.split("|") if operation != PRESERVE_SVG)


def likenesses(filter_spec: str) -> Iterator[Hashable]:
    """What filter specs that do the same have in common: their operations as written, and as Wagtail reads them."""
    yield tuple(sorted(filter_spec.split("|")))
    try:
        operations = Filter(spec=filter_spec).operations
    except (InvalidFilterSpecError, TypeError, ValueError):
        return
    does = [each for each in operations if not isinstance(each, DoNothingOperation)]
    # The arguments are as written: "c0" is what an operation without it does as well.
    yield frozenset(
        (
            type(each).__qualname__,
            repr(sorted((name, value) for name, value in vars(each).items() if name != "args")),
        )
        for each in does
    )


def problem(filter_spec: str) -> str:
    """Why Wagtail cannot read a filter spec; "" if it can."""
    try:
        Filter(spec=stored_as(filter_spec)).operations  # noqa: B018 - reading them is what raises
    except (InvalidFilterSpecError, TypeError, ValueError) as error:
        return str(error)
    return ""
