"""What an image's panel shows, and having its renditions made."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.images import get_image_model

from ...models import GenerationRun
from ...queueing import is_inline
from ...runs.working import drive
from ...specs import RenditionSpec
from .. import access
from ..starting import covers, selection_for, start_run
from .reading import outputs_of, runs_of, specs_of


class Asked(forms.Form):
    """What is to be made: all that is missing; of one ``spec``; only what ``failed``; what is there too (``force``)."""

    spec = forms.CharField(required=False)
    failed = forms.BooleanField(required=False)
    force = forms.BooleanField(required=False)

    def __init__(self, *args: Any, specs: tuple[RenditionSpec, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.specs = {spec.id: spec for spec in specs}

    def clean_spec(self) -> list[RenditionSpec]:
        """The specs that are meant."""
        asked = self.cleaned_data["spec"]
        if asked and asked not in self.specs:
            raise ValidationError(_("This spec doesn't apply to the image any more."))
        if not self.specs:
            raise ValidationError(_("No specs apply to this image."))
        return [self.specs[asked]] if asked else list(self.specs.values())


class ImagePanelView(TemplateView):
    """The content of the panel. Looking generates nothing and writes nothing."""

    http_method_names = ["get", "head", "options"]
    template_name = "wagtail_sourcegroups/admin/images/panel.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(self.is_allowed())
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self) -> bool:
        return access.may_see_image(self.request.user, self.image)

    @cached_property
    def image(self) -> Any:
        return get_object_or_404(
            get_image_model()._default_manager.select_related("collection"), pk=self.kwargs["pk"]
        )

    @cached_property
    def collection_url(self) -> str | None:
        """Where specs are assigned to the image's collection, for whoever may; the root has no page of its own."""
        collection = self.image.collection
        if collection.is_root() or not access.assignable_collections(self.request.user).filter(
            pk=collection.pk
        ):
            return None
        return reverse("wagtailadmin_collections:edit", args=[collection.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            image=self.image,
            outputs=outputs_of(self.image),
            may_generate=access.may_generate_image(self.request.user, self.image),
            generate_url=reverse("sourcegroups:image_generate", args=[self.image.pk]),
            collection_url=self.collection_url,
            **kwargs,
        )


# Each rendition is kept as it is made: a site that wraps its requests in transactions would lose all for one.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class GenerateView(ImagePanelView):
    """
    Has a run of this image made: by a worker, or where there is none within the request, since it is one image.

    Answers with the panel drawn anew, or without JavaScript with the page of the image.
    """

    http_method_names = ["post", "options"]

    def is_allowed(self) -> bool:
        return access.may_generate_image(self.request.user, self.image)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = Asked(request.POST, specs=specs_of(self.image))
        run = self.run(form) if form.is_valid() else None
        errors = [str(error) for error in form.errors.get("spec", ())]
        if request.headers.get("X-Requested-With") == "XMLHttpRequest":
            return self.render_to_response(self.get_context_data(errors=errors))
        if run is None:
            messages.error(request, " ".join(errors))
        else:
            self.say(run)
        return redirect("wagtailimages:edit", self.image.pk)

    def run(self, form: Asked) -> GenerationRun:
        """One that is on its way already and does all of it, or a new one; worked on where nobody else would."""
        asked = form.cleaned_data
        selection = selection_for(self.request.user, images=(self.image.pk,), only_failed=asked["failed"])
        specs, force = asked["spec"], asked["force"]
        waiting = (run for run in runs_of(self.image) if covers(run, specs, selection, force=force))
        run = next(waiting, None) or start_run(self.request.user, specs, selection, force=force)
        if is_inline():
            drive(run.pk)
            run.refresh_from_db()
        return run

    def say(self, run: GenerationRun) -> None:
        """For whoever does not see the panel."""
        if run.is_active:
            see = messages.button(reverse("sourcegroups:run", args=[run.pk]), _("See how it goes"))
            waiting = _("The renditions of “%(image)s” are waiting for a worker.") % {"image": self.image}
            messages.success(self.request, waiting, buttons=[see])
            return
        counts = run.counts["all"]
        made, failed = int(counts["generated"]), int(counts["failed"])
        if failed:
            said = ngettext(
                "%(count)s rendition of “%(image)s” could not be made.",
                "%(count)s renditions of “%(image)s” could not be made.",
                failed,
            )
            messages.error(self.request, said % {"count": failed, "image": self.image})
        if made or not failed:
            said = ngettext(
                "%(count)s rendition of “%(image)s” was made.",
                "%(count)s renditions of “%(image)s” were made.",
                made,
            )
            messages.success(self.request, said % {"count": made, "image": self.image})
