"""Errors in words for people."""

from __future__ import annotations

import pytest

from wagtail_sourcegroups.admin.reasons import Reason, reason_of
from wagtail_sourcegroups.exceptions import CollectionNotFound
from wagtail_sourcegroups.generation.failures import sentence
from wagtail_sourcegroups.generation.sources import unreadable
from wagtail_sourcegroups.rendering.limits import check_output_size


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (unreadable("original_images/a.jpg", TimeoutError()), "Storage didn't answer in time"),
        (unreadable("original_images/a.jpg", PermissionError()), "Storage refuses access"),
        (unreadable("original_images/a.jpg", OSError()), "The original can't be read"),
        ("OSError: [Errno 28] No space left on device: 'timeout.jpg'", "Storage is full"),
        ("ConnectionError: the broker is down", "Storage can't be reached"),
        ("OperationalError: connection timed out", "The database refused"),
        ("Not enqueued: ConnectionError: the broker is down", "The task backend didn't take the work"),
        (
            "UnidentifiedImageError: cannot identify image file 'truncated.jpg'",
            "The original isn't a picture of a known format",
        ),
        ("OSError: image file is truncated (3 bytes not processed)", "The original is damaged"),
        ("SyntaxError: broken PNG file (chunk b'')", "The original is damaged"),
        ("InvalidFilterSpecError: Unrecognised operation: x", "The filter isn't one that Wagtail knows"),
        ("ValueError: not this one", "It couldn't be made"),
        ("MemoryError", "There wasn't enough memory"),
    ],
)
def test_what_it_comes_to_stands_first_and_what_was_said_second(said: str, words: str) -> None:
    assert reason_of(said) == Reason(words, said)


def test_of_an_original_that_is_not_there_only_the_name_is_left_to_say() -> None:
    said = unreadable("original_images/opening day, 'full'.tif", FileNotFoundError())
    assert reason_of(said) == ("The original isn't in storage", "opening day, 'full'.tif")


def test_sizes_are_said_in_megapixels() -> None:
    with pytest.raises(ValueError, match="would make") as raised:
        check_output_size("width-12000", "a.jpg", (12000, 9000), 50_000_000)
    assert reason_of(sentence(raised.value)) == (
        "The rendition would be too large",
        "12000 × 9000; at most 50 megapixels are allowed",
    )
    bomb = "Image size (1412000000 pixels) exceeds limit of 178956970 pixels, could be decompression bomb DOS attack."
    assert reason_of(f"DecompressionBombError: {bomb}") == (
        "The original is too large",
        "1,412 megapixels; the limit is 178",
    )


def test_a_sentence_of_ours_is_one_already() -> None:
    said = sentence(CollectionNotFound("There is no collection 'Timeout error'."))
    assert reason_of(said) == Reason(said)
