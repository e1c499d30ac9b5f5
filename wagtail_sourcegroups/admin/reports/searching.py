"""Images of a spec by how their renditions stand: live, and no more of them than somebody waits for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from wagtail.images import get_image_model

from ...finding import Found, Look, look, pieces
from ...registry import Binding
from ...walk import Walk
from .. import access

#: Seconds after which a page is shown as far as it has come.
PATIENCE = 0.5


@dataclass
class Search:
    """
    The images of some bindings of one spec that ``user`` sees, of a ``collection`` and those below it if one is given,
    with a rendition in this state.
    """

    bindings: Sequence[Binding]
    state: str
    user: Any
    collection: Any = None

    @cached_property
    def models(self) -> list[type[Model]]:
        """Usually one. A small query for each group, whatever is in it."""
        self._walk.prepare()
        return list(self._walk.models)

    @property
    def is_unknown(self) -> bool:
        """Whether some group could not say which images are in it; known once somebody has looked."""
        return bool(self._walk.broken)

    @cached_property
    def _walk(self) -> Walk:
        return Walk(self.bindings, self.bindings, write=False)

    def page(self, after: str, limit: int) -> tuple[type[Model] | None, Look, str]:
        """
        The next images after a cursor, of one model; what came of looking, and the cursor to go on from, if any.
        """
        model, key = self._place(after)
        if model is None:
            return None, Look(), ""
        found = look(self._images(model), self._specs, self.state, after=key, limit=limit, seconds=PATIENCE)
        if found.after is not None:
            return model, found, _cursor(model, found.after)
        rest = self.models[self.models.index(model) + 1 :]
        return model, found, _cursor(rest[0]) if rest else ""

    def every(self) -> Iterator[tuple[type[Model], list[Found]]]:
        """All of them, as they are found."""
        for model in self.models:
            for piece in pieces(self._images(model), self._specs, self.state):
                if piece.found:
                    yield model, piece.found

    @property
    def _specs(self) -> tuple[Any, ...]:
        return (self.bindings[0].spec,)

    def _images(self, model: type[Model]) -> QuerySet[Any]:
        _, images = self._walk.images_of(model)
        if self.collection is not None:
            below = self.collection.get_descendants(inclusive=True)
            images = images.filter(collection__in=below.values("pk"))
        if self._sees_everything:
            return images
        if model is get_image_model():
            return images.filter(pk__in=access.visible_images(self.user).order_by().values("pk"))
        # Of models beside the site's nobody is said to have added an image.
        return images.filter(collection__in=access.collections_seen_whole(self.user).values("pk"))

    @cached_property
    def _sees_everything(self) -> bool:
        return access.sees_everything(self.user)

    def _place(self, after: str) -> tuple[type[Model] | None, Any]:
        """The model and key of a cursor; the very beginning for none, and for one that means nothing."""
        label, _, text = after.partition(":")
        for model in self.models:
            if model._meta.label_lower == label:
                try:
                    return model, model._meta.pk.to_python(text) if text else None
                except ValidationError:
                    break
        return (self.models[0] if self.models else None), None


def _cursor(model: type[Model], key: Any = "") -> str:
    return f"{model._meta.label_lower}:{key}"
