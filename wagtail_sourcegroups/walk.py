"""
Walking groups: which sources there are, each once, with the specs bound to it, in batches.

Groups of images of one model are walked together, by key: an image in three groups comes once. Other groups
give ``files()``, one group after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from . import conf
from .generation import bound
from .generation.failures import clear_groups, clear_tasks, group_failed, record
from .generation.membership import Batch, ImageBatch
from .generation.progress import Failed
from .given import Given
from .memberships import Memberships, Specs
from .pages import every_page, unsettled_pages
from .registry import Binding
from .selection import Selection
from .soundness import look_at
from .sourcegroups.base import Condition, QuerySetSourceGroup, SourceGroup, image_groups
from .sourcegroups.tree import LatestTree
from .specs import RenditionSpec

#: The part of a walk that goes through all plain groups: a file that two of them give is one source.
FILES = "files"
#: What the name of any other part begins with; the label of an image model follows.
IMAGES = "images:"


@dataclass
class Walk:
    """
    One walk over ``bindings``, of which ``selection`` says which sources are meant; ``registered`` are all
    bindings there are, for the groups that an image is in besides. With ``write`` off, nothing is remembered.
    With ``count_settled``, images of which nothing is missing are counted and not read: for whoever only makes
    what is missing.

    Afterwards ``failures`` are the groups that could not be walked, which costs the others nothing; ``walked``
    the keys of groups of plain files that were walked to their end, and ``seen`` the digests of their files.
    """

    bindings: Sequence[Binding]
    registered: Sequence[Binding]
    selection: Selection = field(default_factory=Selection)
    batch_size: int | None = None
    write: bool = True
    count_settled: bool = False
    failures: list[Failed] = field(default_factory=list)
    walked: set[str] = field(default_factory=set)
    seen: dict[str, Specs] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._specs: dict[SourceGroup, list[RenditionSpec]] = {}
        for spec, group in self.bindings:
            self._specs.setdefault(group, []).append(spec)
        self._broken: set[SourceGroup] = set()
        self._latest = LatestTree()
        self._given = Given(
            self._specs,
            self.selection,
            self._image_groups,
            self._fail,
            latest=self._latest,
            write=self.write,
            walked=self.walked,
            seen=self.seen,
        )

    @property
    def specs(self) -> Specs:
        """Those walked for, each once."""
        return tuple(dict.fromkeys(binding.spec for binding in self.bindings))

    @property
    def size(self) -> int:
        """Sources per batch."""
        return self.batch_size or int(conf.get("BATCH_SIZE"))

    @property
    def models(self) -> tuple[type[Model], ...]:
        """Image models of the groups walked, in the order of registration."""
        models = dict.fromkeys(group.model for group in self._image_groups())
        return tuple(model for model in models if self.selection.means_model(model))

    def prepare(self) -> None:
        """
        Find out which groups can be walked; the others become failures.

        One query for all groups of collections, and one for the others of a model; see :func:`.look_at`.
        """
        self._latest.forget()
        found = look_at(image_groups(self._specs), self._latest, self._fail_to_ask)
        # Not migrated yet: nobody is in it.
        self._broken.update(found.empty)
        if self.write:
            clear_groups([group.key for group in found.sound])

    def _fail_to_ask(self, group: QuerySetSourceGroup, error: Exception) -> None:
        spec_ids = [spec.id for spec in self._specs[group]]
        self._fail(group, group_failed(group.key, str(group.label), spec_ids, error))

    def count(self) -> int | None:
        """How many sources there will be; ``None`` where only walking tells. One query for each image model."""
        if self._file_groups() and not self.selection.images_only:
            return None
        return self.count_images()

    def count_images(self) -> int:
        """How many images there will be; plain files come on top. One query for each image model."""
        return sum(
            self._memberships(model).narrowed(self._images(model), at_once=True).count()
            for model in self.models
        )

    @property
    def broken(self) -> tuple[SourceGroup, ...]:
        """Groups that could not say, so far, who is in them."""
        return tuple(group for group in self._specs if group in self._broken)

    def look(self) -> None:
        """Ask the plain groups which files they have: afterwards ``seen`` says so, by digest or image key."""
        for group in self._file_groups():
            for _ in self._given.batches(group, self.size):
                pass

    def batches(self) -> Iterator[Batch]:
        """Everything selected, in batches. The filter specs of the bindings are remembered as bound."""
        for _, batch in self.parted_batches():
            yield batch

    def parted_batches(self) -> Iterator[tuple[str, Batch]]:
        """As :meth:`batches`, each with the name of its part."""
        self.begin()
        for name in self.parts:
            for batch in self.part(name):
                yield name, batch
        self.conclude()

    def begin(self) -> None:
        """What comes before the first batch."""
        if self.write:
            bound.remember(self.specs)

    def conclude(self) -> None:
        """What comes after the last one."""
        if self.write and self.is_full:
            clear_tasks()

    @property
    def is_full(self) -> bool:
        """Whether it goes through all there is."""
        return self.selection.everything and set(self.registered) <= set(self.bindings)

    @property
    def parts(self) -> tuple[str, ...]:
        """What a walk is made of, in order: a part for the images of each model, and one for all plain groups."""
        names = [f"{IMAGES}{model._meta.label_lower}" for model in self.models]
        return (*names, *([FILES] if self._file_groups() and not self.selection.images_only else ()))

    def part(self, name: str, after: Any = None, upto: Any = None) -> Iterator[Batch]:
        """
        The batches of one part: of images, those with a key after ``after`` and up to ``upto``.

        None for a part that is not there any more.
        """
        model = self._model_of(name)
        if model is not None:
            yield from self.image_batches(model, after, upto)
        elif name == FILES and FILES in self.parts:
            for group in self._file_groups():
                yield from self._given.batches(group, self.size)

    def range_end(self, name: str, after: Any, size: int) -> Any:
        """
        The key that ends a range of so many images of a part; ``None`` where no more are left than that.

        One query, which gives one key.
        """
        model = self._model_of(name)
        if model is None:
            return None
        _, images = self.images_of(model)
        images = images if after is None else images.filter(pk__gt=after)
        # One more than the range has, so that no empty range follows the last one.
        keys = list(images.order_by("pk").values_list("pk", flat=True)[size - 1 : size + 1])
        return keys[0] if len(keys) == 2 else None

    def key(self, name: str, text: str) -> Any:
        """A key of a part from its text; ``None`` for no text, and for a part without keys."""
        model = self._model_of(name)
        return model._meta.pk.to_python(text) if model is not None and text else None

    def _model_of(self, name: str) -> type[Model] | None:
        return next((model for model in self.models if f"{IMAGES}{model._meta.label_lower}" == name), None)

    def image_batches(self, model: type[Model], after: Any = None, upto: Any = None) -> Iterator[ImageBatch]:
        """The images of one model, from a key on, in the order of keys. One query a batch."""
        table, images = self.asked_of(model)
        pages = unsettled_pages if self.count_settled else every_page
        yield from pages(table, images if upto is None else images.filter(pk__lte=upto), self.size, after)

    def every_image(
        self, model: type[Model], selection: Selection, having: Condition = None, after: Any = None
    ) -> Iterator[ImageBatch]:
        """
        As :meth:`image_batches`, but of all images that ``selection`` means, in a group or not, each a row; or of those
        of them ``having`` something.
        """
        images = selection.narrow(model._default_manager.all())
        images = images if having is None else images.filter(having)
        yield from every_page(self._memberships(model, narrowing=False), images, self.size, after)

    def images_of(self, model: type[Model]) -> tuple[Memberships, QuerySet[Any]]:
        """The selected images of the walked groups of one model, as things are now, and what tells their groups."""
        table, images = self.asked_of(model)
        return table, table.narrowed(images)

    def asked_of(self, model: type[Model]) -> tuple[Memberships, QuerySet[Any]]:
        """As :meth:`images_of`, for whoever has the first read page by page: it narrows the second by itself."""
        return self._memberships(model), self._images(model)

    def _memberships(self, model: type[Model], *, narrowing: bool = True) -> Memberships:
        return Memberships(
            model,
            self._all_image_groups(model),
            self._specs,
            self.specs,
            incomplete=bool(self._broken),
            narrowing=narrowing,
            latest=self._latest,
        )

    def _images(self, model: type[Model]) -> QuerySet[Any]:
        """The selected images of one model, in a walked group or not."""
        return self.selection.narrow(model._default_manager.all())

    def _fail(self, group: SourceGroup, failed: Failed) -> None:
        """A group could not say who is in it, or not of all: what was made of that before is not left over."""
        self._broken.add(group)
        self.failures.append(failed)
        if self.write:
            record([failed])

    def _image_groups(self) -> list[QuerySetSourceGroup]:
        return [group for group in image_groups(self._specs) if group not in self._broken]

    def _all_image_groups(self, model: type[Model]) -> list[QuerySetSourceGroup]:
        """Every group of images of a model: those walked first, then others that an image may be in."""
        groups = dict.fromkeys([*self._specs, *(binding.group for binding in self.registered)])
        return [g for g in image_groups(groups) if g.model is model and g not in self._broken]

    def _file_groups(self) -> list[SourceGroup]:
        images = set(image_groups(self._specs))
        return [group for group in self._specs if group not in images]
