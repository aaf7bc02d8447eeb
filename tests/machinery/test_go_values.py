"""Times and base64 as Go reads them."""

import pytest

from orrery.machinery.assets import asset
from orrery.machinery.base64_text import Base64Error, canonical_base64
from orrery.machinery.go_time import TimeError, canonical_micro_time, canonical_time


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T01:30:00.999+02:00", "2023-12-31T23:30:00Z"),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_times_come_back_in_utc_and_whole_seconds(text: str, canonical: str | None) -> None:
    assert canonical_time(text) == canonical


def test_micro_times_need_and_keep_six_digits() -> None:
    assert canonical_micro_time("2024-01-01T00:00:00.000001+01:00") == "2023-12-31T23:00:00.000001Z"
    with pytest.raises(TimeError, match=r'cannot parse "Z" as ".000000"'):
        canonical_micro_time("2024-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
        ("2024-13-01T00:00:00Z", 'parsing time "2024-13-01T00:00:00Z": month out of range'),
        ("2024-02-30T00:00:00Z", 'parsing time "2024-02-30T00:00:00Z": day out of range'),
        ("2024-01-01", 'parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
        ("2024-01-01T00:00:00", 'parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'),
        ("2024-01-01T00:00:00Zx", 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'),
    ],
)
def test_what_is_no_time_is_refused_in_go_s_words(text: str, message: str) -> None:
    with pytest.raises(TimeError) as refused:
        canonical_time(text)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("bXlzcWn=", "bXlzcWk="), ("bXlz\ncWw=", "bXlzcWw="), ("YWJj\r\n", "YWJj"), ("YR==", "YQ=="), ("", "")],
)
def test_base64_comes_back_canonical(text: str, canonical: str) -> None:
    assert canonical_base64(text) == canonical


@pytest.mark.parametrize(
    ("text", "position"),
    [("bXlzcWw", 4), ("!", 0), ("ab cd", 2), ("YWI=YWI=", 4), ("YQ=", 3), ("Y", 0), ("====", 0), ("YWI-", 3), ("YQ==x", 4), ("ü", 0)],
)
def test_the_place_of_a_mistake_in_base64_is_go_s(text: str, position: int) -> None:
    with pytest.raises(Base64Error) as refused:
        canonical_base64(text)

    assert str(refused.value) == f"illegal base64 data at input byte {position}"


def test_assets_are_found_in_a_checkout() -> None:
    assert asset("openapi/kubernetes-1.35.kinds.json").is_file()
