"""
Strategies: when to act on a source or a rendition set.

A strategy is any object with some of five callbacks. The first three get a
:class:`~wagtail_sourcegroups.generation.renditionset.RenditionSet` for a source that was created, changed or
deleted; the last two get one whose renditions somebody is about to name or read. ImageKit's strategies
(``on_source_saved``) work as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from . import conf
from .exceptions import InvalidStrategy

if TYPE_CHECKING:
    # For readers and type checkers only: a strategy knows no more than the methods it calls.
    from typing import Protocol

    class RenditionSetLike(Protocol):
        def generate(self, force: bool = False) -> Any: ...
        def enqueue(self) -> Any: ...


CALLBACKS = (
    "on_source_created",
    "on_source_changed",
    "on_source_deleted",
    "on_existence_required",
    "on_content_required",
)
#: ImageKit's older word for created or changed.
LEGACY_CALLBACK = "on_source_saved"
_KNOWN = (*CALLBACKS, LEGACY_CALLBACK)

Callback = Callable[[Any], Any]


class Strategy:
    """
    A convenient base: equal to another of its class with the same arguments. No callback of its own.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({arguments})"


class JustInTime(Strategy):
    """Make renditions when somebody first asks for them, as stock Wagtail does."""

    def on_existence_required(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.generate()

    def on_content_required(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.generate()


class Optimistic(Strategy):
    """Enqueue when a source is created or changed; when rendering, trust that it has been done."""

    def on_source_created(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.enqueue()

    def on_source_changed(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.enqueue()


class Eager(Strategy):
    """Make renditions in the request that created or changed the source, after its transaction commits."""

    def on_source_created(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.generate()

    def on_source_changed(self, rendition_set: RenditionSetLike) -> None:
        rendition_set.generate()


class Manual(Strategy):
    """Nothing by itself: the command and the admin only."""


class DictStrategy(Strategy):
    """
    A strategy from a dictionary of callbacks: ``{"on_source_changed": callable, ...}``.

    Raises :exc:`.InvalidStrategy` for a name that is no callback.
    """

    def __init__(self, callbacks: Mapping[str, Callback]) -> None:
        unknown = [name for name in callbacks if name not in _KNOWN]
        if unknown:
            raise InvalidStrategy(_misspelt("A strategy dictionary", unknown))
        vars(self).update(callbacks)


def build_strategy(given: Any) -> Any:
    """
    The strategy object that a dotted path, class, dictionary or instance stands for, validated.

    Raises :exc:`.InvalidStrategy` if the path cannot be imported, if an attribute starts with ``on_`` and is no
    callback (a misspelling would otherwise never be noticed), or if an object that is no :class:`Strategy` has
    no callback at all.
    """
    if isinstance(given, str):
        try:
            given = import_string(given)
        except ImportError as error:
            raise InvalidStrategy(
                f"The strategy {given!r} cannot be imported ({error}); give the dotted path of a strategy class, "
                "such as 'wagtail_sourcegroups.strategies.Optimistic'."
            ) from error
    if isinstance(given, Mapping):
        given = DictStrategy(given)
    if isinstance(given, type):
        try:
            given = given()
        except TypeError as error:
            raise InvalidStrategy(
                f"The strategy class {given.__qualname__} cannot be made without arguments ({error}); give an instance."
            ) from error
    _validate(given)
    return given


def default_strategy() -> Any:
    """The strategy of specs that name none: the ``DEFAULT_STRATEGY`` setting. One object, as of any other spec."""
    global _default
    given = conf.get("DEFAULT_STRATEGY")
    if _default is None or _default[0] is not given:
        _default = given, build_strategy(given)
    return _default[1]


_default: tuple[Any, Any] | None = None


def callback(strategy: Any, name: str) -> Callback | None:
    """The function that a strategy has for one of :data:`CALLBACKS`, or ``None``."""
    if strategy is None:
        strategy = default_strategy()
    found = getattr(strategy, name, None)
    if found is None and name in ("on_source_created", "on_source_changed"):
        has_own = any(hasattr(strategy, own) for own in ("on_source_created", "on_source_changed"))
        found = None if has_own else getattr(strategy, LEGACY_CALLBACK, None)
    return found


def strategy_identity(strategy: Any) -> Any:
    """
    What two strategies must share to be the same: class and arguments.

    An object with an equality of its own is asked; of any other, the attributes are compared.
    """
    if strategy is None or has_equality(strategy):
        return strategy
    return type(strategy), getattr(strategy, "__dict__", id(strategy))


def has_equality(given: Any) -> bool:
    """Whether an object's class says what makes two of them equal."""
    return getattr(type(given), "__eq__", None) is not getattr(object, "__eq__", None)


def _validate(strategy: Any) -> None:
    name = f"The strategy {type(strategy).__qualname__}"
    hooks = [attribute for attribute in dir(strategy) if attribute.startswith("on_")]
    unknown = [hook for hook in hooks if hook not in _KNOWN]
    if unknown:
        raise InvalidStrategy(_misspelt(name, unknown))
    for hook in hooks:
        if not callable(getattr(strategy, hook)):
            raise InvalidStrategy(f"{name} has {hook} = {getattr(strategy, hook)!r}; it must be callable.")
    if not hooks and not isinstance(strategy, Strategy):
        raise InvalidStrategy(
            f"{name} has no callback; it must have some of {', '.join(CALLBACKS)}. "
            "To do nothing by itself, use wagtail_sourcegroups.strategies.Manual."
        )


def _misspelt(name: str, unknown: list[str]) -> str:
    return f"{name} has {', '.join(unknown)}, which nothing calls; the callbacks are {', '.join(CALLBACKS)}."
