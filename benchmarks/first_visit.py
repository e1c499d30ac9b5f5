"""
The first visit of a page full of pictures of which nothing has been made, and the next ones: until the first byte of
the answer is there, over HTTP.

Stock Wagtail makes all of it first. Here the page is shown with what there is, a run of ``generateimages`` makes the
rest, and the page is visited again: with Wagtail's own tags, and with ours.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from statistics import median
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from .bench import Bench
from .cases import SMALL, WrongOutputs
from .measure import interleaved, middle, ratio
from .table import Row, Target

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

CASES = ("stock", "exact", "our tags")
SPEC = "page:picture"
FILTERS = tuple(f"format-{name}|width-{width}" for name in ("avif", "webp", "jpeg") for width in (400, 800))
#: A round is minutes of stock's encoding, and much the same each time.
ROUNDS = 3
#: Of a page that is there, of which the median is taken.
VISITS = 5
QUERIES = "X-Queries"

WAGTAILS_TAGS = """{% load wagtailimages_tags %}{% for image in images %}
{% picture image format-{avif,webp,jpeg} width-{400,800} sizes="50vw" %}{% endfor %}"""
OUR_TAGS = """{% load sourcegroups_tags %}{% prefetch_generateimages "page:picture" images %}{% for image in images %}
{% generateimage "page:picture" source=image sizes="50vw" %}{% endfor %}"""
TAGS = {"our tags": OUR_TAGS}

#: Which visits there are, how they are called, and what is asked: as many times as fast as stock, at least.
MEASURES = (
    ("first", "first visit, nothing made: to the first byte, stock ÷", Target(20)),
    ("rows", "all made, rendition cache empty: to the first byte, stock ÷", Target(0.9)),
    ("cached", "all made, in the rendition cache: to the first byte, stock ÷", Target(0.9)),
)


def rows(bench: Bench) -> Iterator[Row]:
    """What a visitor waits for, with Wagtail's tags and with ours."""
    site = bench.many_web(bench.extent.visited)
    rounds = min(bench.extent.rounds, ROUNDS)
    results = interleaved(rounds, CASES, lambda case: site.run(case, FILTERS, function="first_visit.visit"))
    title = f"a page of {len(site.names)} pictures × {len(FILTERS)}"
    for case, said in (("exact", "Wagtail's tags"), ("our tags", "our tags")):
        for visit, measure, target in MEASURES:
            stock, ours = (middle(results, each, visit) * 1000 for each in ("stock", case))
            queries = " and ".join(
                f"{middle(results, each, f'{visit} queries'):,.0f}" for each in ("stock", case)
            )
            yield Row(
                f"{title}, {said}",
                measure,
                {"exact": ratio(results, visit, "stock", case)},
                bench.asked({"exact": target}),
                basis=f"{stock:,.0f} and {ours:,.0f} ms, {queries} queries",
            )


# In the site's own process:


def visit(case: str, names: list[str], filters: list[str]) -> dict[str, float]:
    """Seconds and queries of each visit. Raises :exc:`.WrongOutputs` if a page does not show what it should."""
    from django.core.cache import cache
    from django.core.management import call_command
    from wagtail.images import get_image_model

    is_ours = case != "stock"
    if is_ours:
        from wagtail_sourcegroups import register
        from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

        register.spec(SPEC, list(filters))
        register.source_group(SPEC, ImageModelSourceGroup())
    made = get_image_model().get_rendition_model()._default_manager
    found: dict[str, float] = {}
    with serving(case) as port:
        for _ in range(2):
            _get(port, f"/?title={SMALL}")
        before = made.count()
        found["first"], found["first queries"], html = _get(port, "/")
        _check(html, names, made.count() - before, 0 if is_ours else len(names) * len(filters))
        if is_ours:
            call_command("generateimages", verbosity=0)
        for name, prepare in (("rows", cache.clear), ("cached", lambda: None)):
            visits = []
            for _ in range(VISITS):
                prepare()
                visits.append(_get(port, "/"))
            found[name] = median(seconds for seconds, _, _ in visits)
            found[f"{name} queries"] = median(queries for _, queries, _ in visits)
            _check(visits[-1][2], names, made.count(), (len(names) + 1) * len(filters))
            if visits[-1][2].count("<source") != len(names) * 2:
                raise WrongOutputs(f"The page of {case} does not show every rendition.")
    return found


def _check(html: str, names: Sequence[str], made: int, expected: int) -> None:
    if html.count("<img") != len(names) or made != expected:
        raise WrongOutputs(
            f"A page of {len(names)} pictures shows {html.count('<img')}; {made} renditions were made, "
            f"and {expected} were expected."
        )


def _get(port: int, path: str) -> tuple[float, float, str]:
    """Seconds to the first byte of the answer, queries, and the page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1800)
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    seconds = time.perf_counter() - began
    html = answer.read().decode()
    connection.close()
    if answer.status != HTTPStatus.OK:
        raise WrongOutputs(f"{path} was answered with {answer.status}: {html[:500]}")
    return seconds, float(answer.getheader(QUERIES, "nan")), html


@contextmanager
def serving(case: str) -> Iterator[int]:
    """A server with the page, in a thread of this process; yields its port."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.template import engines
    from django.urls import path

    template = engines["django"].from_string(TAGS.get(case, WAGTAILS_TAGS))
    settings.ROOT_URLCONF = Urls
    Urls.urlpatterns = [path("", lambda request: _page(request, template))]
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Urls:
    """The only page of the site."""

    urlpatterns: list[Any]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


def _page(request: HttpRequest, template: Any) -> HttpResponse:
    from django.http import HttpResponse
    from wagtail.images import get_image_model

    from .million import counting

    images = get_image_model()._default_manager.order_by("pk")
    title = request.GET.get("title")
    shown = images.filter(title=title) if title else images.exclude(title=SMALL)
    with counting() as counted:
        html = template.render({"images": list(shown)})
    return HttpResponse(html, headers={QUERIES: str(counted["queries"])})
