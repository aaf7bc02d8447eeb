"""Amounts of resources, as a real server reads them and writes them back."""

import pytest

from orrery.machinery.quantities import QuantityError, parse, round_up_milli


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("1", "1"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("0.1Mi", "104857600m"),
        ("1e3", "1e3"),
        ("1.5e3", "1500"),
        ("1000k", "1M"),
        ("1.234", "1.234"),
        ("01", "01"),
        ("16Ei", "9223372036854775807"),
        ("0.5n", "1n"),
        ("m", "0"),
        ("-1.5Gi", "-1536Mi"),
    ],
)
def test_an_amount_is_spelled_as_a_real_server_spells_it(written: str, spelled: str) -> None:
    assert parse(written).text == spelled


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "quantities must match the regular expression"),
        ("abc", "quantities must match the regular expression"),
        ("1 Gi", "quantities must match the regular expression"),
        ("1kk", "unable to parse quantity's suffix"),
        ("1e", "unable to parse quantity's suffix"),
    ],
)
def test_what_is_no_amount_is_refused_in_upstreams_words(written: str, complaint: str) -> None:
    with pytest.raises(QuantityError, match=complaint):
        parse(written)


def test_values_round_away_from_zero() -> None:
    assert (parse("1.5").value, parse("-1.5").value, parse("1m").value, parse("100u").milli) == (2, -2, 1, 1)


def test_huge_exponents_cost_nothing() -> None:
    assert parse("1e1000000000").nano > parse("16Ei").nano


def test_lists_of_resources_keep_nothing_below_thousandths() -> None:
    assert (round_up_milli("100u"), round_up_milli("1500m"), round_up_milli("1.0001")) == ("1m", "1500m", "1001m")
