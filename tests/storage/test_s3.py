"""Sources and renditions in S3, by django-storages, against a real S3 API: what is asked of it, and what it may do."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from PIL import Image as PillowImage
from wagtail.images import get_image_model

from tests.command.conftest import call
from tests.command.processes import fork
from tests.conftest import ProcessSite
from tests.images import asks, picture, rows
from tests.storage.conftest import S3, SPEC, keys
from tests.storage.server import Fault
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import naming
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.models import GenerationFailure
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

PutIn = Callable[..., None]


@pytest.fixture(autouse=True)
def few_threads(settings: Any) -> None:
    """A client of boto3 takes a while to make, and each thread has its own."""
    settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": 2, "WORKERS": 1}


both_kinds = pytest.mark.parametrize("overwriting", [True, False], ids=["overwriting", "not overwriting"])


@pytest.fixture
def bucket(s3: S3, put_in: PutIn, transactional_db: None, shared_cache: None) -> Any:
    """One for originals and renditions, as most sites have it."""
    storage = s3.storage(file_overwrite=False)
    put_in(originals=storage, renditions=storage)
    return storage


class TestWhatIsAsked:
    @both_kinds
    def test_each_source_once_and_two_requests_for_an_output(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None, overwriting: bool
    ) -> None:
        storage = s3.storage(file_overwrite=overwriting)
        put_in(originals=storage, renditions=storage)
        images = [make_image(f"{number}.jpg") for number in range(4)]
        s3.look()

        totals = make([request for image in images for request in asks(image, SPEC)])

        asked = s3.asked()
        assert totals.all.generated == 8
        assert asked["GET original_images"] == 4
        # Of django-storages, which looks for a file before it gives it, and of boto3, which asks how large it is.
        assert asked["HEAD original_images"] <= 8
        assert (asked["HEAD images"], asked["PUT images"]) == (8, 8)
        assert set(asked) == {"GET original_images", "HEAD original_images", "HEAD images", "PUT images"}
        for image in images:
            assert {row.file.name for row in rows(image).values()} <= keys(storage)

        s3.look()
        assert make([request for image in images for request in asks(image, SPEC)]).all.existing == 8
        assert not s3.asked()

    def test_as_many_at_once_as_the_setting_says(
        self, s3: S3, bucket: Any, make_image: Any, settings: Any
    ) -> None:
        spec = RenditionSpec("many", [f"width-{width}" for width in range(10, 22)])
        images = [make_image(f"{number}.jpg") for number in range(4)]
        most = {}
        for connections_ in (1, 6):
            settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": connections_, "WORKERS": 1}
            s3.look()
            make([request for image in images for request in asks(image, spec, force=True)])
            most[connections_] = s3.look()["most"]
        # One more for the thread that deletes what was replaced.
        assert most[1] <= 2
        assert 2 < most[6] <= 7

    def test_files_are_closed(self, bucket: Any, make_image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[Any] = []
        real = type(bucket)._open

        def noted(self: Any, name: str, mode: str = "rb") -> Any:
            opened.append(real(self, name, mode))
            return opened[-1]

        monkeypatch.setattr(type(bucket), "_open", noted)
        image = make_image()
        make(asks(get_image_model().objects.get(pk=image.pk), SPEC))
        assert opened
        assert all(file.closed for file in opened)


class TestPassing:
    """What fails for a moment costs nothing but the moment."""

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("refuse", status=503, code="SlowDown", times=2),
            Fault("refuse", status=500, code="InternalError", times=2),
            Fault("refuse", status=400, code="RequestTimeout"),
            Fault("reset", times=2),
        ],
        ids=lambda fault: f"{fault.kind} {fault.code if fault.kind == 'refuse' else ''}",
    )
    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_is_tried_again(
        self, s3: S3, bucket: Any, make_image: Any, pauses: list[float], fault: Fault, method: str
    ) -> None:
        image = make_image()
        s3.befalls(Fault(**{**vars(fault), "method": method}))
        totals = make(asks(image, SPEC))
        assert (totals.all.generated, totals.all.failed) == (2, 0)
        assert pauses
        assert keys(bucket) == {image.file.name, *(row.file.name for row in rows(image).values())}

    @both_kinds
    @pytest.mark.parametrize("kind", ["reset", "refuse"])
    def test_a_file_that_arrived_all_the_same_is_not_stored_twice(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None, kind: str, overwriting: bool
    ) -> None:
        storage = s3.storage(file_overwrite=overwriting)
        put_in(originals=storage, renditions=storage)
        image = make_image()
        s3.befalls(Fault(kind, "PUT", status=500, code="InternalError", times=3, arrives=True))
        assert make(asks(image, SPEC)).all.generated == 2
        assert keys(storage) == {image.file.name, *(row.file.name for row in rows(image).values())}

    @pytest.mark.parametrize("arrives", [False, True])
    def test_a_connection_that_hangs_is_given_up(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None, arrives: bool
    ) -> None:
        storage = s3.storage(timeout=0.3, file_overwrite=False)
        put_in(originals=storage, renditions=storage)
        image = make_image()
        s3.befalls(Fault("hang", "PUT", seconds=1.0, arrives=arrives))
        assert make(asks(image, SPEC)).all.generated == 2
        assert len(keys(storage)) == 3


class TestLasting:
    """What does not pass is a failure at once, and the next run makes what is missing."""

    @pytest.mark.parametrize(
        ("method", "status", "code"),
        [("PUT", 403, "AccessDenied"), ("HEAD", 403, ""), ("GET", 403, "AccessDenied")],
    )
    def test_is_a_failure_at_once(
        self, s3: S3, bucket: Any, make_image: Any, pauses: list[float], method: str, status: int, code: str
    ) -> None:
        image = make_image()
        s3.befalls(Fault("refuse", method, status=status, code=code, times=100))
        totals = make(asks(image, SPEC))
        assert (totals.all.generated, totals.all.failed) == (0, 2)
        assert "a-secret-key" not in str(totals.failures)
        assert (pauses, GenerationFailure.objects.count()) == ([], 2)
        s3.befalls()
        assert make(asks(image, SPEC)).all.generated == 2
        assert not GenerationFailure.objects.exists()

    def test_a_source_that_is_not_there(self, bucket: Any, make_image: Any, pauses: list[float]) -> None:
        image = make_image()
        bucket.delete(image.file.name)
        totals = make(asks(get_image_model().objects.get(pk=image.pk), SPEC))
        assert totals.failures[0].error == "The original 'one.jpg' is not in storage."
        assert pauses == []

    def test_a_storage_that_is_down(self, s3: S3, bucket: Any, make_image: Any, pauses: list[float]) -> None:
        image = make_image()
        s3.befalls(Fault("refuse", "PUT", times=100))
        assert make(asks(image, SPEC)).all.failed == 2
        # Three pauses for each of the two outputs.
        assert sorted(pauses) == [0.4, 0.4, 0.8, 0.8, 1.6, 1.6]
        s3.befalls()
        assert make(asks(image, SPEC)).all.generated == 2
        assert len(keys(bucket)) == 3


@both_kinds
def test_two_processes_that_give_one_name_at_the_same_moment(
    s3: S3, put_in: PutIn, process_site: ProcessSite, tmp_path: Path, overwriting: bool
) -> None:
    """wagtail #13834. The S3 sees to it that both have found the name free before either has written."""
    options = {"file_overwrite": overwriting}
    bucket = s3.storage(**options)
    put_in(originals=bucket, renditions=bucket)
    model = get_image_model()
    spec = RenditionSpec("one", "width-20")
    stem = "a" * 55
    images = {}
    for colour in ("red", "blue"):
        content = picture(colour=colour)
        file = bucket.save(f"original_images/{stem}-{colour}.jpg", content)
        images[colour] = model.objects.create(title=colour, file=file, width=60, height=40)
    s3.befalls(Fault("meet", "PUT", path="/images/", times=2))

    def work(image: Any) -> str:
        own = s3.same(bucket, **options)
        put_in(originals=own, renditions=own)
        return str(make(asks(model.objects.get(pk=image.pk), spec)).all.generated)

    reports = {colour: tmp_path / colour for colour in images}
    pids = [fork(lambda image=image: work(image), reports[colour]) for colour, image in images.items()]
    for pid in pids:
        os.waitpid(pid, 0)

    assert {colour: report.read_text() for colour, report in reports.items()} == {"red": "1", "blue": "1"}
    names = set()
    for colour, image in images.items():
        name = rows(image)["width-20"].file.name
        names.add(name)
        with bucket.open(name) as file, PillowImage.open(io.BytesIO(file.read())) as found:
            red, _, blue = found.convert("RGB").getpixel((5, 5))
        assert (red > blue) == (colour == "red"), "each row names its own picture"
    assert len(names) == 2
    connections.close_all()


class TestVerify:
    def test_lists_pages_instead_of_asking_file_by_file(
        self, s3: S3, bucket: Any, make_image: Any, settings: Any
    ) -> None:
        spec = RenditionSpec("many", [f"width-{width}" for width in range(10, 30)])
        image = make_image()
        make(asks(image, spec))
        lost = rows(image)["width-15"].file.name
        bucket.delete(lost)
        s3.look()
        totals = make(asks(image, spec), options=Options(verify=True))
        asked = s3.asked()
        assert (totals.all.existing, totals.all.generated) == (19, 1)
        assert asked["GET list"] == 1
        # The one that is lost, once because it was not on the list, once when its name is taken again.
        assert asked["HEAD images"] == 2
        assert rows(image)["width-15"].file.name == lost

    def test_of_a_few_is_not_worth_a_list(self, s3: S3, bucket: Any, make_image: Any) -> None:
        image = make_image()
        make(asks(image, SPEC))
        s3.look()
        assert make(asks(image, SPEC), options=Options(verify=True)).all.existing == 2
        assert s3.asked() == {"HEAD images": 2}

    def test_without_the_right_to_list(self, s3: S3, bucket: Any, make_image: Any) -> None:
        spec = RenditionSpec("many", [f"width-{width}" for width in range(10, 30)])
        image = make_image()
        make(asks(image, spec))
        s3.befalls(Fault("refuse", "GET", status=403, code="AccessDenied", times=100))
        s3.look()
        assert make(asks(image, spec), options=Options(verify=True)).all.existing == 20
        assert s3.asked() == {"GET list": 1, "HEAD images": 20}


class TestPrivate:
    """Originals and renditions apart; originals nobody may see; addresses that expire."""

    def test_originals_are_read_and_never_shown(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        originals = s3.storage(file_overwrite=False, location="private", default_acl="private")
        renditions = s3.storage(file_overwrite=False, location="public/site")
        monkeypatch.setattr(
            originals, "url", lambda *args, **kwargs: pytest.fail("An original was to be shown.")
        )
        put_in(originals=originals, renditions=renditions)
        image = make_image()
        assert make(asks(image, SPEC)).all.generated == 2
        names = {row.file.name for row in rows(image).values()}
        assert keys(originals) == {f"private/{image.file.name}"}
        assert keys(renditions) == {f"public/site/{name}" for name in names}
        assert make(asks(image, SPEC), options=Options(verify=True)).all.existing == 2

    def test_what_caches_hold_is_no_address_and_no_secret(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None
    ) -> None:
        storage = s3.storage(file_overwrite=False, querystring_auth=True, querystring_expire=60)
        put_in(originals=storage, renditions=storage)
        image = make_image()
        make(asks(image, SPEC))
        row = rows(image)["width-20"]
        assert "Signature=" in row.url
        held = list(cache._cache.values())
        assert len(held) == 2
        for entry in held:
            for secret in (b"Signature", b"a-secret-key", b"an-access-key", b"http"):
                assert secret not in entry
        cached = cache.get(row.get_cache_key())
        assert cached.file.name == row.file.name
        # Signed when it is asked for, by the storage of that moment.
        assert "Signature=" in cached.url

    def test_lists_know_the_place_of_a_storage_in_its_bucket(
        self, s3: S3, put_in: PutIn, make_image: Any, transactional_db: None
    ) -> None:
        storage = s3.storage(file_overwrite=False, location="public/site")
        put_in(renditions=storage)
        spec = RenditionSpec("many", [f"width-{width}" for width in range(10, 30)])
        image = make_image()
        make(asks(image, spec))
        s3.look()
        assert make(asks(image, spec), options=Options(verify=True)).all.existing == 20
        assert s3.asked() == {"GET list": 1}


class TestStrays:
    def test_are_found_by_the_page_and_their_age_comes_with_it(
        self, s3: S3, bucket: Any, make_image: Any, registry: Registry, settings: Any
    ) -> None:
        registry.add_group(SPEC.id, ImageModelSourceGroup())
        make_image()
        call()
        bucket.save("images/gone.width-20.jpg", picture())
        bucket.save("images/gone.width-20_abcdefg_1234567.jpg", picture())
        settings.WAGTAIL_SOURCEGROUPS = {**settings.WAGTAIL_SOURCEGROUPS, "ORPHAN_GRACE": 0}
        s3.look()
        result = call("--verify", "--prune")
        assert "2 files of renditions were removed:" in result.lines
        # What is left of a few files is asked for one by one.
        assert s3.asked() == {"HEAD images": 2, "GET list": 1, "DELETE images": 2}
        assert len(keys(bucket)) == 3

    def test_without_the_right_to_list(
        self, s3: S3, bucket: Any, make_image: Any, registry: Registry
    ) -> None:
        s3.befalls(Fault("refuse", "GET", status=403, code="AccessDenied", times=100))
        result = call("--verify")
        assert result.status == 0
        assert "The rendition storage (S3Storage) gave up: AccessDenied: An error occurred" in result.err


@pytest.mark.once
@pytest.mark.parametrize(
    ("original", "wished", "unmistakable"),
    [
        ("original_images/one.jpg", "images/one.width-20.jpg", True),
        ("original_images/one.two.jpg", "images/one.two.2e16d0ba.width-20.jpg", True),
        # Of one.png there is one, too.
        ("original_images/one.jpg", "images/one.format-webp.webp", False),
        ("original_images/one.JPG", "images/one.width-20.jpg", False),
        # Cut off.
        ("original_images/a-long-name.jpg", "images/a-long.width-20.jpg", False),
        # Of another directory there may be another one.
        ("2024/one.jpg", "images/one.width-20.jpg", False),
    ],
)
def test_names_that_no_other_image_is_given(original: str, wished: str, unmistakable: bool) -> None:
    assert naming.is_unmistakable(original, wished) is unmistakable


def test_a_name_of_its_own_is_always_the_same_one(
    s3: S3, put_in: PutIn, make_image: Any, transactional_db: None, media_root: Path
) -> None:
    image = make_image()
    make(asks(image, SPEC))
    assert {row.file.name for row in rows(image).values()} == {
        "images/one.width-20.jpg", "images/one.width-30.format-webp.webp",
    }, "a disk sees to it itself"  # fmt: skip
    image.renditions.all().delete()
    put_in(renditions=s3.storage(file_overwrite=True))
    make(asks(image, SPEC))
    names = {row.file.name for row in rows(image).values()}
    assert "images/one.width-20.jpg" in names
    (other,) = names - {"images/one.width-20.jpg"}
    assert other.startswith("images/one.width-30.format-webp_") and len(other) == len(
        "images/one.width-30.format-webp_1234567.webp"
    )
