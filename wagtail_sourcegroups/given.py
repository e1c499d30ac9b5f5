"""What plain groups give, each file once, and the images among it, in batches of a walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Model

from .generation.failures import clear_files, clear_groups, file_failed, group_failed
from .generation.membership import Batch, FileBatch, ImageBatch
from .generation.progress import Failed
from .generation.requests import Request
from .generation.sources import FileSourceBase, ImageSource, PlainSource, Source, source_of
from .memberships import Memberships, Specs
from .selection import Selection, failed_files
from .sourcegroups.base import QuerySetSourceGroup, SourceGroup
from .sourcegroups.tree import LatestTree
from .specs import RenditionSpec

#: Plain files of a batch whose content is kept, since nobody could open them again.
IN_MEMORY = 20


class Given:
    """
    Files of the groups that are no groups of images, of which ``selection`` says which are meant.

    ``specs_of`` are the specs wanted of each group; ``image_groups`` gives the groups of images that can be asked;
    ``fail`` is told of groups and files that cannot be read; ``latest`` is the tree of collections. ``walked`` and
    ``seen`` are filled as :class:`.Walk` has them. With ``write`` off, nothing is remembered.
    """

    def __init__(
        self,
        specs_of: Mapping[SourceGroup, Sequence[RenditionSpec]],
        selection: Selection,
        image_groups: Callable[[], Sequence[QuerySetSourceGroup]],
        fail: Callable[[SourceGroup, Failed], None],
        *,
        latest: LatestTree,
        write: bool,
        walked: set[str],
        seen: dict[str, Specs],
    ) -> None:
        self._specs = specs_of
        self._selection = selection
        self._image_groups = image_groups
        self._fail = fail
        self._latest = latest
        self._write = write
        self._walked = walked
        self._seen = seen

    def batches(self, group: SourceGroup, size: int) -> Iterator[Batch]:
        """The files of a group, so many sources a batch. A group that raises ends there."""
        specs = tuple(self._specs[group])
        only = failed_files(self._selection.failed_in) if self._selection.only_failed else None
        pending: list[Request] = []
        images: list[Any] = []
        if self._write:
            clear_files(group.key)
        try:
            for file in group.files():
                source = self._source(group, file)
                if isinstance(source, ImageSource):
                    images.append(source.image)
                elif isinstance(source, FileSourceBase) and source:
                    if (only is None or source.key in only) and self._selection.wants_file(source):
                        pending += self._request(source, specs)
                    if isinstance(source, PlainSource):
                        source.release()
                if len(pending) >= size or self._weigh(pending):
                    yield from self._files(group, pending)
                    pending = []
                if len(images) >= size:
                    yield from self._given_images(images, specs)
                    images = []
        except Exception as error:  # noqa: BLE001 - code of the site; it costs the others nothing
            spec_ids = [spec.id for spec in specs]
            self._fail(group, group_failed(group.key, str(group.label), spec_ids, error))
        else:
            self._walked.add(group.key)
            if self._write:
                clear_groups([group.key])
        yield from self._files(group, pending)
        yield from self._given_images(images, specs)

    def _source(self, group: SourceGroup, file: Any) -> Source | None:
        """What a file of a group is, or ``None`` if it cannot be read: that costs the other files nothing."""
        try:
            return source_of(file, group.identity(file))
        except Exception as error:  # noqa: BLE001 - a closed handle, a disk that fails, code of the site
            spec_ids = [spec.id for spec in self._specs[group]]
            self._fail(group, file_failed(group.key, str(getattr(file, "name", file)), spec_ids, error))
            return None

    @staticmethod
    def _weigh(requests: list[Request]) -> bool:
        """Whether the content of these sources, where it had to be kept, is enough for one batch."""
        return sum(isinstance(r.source, PlainSource) and r.source.in_memory for r in requests) >= IN_MEMORY

    def _request(self, source: FileSourceBase, specs: Specs) -> list[Request]:
        """A file that another group gave before is asked only for what that group did not want of it."""
        covered = self._seen.get(source.digest, ())
        self._seen[source.digest] = (*covered, *(spec for spec in specs if spec not in covered))
        fresh = tuple(spec for spec in specs if spec not in covered)
        return [Request(source, fresh, covered=covered)] if fresh else []

    @staticmethod
    def _files(group: SourceGroup, requests: list[Request]) -> Iterator[FileBatch]:
        if requests:
            yield FileBatch(requests, (group.key,))
            for request in requests:
                request.source.close()

    def _given_images(self, images: list[Any], specs: Specs) -> Iterator[ImageBatch]:
        """Images that a plain group gave. What groups of images want of them is made and counted there."""
        by_model: dict[type[Model], list[Any]] = {}
        for image in images:
            by_model.setdefault(image._meta.concrete_model, []).append(image.pk)
        for model, pks in by_model.items():
            groups = [group for group in self._image_groups() if group.model is model]
            table = Memberships(
                model, groups, self._specs, specs, incomplete=True, given=specs, latest=self._latest
            )
            given = self._selection.narrow(model._default_manager.filter(pk__in=pks))
            rows = []
            for row in table.read(given, table.columns):
                key = f"{model._meta.label_lower}:{row[0]}"
                known = self._seen.get(key, ())
                if not set(specs) <= set(known):
                    self._seen[key] = tuple(dict.fromkeys((*known, *specs)))
                    rows.append(table.row(row, known))
            if rows:
                yield ImageBatch(model, rows, table.fields)
