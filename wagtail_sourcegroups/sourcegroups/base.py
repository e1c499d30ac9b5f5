"""
What a source group is: an object that says which source files there are.

:class:`SourceGroup` serves files of any kind. :class:`QuerySetSourceGroup` serves Wagtail images, and can answer
for many at once, or for one without looking at the others.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from django.db import DatabaseError
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from .. import conf
from ..exceptions import SourceGroupsError
from ..signals import source_changed, source_created, source_deleted
from .naming import call_text, short
from .watches import CollectionsWatch, TagsWatch, Watch

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: What a group of images asks of the rows of its model; ``None`` is no condition at all.
Condition = Q | Exists | None


def nothing() -> Q:
    """The condition that no row meets."""
    return Q(pk__in=[])


class overridable(Generic[T]):  # noqa: N801 - used as property is
    """A property that a subclass or an instance may replace by a plain attribute."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | Self:
        return self if instance is None else self.function(instance)


class SourceGroup:
    """
    Base of all source groups. A subclass has :meth:`files`; everything else comes with it.

    Two groups are equal when they are of one class and were made with equal arguments.
    """

    _given: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        # Kept here, so that equality depends neither on what __init__ makes of them nor on a call of super().
        self._given = (args, kwargs)
        return self

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What makes the group this one among those of its class: by default what it was made with, by name."""
        args, kwargs = self._given
        given = {**{str(index): value for index, value in enumerate(args)}, **kwargs}
        if type(self).__init__ is object.__init__:
            return given
        try:
            bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        except TypeError:
            # A class with a __new__ that takes what its __init__ does not.
            return given
        bound.apply_defaults()
        return dict(list(bound.arguments.items())[1:])

    @overridable
    def key(self) -> str:
        """A text of at most 200 characters that names the group in every process: equal for equal groups."""
        return short(call_text(type(self), self.arguments))

    @overridable
    def label(self) -> str:
        """The group in words, for people."""
        return short(call_text(type(self), self.arguments).removeprefix(f"{type(self).__module__}."))

    @overridable
    def of_images(self) -> bool:
        """Whether the sources are Wagtail images, so that the group answers as :class:`QuerySetSourceGroup` does."""
        return False

    @property
    def registered(self) -> Any:
        """The object that was registered: the sender of the group's signals."""
        return self

    def files(self) -> Iterator[Any]:
        """
        Yield every source file of the group: a Wagtail image's ``image.file``, another field file, or an open file.

        One at a time: whoever walks the group may be done with a file when it asks for the next.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} has no files(); a source group yields its files there."
        )

    def identity(self, file: Any) -> str | None:
        """
        What names a plain file of this group for good; ``None`` if its absolute path does, or if it is a model's.
        """
        return None

    def problems(self, *, database: bool) -> list[str]:
        """
        One sentence for each thing that makes the group impossible or empty by mistake.

        Without ``database`` only what the code says is looked at: what is found is for a programmer to correct.
        With it also what this site and this machine have now.
        """
        return []

    def send_created(self, source: Any) -> None:
        """Tell whoever listens that ``source``, a file as :meth:`files` yields it, is new in the group."""
        source_created.send_robust(sender=self.registered, source=source)

    def send_changed(self, source: Any) -> None:
        """Tell whoever listens that ``source`` is in the group and looks different now."""
        source_changed.send_robust(sender=self.registered, source=source)

    def send_deleted(self, source: Any) -> None:
        """Tell whoever listens that ``source`` is in the group no more."""
        source_deleted.send_robust(sender=self.registered, source=source)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return dict(self.arguments) == dict(other.arguments)

    def __hash__(self) -> int:
        return hash(call_text(type(self), self.arguments))

    def __repr__(self) -> str:
        return f"<{call_text(type(self), self.arguments).removeprefix(f'{type(self).__module__}.')}>"


class QuerySetSourceGroup(SourceGroup):
    """
    A group of Wagtail images: a subclass has :meth:`get_queryset`, and sets ``model`` unless it is the site's.

    Excluding images is a matter of the queryset: ``return get_image_model().objects.exclude(tags__name="raw")``.
    """

    indexed: bool = False
    """Whether an index tells of one row whether it is in: then that is how many are asked, a page at a time."""

    @overridable
    def of_images(self) -> bool:
        return True

    @overridable
    def model(self) -> type[AbstractImage]:
        """The image model whose rows :meth:`get_queryset` returns: the site's, unless a subclass says otherwise."""
        from wagtail.images import get_image_model

        return get_image_model()

    @overridable
    def watches(self) -> tuple[Watch, ...]:
        """What else than saving an image may change who is in; for a queryset of one's own, tags and collections."""
        return (TagsWatch(), CollectionsWatch())

    def get_queryset(self) -> QuerySet[AbstractImage]:
        """The images of the group, as a queryset of :attr:`model`."""
        raise NotImplementedError(
            f"{type(self).__qualname__} has no get_queryset(); a group of images returns a queryset of them there."
        )

    def resolve(self) -> None:
        """
        Make sure that the group can be walked, with one small query at most.

        Raises whatever keeps it from that, :exc:`.CollectionNotFound` for one.
        """
        self.get_queryset()

    def files(self) -> Iterator[Any]:
        """Yield the file of every image, opening none. Raises what :meth:`get_queryset` raises."""
        for image in self.get_queryset().iterator(chunk_size=conf.get("BATCH_SIZE")):
            yield image.file

    def condition(self) -> Condition:
        """
        What a row of :attr:`model` must meet to be in the group; ``None`` if every row is.

        Meant for ``filter()`` and ``annotate()``, together with those of other groups. Never raises: a group
        that cannot say who is in it is empty here, and logged; :meth:`resolve` and :meth:`files` raise.
        """
        try:
            return membership(self.get_queryset())
        except Exception:
            # Code of the site; one broken group must not cost the others an upload.
            logger.exception(
                "The source group %s cannot say which images are in it and counts as empty.", self.key
            )
            return nothing()

    def contains(self, image: Model) -> bool:
        """Whether one image, as the database has it, is in the group. One query at most."""
        model = self.model
        if image.pk is None or not isinstance(image, model._meta.concrete_model or model):
            return False
        condition = self.condition()
        return condition is None or model._base_manager.filter(condition, pk=image.pk).exists()

    def problems(self, *, database: bool) -> list[str]:
        found = super().problems(database=database)
        if type(self).get_queryset is QuerySetSourceGroup.get_queryset:
            found.append(
                f"{self!r} has no get_queryset(); a group of images returns a queryset of them there."
            )
        elif database:
            try:
                actual = self.get_queryset().model
            except SourceGroupsError as error:
                return [*found, str(error)]
            except DatabaseError:
                # Whoever asks knows what to make of a site that is not migrated yet.
                raise
            except Exception as error:  # noqa: BLE001 - code of the site; a check is there to say what is wrong with it
                return [
                    *found,
                    f"{self!r} cannot say which images are in it: {type(error).__name__}: {error}.",
                ]
            if not issubclass(actual, self.model):
                found.append(
                    f"{self!r} returns images of {actual._meta.label}, but its model is {self.model._meta.label}; "
                    f"set `model` of {type(self).__qualname__} to {actual.__name__}."
                )
        return found


def membership(queryset: QuerySet[Any]) -> Condition:
    """What a row must meet to be one of those that ``queryset`` gives."""
    query = queryset.query
    if query.is_sliced or query.combinator or query.distinct_fields:
        # A filter would be applied before the slice, the union or the choice among equals, and change it.
        return Q(pk__in=queryset.values("pk"))
    return Exists(queryset.filter(pk=OuterRef("pk")))


def image_groups(groups: Iterable[SourceGroup]) -> list[QuerySetSourceGroup]:
    """Those groups whose sources are Wagtail images, so that they answer in bulk."""
    return [group for group in groups if isinstance(group, QuerySetSourceGroup) and group.of_images]
