"""What a spec makes of a sample, for whoever may see specs: the drawing beside the form, and its pictures."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from ...specs import expand_filters
from .. import access
from .mistakes import mistake
from .sample import visible
from .shown import shown
from .trying import picture


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What these ``filters`` make of this ``sample``, as a piece of HTML. Nothing is stored but which sample it was."""
    access.require(access.may_see_specs(request.user))
    context = shown(request, request.POST.get("filters", ""), request.POST.get("sample", ""))
    return render(request, "wagtail_sourcegroups/admin/specs/preview.html", context)


@require_GET
def preview_picture(request: HttpRequest) -> HttpResponse:
    """What one ``filter`` makes of a ``sample``, as a picture."""
    access.require(access.may_see_specs(request.user))
    filter_spec = request.GET.get("filter", "")
    sample = visible(request.user, request.GET.get("sample", ""))
    if sample is None or mistake([filter_spec]) or expand_filters(filter_spec) != (filter_spec,):
        raise Http404
    shot = picture(sample, filter_spec)
    if shot is None:
        raise Http404
    response = HttpResponse(shot.content, content_type=shot.content_type)
    # An SVG may hold a script, and is one only where it is opened by itself.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
