"""What editors may read of an error: no place on the machine, nothing that opens a door."""

from __future__ import annotations

import pytest

from wagtail_sourcegroups.exceptions import SourceUnreadable
from wagtail_sourcegroups.generation.discretion import LONGEST, discreet
from wagtail_sourcegroups.generation.failures import sentence

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[Errno 2] No such file: '/srv/site/media/a.jpg'", "[Errno 2] No such file: 'a.jpg'"),
        ("[Errno 28] No space left: '/srv/my media/a b.jpg'", "[Errno 28] No space left: 'a b.jpg'"),
        ('cannot identify image file "/srv/media/a.jpg"', 'cannot identify image file "a.jpg"'),
        ("cannot open /srv/media/a.jpg: denied", "cannot open a.jpg: denied"),
        ("cannot open /srv/media/", "cannot open media"),
        (r"cannot open C:\Sites\media\a.jpg", "cannot open a.jpg"),
        (r"cannot open 'C:\\Sites\\my media\\a.jpg'", "cannot open 'a.jpg'"),
        ("<_io.BufferedReader name='/srv/media/a.jpg'>", "<_io.BufferedReader name='a.jpg'>"),
        ("/srv/a/one.jpg leads out of /srv/b/c.", "one.jpg leads out of c."),
        ("The directory '/mnt/photos' cannot be read: gone.", "The directory 'photos' cannot be read: gone."),
        (
            'Could not connect to the endpoint URL: "https://bucket.s3.example.com/a/b.jpg?X-Amz-Signature=abc&x=1"',
            'Could not connect to the endpoint URL: "https://bucket.s3.example.com/…"',
        ),
        ("https://AKIA:abc@example.com:9000", "https://example.com:9000"),
        ("Error 111 connecting to redis://:pa/ss@10.0.0.7:6379/0.", "Error 111 connecting to redis://10.0.0.7:6379/…"),
        ("postgres://site:p@ss@db.internal/site", "postgres://db.internal/…"),
        ("file:///srv/media/a.jpg", "file:///…"),
        (
            'invalid dsn: "host=db dbname=site user=site password=hush sslmode=off"',
            'invalid dsn: "host=db dbname=site user=site password=… sslmode=off"',
        ),
        ("{'aws_secret_access_key': 'hush', 'region': 'eu'}", "{'aws_secret_access_key': …, 'region': 'eu'}"),
        ("Signature=hush&Expires=1", "Signature=…&Expires=1"),
        ("Authorization: Bearer hush.hush", "Authorization: …"),
        ("SECRET_KEY = hush", "SECRET_KEY = …"),
        ("The AWS Access Key Id AKIAIOSFODNN7EXAMPLE does not exist", "The AWS Access Key Id … does not exist"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
    ],
)  # fmt: skip
def test_what_is_left_out(said: str, shown: str) -> None:
    assert discreet(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "cannot identify image file <File: original_images/a.jpg>",
        "mismatched tag: line 1, column 14 in </svg>",
        "Cannot load image/jpeg of 2026/11/22 and/or 3/4 of it",
        "'fill-10x10' would make 10×10 = 100 pixels of 'a.jpg'",
        'FATAL: password authentication failed for user "site"',
        "unrecognized data stream contents when reading image file",
        "'width-400/x'",
    ],
)
def test_what_stays(said: str) -> None:
    assert discreet(said) == said


def test_it_is_no_longer_than_may_be() -> None:
    assert discreet("9" * 10_000) == "9" * (LONGEST - 1) + "…"
    assert discreet("9" * LONGEST) == "9" * LONGEST


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left", "/srv/media/a.jpg"), "OSError: [Errno 28] No space left: 'a.jpg'"),
        (KeyError(), "KeyError"),
        (SourceUnreadable("The directory '/mnt/photos' cannot be read."), "The directory 'photos' cannot be read."),
    ],
)  # fmt: skip
def test_a_sentence_says_what_kind_of_error_it_is_and_no_more_than_it_may(
    error: Exception, expected: str
) -> None:
    assert sentence(error) == expected
