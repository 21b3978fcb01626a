"""The faults of a run follow from its seed."""

from collections import Counter

from chaos.plan import WEIGHTS, chance_of, plan


def test_a_seed_gives_the_same_faults_again() -> None:
    assert plan(7, 50) == plan(7, 50)
    assert plan(7, 50) != plan(8, 50)
    assert chance_of(7, 1).random() == chance_of(7, 1).random()
    assert chance_of(7, 1).random() != chance_of(7, 2).random()


def test_a_longer_run_begins_with_the_same_kinds() -> None:
    assert [p.kind for p in plan(7, 50)] == [p.kind for p in plan(7, 90)][:50]


def test_every_kind_comes_as_often_as_asked_for() -> None:
    assert Counter(planned.kind for planned in plan(7, 0, each=2)) == dict.fromkeys(WEIGHTS, 2)


def test_kinds_can_be_left_out() -> None:
    assert {planned.kind for planned in plan(7, 30, only=["deploy", "kill api"])} == {"deploy", "kill api"}
