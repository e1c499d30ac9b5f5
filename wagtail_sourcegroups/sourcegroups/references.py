"""Images that objects refer to, wherever in them: fields, StreamField blocks, rich text, inline children."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import get_resolver
from django.utils.translation import gettext as _

from ..exceptions import InvalidSourceGroup
from .base import Condition, nothing, overridable
from .content_types import content_types_of, key_as_text, key_field, text_as_key
from .families import family, find_model, model_label
from .images import ChosenModel
from .watches import ReferencesWatch, Watch

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage


class ReferenceSourceGroup(ChosenModel):
    """
    Images that objects of a model refer to, as Wagtail's reference index has it.

    ``referrer``
        A model, or ``"app.Model"``: of pages and others that are live or not, the live ones' published content
        counts; of any other model every object does. Models that inherit it are included. Wagtail indexes pages,
        snippets, models with a viewset in the admin, and those named to ``ReferenceIndex.register_model()``.
    ``model``
        The image model; by default the site's.
    """

    indexed = True

    def __init__(
        self, referrer: type[Model] | str, *, model: type[AbstractImage] | str | None = None
    ) -> None:
        super().__init__(model)
        self._referrer = referrer
        self._referrer_label = model_label(referrer)

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"referrer": self._referrer_label, **super().arguments}

    @overridable
    def key(self) -> str:
        return f"references:{self._referrer_label}{self._suffix}"

    @overridable
    def label(self) -> str:
        return _("Images used by %(objects)s") % {"objects": self.referrer._meta.verbose_name_plural}

    @property
    def referrer(self) -> type[Model]:
        """The model whose objects refer to images. Raises :exc:`.InvalidSourceGroup` if there is none."""
        return find_model(self._referrer)

    @overridable
    def watches(self) -> tuple[Watch, ...]:
        return (ReferencesWatch(family(self.referrer)),)

    def get_queryset(self) -> QuerySet[AbstractImage]:
        return self.model._base_manager.filter(self._referred_to())

    def condition(self) -> Condition:
        try:
            return self._referred_to()
        except InvalidSourceGroup:
            # A check says so at every start.
            return nothing()

    def _referred_to(self) -> Exists:
        from wagtail.models import ReferenceIndex

        image_model = self.model
        references = ReferenceIndex.objects.filter(
            to_content_type__in=content_types_of([base_model(image_model)]),
            to_object_id=key_as_text(OuterRef("pk"), key_field(image_model)),
        )
        from_live = nothing()
        for number, (owner, models) in enumerate(by_live_field(family(self.referrer)).items()):
            from_these = Q(content_type__in=content_types_of(models))
            if owner is not None:
                source = f"source_{number}"
                references = references.annotate(
                    **{source: text_as_key("object_id", key_field(owner), where=from_these)}
                )
                from_these &= Q(Exists(owner._base_manager.filter(live=True, pk=OuterRef(source))))
            from_live |= from_these
        return Exists(references.filter(from_live))

    def references_of(self, instance: Model) -> set[Any]:
        """
        Primary keys of the images that an object refers to, read from the object itself, as just published.

        Empty if it is not live, or of another model. Wagtail's own extraction, but not its index: a queue may be
        late to update that. Inline children are read from the database unless they are in memory.
        """
        from wagtail.models import DraftStateMixin, ReferenceIndex

        if not isinstance(instance, self.referrer):
            return set()
        if isinstance(instance, DraftStateMixin) and not instance.live:
            return set()
        image_model = self.model
        key = key_field(image_model)
        wanted = ReferenceIndex._get_base_content_type(image_model).pk
        found = set()
        for content_type_id, object_id, *_path in ReferenceIndex._extract_references_from_object(instance):
            if content_type_id == wanted:
                try:
                    found.add(key.to_python(object_id))
                except ValidationError:
                    # A block or a link that spells no key refers to no image.
                    continue
        return found

    def problems(self, *, database: bool) -> list[str]:
        found = super().problems(database=database)
        try:
            referrer = self.referrer
        except InvalidSourceGroup as error:
            return [*found, str(error)]
        if database and not is_indexed(referrer):
            found.append(
                f"Wagtail's reference index leaves {referrer._meta.label} out, so that {self!r} is always empty; "
                "register it as a snippet or with ReferenceIndex.register_model() in an AppConfig's ready(), "
                "and run rebuild_references_index."
            )
        return found


def is_indexed(model: type[Model]) -> bool:
    """Whether Wagtail keeps the references of objects of a model, or of one that inherits it."""
    from wagtail.models import ReferenceIndex

    # The admin's viewsets register their models when the admin's URLs are first needed. A site without any, or with
    # broken ones, has checks of its own for that.
    with contextlib.suppress(Exception):
        _ = get_resolver().url_patterns
    return any(ReferenceIndex.is_indexed(other) for other in family(model))


def base_model(model: type[Model]) -> type[Model]:
    """The model that Wagtail's reference index files references to ``model`` under: its uppermost parent."""
    parents = model._meta.get_parent_list()
    return parents[-1] if parents else model


def by_live_field(models: tuple[type[Model], ...]) -> dict[type[Model] | None, list[type[Model]]]:
    """Models by the one among their parents, or themselves, that says which objects are live; ``None``: all are."""
    from wagtail.models import DraftStateMixin

    found: dict[type[Model] | None, list[type[Model]]] = {}
    for model in models:
        owner = model._meta.get_field("live").model if issubclass(model, DraftStateMixin) else None
        found.setdefault(owner, []).append(model)
    return found
