"""Images in a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from ..exceptions import CollectionNotFound, InvalidSourceGroup
from .base import Condition, overridable
from .images import ChosenModel
from .naming import short
from .tree import NodeT, Tree
from .watches import CollectionsWatch, Watch

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage
    from wagtail.models import Collection


class CollectionSourceGroup(ChosenModel):
    """
    Images in a collection, and by default in those below it.

    ``collection``
        A collection, its id, or its name: ``"Press/2026"`` is the path from below the root collection down, a single
        name may stand at any depth (``"Root"`` is the root collection, ``"Root/Press"`` the Press right below it).
        Where a name holds a slash, a tuple of names: ``("Press", "24/7")``.
    ``include_descendants``
        ``False`` leaves the collections below it out.
    ``model``
        The image model; by default the site's.

    The collection is looked for whenever the group is asked, so it may be made, renamed and moved at any time. One
    that is not there, or a name that several have, raises :exc:`.CollectionNotFound` where the group is walked;
    to :meth:`condition` and :meth:`contains` it is empty. Raises :exc:`.InvalidSourceGroup` for anything else.
    """

    watches: tuple[Watch, ...] = (CollectionsWatch(),)

    def __init__(
        self,
        collection: Collection | int | str | Sequence[str],
        include_descendants: bool = True,
        *,
        model: type[AbstractImage] | str | None = None,
    ) -> None:
        super().__init__(model)
        self.include_descendants = include_descendants
        self._collection = collection
        #: One of these is set. Of an instance only the id counts: its path may be out of date.
        self._id: int | None = None
        self._names: tuple[str, ...] = ()
        if isinstance(collection, Model):
            if collection._meta.label_lower != "wagtailcore.collection" or collection.pk is None:
                raise InvalidSourceGroup(f"{collection!r} is no saved collection; {_ACCEPTED}.")
            self._id = collection.pk
        elif isinstance(collection, int) and not isinstance(collection, bool):
            self._id = collection
        else:
            self._names = _names(collection)

    @property
    def arguments(self) -> Mapping[str, Any]:
        given = self._collection if self._id is not None else self._names
        return {"collection": given, "include_descendants": self.include_descendants, **super().arguments}

    @overridable
    def key(self) -> str:
        name = str(self._id) if self._id is not None else shown(self._names)
        # An instance and an id are the same collection; a name of digits is not.
        kind = "collection" if self._names else "collection-id"
        only = "" if self.include_descendants else "!"
        return short(f"{kind}:{name}{only}{self._suffix}")

    @overridable
    def label(self) -> str:
        if self._names or isinstance(self._collection, Model):
            name = _("“%(name)s”") % {"name": shown(self._names) if self._names else self._collection}
        else:
            name = str(self._id)
        if self.include_descendants:
            return _("Images in the collection %(name)s and below") % {"name": name}
        return _("Images in the collection %(name)s") % {"name": name}

    def resolve(self) -> None:
        """Raises :exc:`.CollectionNotFound` if there is no such collection, or several. One query."""
        self.find()

    def find(self) -> Collection:
        """The collection, as the database has it now. One query; raises :exc:`.CollectionNotFound`."""
        candidates = list(self._candidates().order_by("path"))
        if len(candidates) == 1:
            return candidates[0]
        if self._id is not None:
            raise CollectionNotFound(
                f"There is no collection with the id {self._id}; it may have been deleted."
            )
        if not candidates:
            raise CollectionNotFound(
                f"There is no collection {_quoted(self._names)}; a name is written as in the admin under Settings, "
                "Collections, a path from below the root collection down."
            )
        raise CollectionNotFound(
            f"{len(candidates)} collections are called {_quoted(self._names)}: {_listed(candidates)}; "
            "give the whole path, or the id."
        )

    def among(self, tree: Tree[NodeT]) -> NodeT | None:
        """As :meth:`find`, of all collections as they were read: ``None`` if there is none such, or several. Pure."""
        if self._id is not None:
            return tree.node(self._id)
        candidates = [node for node in tree.named(self._names[-1]) if self._means(tree.names(node))]
        return candidates[0] if len(candidates) == 1 else None

    def _means(self, names: tuple[str, ...]) -> bool:
        """Whether these are the names on the way to a collection that it may mean, from the root down."""
        return len(self._names) == 1 or self._names in (names, names[1:])

    def get_queryset(self) -> QuerySet[AbstractImage]:
        """Raises :exc:`.CollectionNotFound`."""
        self.resolve()
        return self.model._base_manager.filter(self.condition())

    def condition(self) -> Condition:
        if self._id is not None and not self.include_descendants:
            return Q(collection_id=self._id)
        return Q(collection_id__in=self.members().values("pk"))

    def members(self) -> QuerySet[Collection]:
        """The collections whose images are in the group, as a query; none where there is no such collection."""
        from wagtail.models import Collection

        # One value, which the database works out once per query, whatever the number of images.
        path = Subquery(self._only().values("path")[:1], output_field=CharField())
        return Collection.objects.filter(
            Q(path__startswith=path) if self.include_descendants else Q(path=path)
        ).order_by()

    def _candidates(self) -> QuerySet[Collection]:
        """The collections that the id or name may mean: one, if all is well."""
        from wagtail.models import Collection

        if self._id is not None:
            return Collection.objects.filter(pk=self._id)
        *above, name = self._names
        if not above:
            return Collection.objects.filter(name=name)
        from_root = _path_condition(Collection, tuple(above), first_depth=1)
        below_root = _path_condition(Collection, tuple(above), first_depth=2)
        return Collection.objects.filter(from_root | below_root, name=name)

    def _only(self) -> QuerySet[Collection]:
        """The collection if there is just one candidate, as a query."""
        candidates = self._candidates().order_by()
        if self._id is not None:
            return candidates
        return candidates.filter(~Exists(candidates.exclude(pk=OuterRef("pk"))))


_ACCEPTED = "give a collection, its id, its name, a path such as 'Press/2026', or a tuple of names"


def _names(given: Any) -> tuple[str, ...]:
    """The names of a path, from a string or a sequence. Raises :exc:`.InvalidSourceGroup`."""
    parts: Any = given.split("/") if isinstance(given, str) else given
    if (
        not isinstance(parts, list | tuple)
        or not parts
        or not all(isinstance(part, str) and part.strip() for part in parts)
    ):
        raise InvalidSourceGroup(f"{given!r} names no collection; {_ACCEPTED}.")
    return tuple(parts)


def shown(names: Sequence[str]) -> str:
    """A path as one would write it: with slashes, or as a tuple where a name holds one."""
    return repr(tuple(names)) if any("/" in name for name in names) else "/".join(names)


def _quoted(names: Sequence[str]) -> str:
    return repr(tuple(names)) if any("/" in name for name in names) else repr("/".join(names))


def _path_condition(model: type[Collection], above: tuple[str, ...], *, first_depth: int) -> Q:
    """That the collections above one have these names, the first of which stands at ``first_depth``."""
    condition = Q(depth=first_depth + len(above))
    for depth, name in enumerate(above, start=first_depth):
        ancestor = model.objects.filter(
            depth=depth, name=name, path=Substr(OuterRef("path"), 1, depth * model.steplen)
        ).order_by()
        condition &= Q(Exists(ancestor))
    return condition


def _listed(candidates: Sequence[Collection]) -> str:
    """The candidates by their paths and ids. A query for each; there are few, and somebody waits for an answer."""
    described = []
    for candidate in candidates:
        names = [ancestor.name for ancestor in candidate.get_ancestors()] + [candidate.name]
        # Right below the root, and the root itself, the first name is what makes it a path.
        described.append(f"{_quoted(names if len(names) < 3 else names[1:])} (id {candidate.pk})")
    return ", ".join(described)
