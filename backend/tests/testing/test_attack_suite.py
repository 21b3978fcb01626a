"""The attack suite's own table: an attack is blocked only when every test of it passed."""

import pytest

from tests.attack_suite import ATTACKS, Standing


def test_fifty_attacks_have_a_name() -> None:
    assert list(ATTACKS) == list(range(1, 51))
    assert all(ATTACKS.values())


@pytest.mark.parametrize(
    ("standing", "word"),
    [
        (Standing(), "no test"),
        (Standing(passed=2), "blocked"),
        (Standing(passed=2, failed=1), "OPEN"),
        (Standing(passed=1, skipped=1), "blocked"),
        (Standing(skipped=1), "skipped"),
    ],
)
def test_how_an_attack_stands(standing: Standing, word: str) -> None:
    assert standing.word == word
