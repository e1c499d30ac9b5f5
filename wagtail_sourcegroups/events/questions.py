"""Questions too big to be answered in one go are handed on: the deciding floor does not know its own tasks here."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import apps
from django.db.models import Q
from wagtail.models import Collection

from .facts import Question

Ask = Callable[[Question], None]

_ask: Ask | None = None


def ask_with(function: Ask) -> None:
    """Tell where questions go."""
    global _ask
    _ask = function


def ask_later(question: Question) -> None:
    """Have a question answered batch by batch."""
    if _ask is not None:
        _ask(question)


def images_meant(question: Question) -> Q | None:
    """Which images of its model a question is about; ``None`` if its collection is gone. One query at most."""
    if not question.collection:
        return Q()
    path = Collection.objects.filter(pk=question.collection).values_list("path", flat=True).first()
    return None if path is None else Q(collection__path__startswith=path)


def in_words(question: Question) -> str:
    """What a question is about, for people."""
    model = apps.get_model(question.model)._meta.verbose_name_plural
    return f"the {model} of collection #{question.collection}" if question.collection else f"{model}"
