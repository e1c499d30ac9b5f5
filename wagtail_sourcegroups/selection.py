"""Which sources of the groups are meant: all, unless narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import router
from django.db.models import BigIntegerField, IntegerField, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Cast
from django.utils import timezone
from wagtail.images import get_image_model

from .generation.sources import FileSourceBase
from .listing import canonical, honoured, listed_keys
from .models import GenerationFailure
from .policies import changeable_images


@dataclass(frozen=True)
class Selection:
    """
    ``collections`` are ids of collections; ``images`` primary keys of the site's image model; ``since`` a day in
    the current time zone; ``only_failed`` means sources with a failure on record, ``failed_in`` (with it) those that
    failed in the run of this id. ``by`` is the primary key of a user: only images which he or she may change;
    ``listing`` a query string of the image listing: only what it shows to ``by``.
    """

    collections: frozenset[Any] | None = None
    images: tuple[Any, ...] | None = None
    since: date | None = None
    only_failed: bool = False
    failed_in: int | None = None
    by: Any = None
    listing: str | None = None

    @property
    def images_only(self) -> bool:
        """Whether no plain file can be meant: it is in no collection and has no image id."""
        narrowed = (self.collections, self.images, self.by, self.listing)
        return any(each is not None for each in narrowed)

    @property
    def everything(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Selection()

    def means_model(self, model: type) -> bool:
        """Whether images of a model can be meant: ids, listing and permissions are of the site's image model."""
        of_any = self.images is None and self.by is None and self.listing is None
        return of_any or model is get_image_model()

    def problem(self) -> str:
        """One sentence if nobody can tell any more which images were meant; none otherwise."""
        if self.by is None and self.listing is None:
            return ""
        user = self._user()
        if user is None:
            return "Whoever chose the images is no user of this site any more."
        if self.listing is not None and honoured(self.listing, user) != canonical(self.listing):
            return (
                f"The listing of images cannot be filtered by {self.listing!r} any more: a collection is gone, or a "
                "tag is none of the most popular ones."
            )
        return ""

    def _user(self) -> Any:
        return get_user_model()._default_manager.filter(pk=self.by).first()

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The selected ones of some images; none where there is a :meth:`problem`."""
        model = queryset.model
        if not self.means_model(model):
            return queryset.none()
        if self.collections is not None:
            queryset = queryset.filter(collection_id__in=self.collections)
        if self.images is not None:
            queryset = queryset.filter(pk__in=self.images)
        if self.by is not None or self.listing is not None:
            user = self._user()
            if user is None:
                return queryset.none()
            if not (user.is_active and user.is_superuser):
                queryset = queryset.filter(pk__in=changeable_images(user).order_by().values("pk"))
            if self.listing is not None:
                queryset = queryset.filter(pk__in=listed_keys(self.listing, user))
        if self.since is not None:
            queryset = queryset.filter(created_at__gte=self._moment(self.since))
        if self.only_failed:
            queryset = queryset.filter(pk__in=failed_images(model, self.failed_in))
        return queryset

    def wants_file(self, source: FileSourceBase) -> bool:
        """Whether a plain file is meant, going by the time it was last modified."""
        if self.since is None:
            return True
        modified = modified_at(source)
        return modified is None or modified >= self._moment(self.since)

    @staticmethod
    def _moment(day: date) -> datetime:
        moment = datetime(day.year, day.month, day.day)
        # As the database keeps them.
        return timezone.make_aware(moment) if timezone.now().tzinfo else moment


def failed_images(model: type[Model], run: int | None = None) -> QuerySet[Any] | list[Any]:
    """
    The primary keys of images with a failure on record, of one run or at all.

    A query to be part of another one, where the database can compare; else a list, for one query.
    """
    failures = _failures(run).filter(content_type=ContentType.objects.get_for_model(model)).order_by()
    key = model._meta.pk
    if isinstance(key, IntegerField) and router.db_for_read(model) == router.db_for_read(GenerationFailure):
        # There may be as many as images. Only numbers are text in the same way everywhere.
        return failures.values_list(Cast("object_id", BigIntegerField()), flat=True)
    ids = failures.values_list("object_id", flat=True).distinct()
    return [key.to_python(object_id) for object_id in ids]


def failed_files(run: int | None = None) -> frozenset[str]:
    """The source keys of plain files with a failure on record, of one run or at all. One query."""
    keys = _failures(run).filter(source_key__startswith="file:")
    return frozenset(keys.order_by().values_list("source_key", flat=True).distinct())


def _failures(run: int | None) -> QuerySet[GenerationFailure]:
    failures = GenerationFailure.objects.all()
    return failures if run is None else failures.filter(run=run)


def modified_at(source: FileSourceBase) -> datetime | None:
    """When a plain file was last modified; ``None`` where nobody knows."""
    if isinstance(source.file, FieldFile):
        try:
            return source.file.storage.get_modified_time(source.file.name or "")
        except (NotImplementedError, OSError):
            return None
    return getattr(source, "modified_at", None)
