"""Statistics: what is counted, and that nothing that is shown gives a small number away."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core import statistics
from exchange.core.case_types import CaseType
from exchange.core.statistics import BY_KIND, BY_MONTH, BY_TYPE, KINDS, Entry, Figure, Quarter

QUARTER = Quarter(date(2026, 7, 1))
START = datetime(2026, 7, 1, 9, tzinfo=UTC)


def named(numbers: list[int]) -> dict[str, int]:
    """Parts without meaning."""
    return {f"part{at}": number for at, number in enumerate(numbers)}


@pytest.mark.parametrize(("parts", "least"), [(3, 3), (3, 5), (4, 3), (4, 5), (5, 5)])
def test_no_hidden_number_can_be_worked_out_by_who_knows_the_rule(parts: int, least: int) -> None:
    """All tables there are, by what is shown of each: behind every hidden number there may be several, also none."""
    looks_like: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    for numbers in product(range(2 * least + 2), repeat=parts):
        if sum(numbers) > 2 * least + 1:
            continue
        total = None if 0 < sum(numbers) < least else sum(numbers)
        shown = tuple(statistics.divided(named(list(numbers)), least).values())
        assert all(a is None or (a == b and not 0 < a < least) for a, b in zip(shown, numbers, strict=True))
        looks_like[total, *shown].append(numbers)
    for (_, *shown), behind in looks_like.items():
        for at in (at for at, number in enumerate(shown) if number is None):
            assert {one[at] for one in behind} >= {0, 1, 2}, (shown, behind)
    hidden = [behind for (_, *shown), behind in looks_like.items() if None in shown]
    assert len(hidden) > least


TABLE = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=5, max_size=5)


@settings(max_examples=60, deadline=None)
@given(TABLE, TABLE, st.integers(3, 6))
def test_no_released_table_gives_a_small_number_away_by_subtraction_or_by_comparing_periods(
    first: list[list[int]], second: list[list[int]], least: int
) -> None:
    """Two quarters beside each other, totals, months and kinds of case: no small number is a sum or a difference of
    what is shown, whatever is added to or taken from what."""
    shown, small = [], []
    for at, cells in enumerate((first, second)):
        quarter = Quarter(date(2026, 1 + 3 * at, 1))
        for vector, number, true in released(cells, quarter, least, at):
            if number is not None:
                shown.append(vector)
            elif 0 < true < least:
                small.append(vector)
    basis = reduced(shown)
    assert [vector for vector in small if spanned(vector, basis)] == []


def released(cells: list[list[int]], quarter: Quarter, least: int, at: int) -> list[tuple[list[int], int | None, int]]:
    """Each number of one figure as (which cells of both quarters it adds up, what is shown, what it is)."""
    numbers = {}
    asked = [("", "", range(5), range(3))]
    asked += [(BY_TYPE, kind, [row], range(3)) for row, kind in enumerate(CaseType)]
    asked += [(BY_MONTH, month, range(5), [column]) for column, month in enumerate(quarter.months)]
    found = []
    for by, name, rows, columns in asked:
        true = sum(cells[row][column] for row in rows for column in columns)
        numbers[Figure.OPENED, by, name] = true
        vector = [0] * 30
        for row, column in product(rows, columns):
            vector[at * 15 + row * 3 + column] = 1
        found.append((vector, by, name, true))
    figure = statistics.shown(numbers, quarter, least)[Figure.OPENED]
    return [(vector, figure.parts[by][name] if by else figure.total, true) for vector, by, name, true in found]


def reduced(rows: list[list[int]]) -> list[list[Fraction]]:
    """Row echelon form, exactly."""
    basis: list[list[Fraction]] = []
    for row in rows:
        rest = taken_from([Fraction(number) for number in row], basis)
        if any(rest):
            basis.append(rest)
    return basis


def taken_from(row: list[Fraction], basis: list[list[Fraction]]) -> list[Fraction]:
    """The row without what the basis explains."""
    for one in basis:
        lead = next(at for at, number in enumerate(one) if number)
        if row[lead]:
            share = row[lead] / one[lead]
            row = [a - share * b for a, b in zip(row, one, strict=True)]
    return row


def spanned(row: list[int], basis: list[list[Fraction]]) -> bool:
    """Whether additions and subtractions lead there."""
    return not any(taken_from([Fraction(number) for number in row], basis))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([7, 9, 0], [7, 9, 0]),
        ([2, 9, 20], [None, None, None]),
        # with the zero shown, and 5 as the least that is shown, only 4 and 4 could be behind it
        ([5, 4, 4, 0], [None, None, None, None]),
        # five people, one in each part: nobody may conclude that from the total
        ([1, 1, 1, 1, 1, 30], [None, None, None, None, None, None]),
        ([3, 2, 0], [None, None, None]),
        ([1, 0, 0], [None, None, None]),
        ([4, 4, 4, 8], [None, None, None, None]),
        ([0, 5, 0], [0, 5, 0]),
    ],
)
def test_what_is_hidden_beside_a_small_number(numbers: list[int], expected: list[int | None]) -> None:
    """Worked out by hand, for 5."""
    assert list(statistics.divided(named(numbers), 5).values()) == expected


def test_a_small_total_is_hidden_with_all_its_parts_and_0_is_shown() -> None:
    """The zeros of a hidden total would narrow it down."""
    numbers = {(Figure.OPENED, "", ""): 4, (Figure.OPENED, BY_TYPE, "general"): 4, (Figure.OPENED, BY_MONTH, "8"): 4}
    found = statistics.shown(numbers, QUARTER, 5)
    assert found[Figure.OPENED].total is None
    assert {number for parts in found[Figure.OPENED].parts.values() for number in parts.values()} == {None}
    assert found[Figure.CLOSED].total == 0
    assert set(found[Figure.CLOSED].parts[BY_MONTH].values()) == {0}


def test_a_median_needs_enough_to_be_measured() -> None:
    """Four lengths of time of four cases are not told."""
    assert statistics.middle([1, 2, 3, 4], 5) is None
    assert statistics.middle([9, 1, 2, 3, 4], 5) == 3


def at(days: float) -> datetime:
    """So many days into the quarter."""
    return START + timedelta(days=days)


def test_a_message_counts_in_each_figure_once_and_where_it_got_there_first() -> None:
    """Put in before the quarter; handed over twice in it; its kind of case as it was set last."""
    steps = [(-20, "quarantined"), (-19, "in_review"), (3, "approved"), (5, "offered"), (12, "accepted"),
             (14, "released"), (15, "accepted"), (16, "released"), (60, "opened")]  # fmt: skip
    history = [Entry(at(-30), "case.opened", case="c", kind="general")]
    history += [Entry(at(day), "x.y", case="c", message="m", state_to=state) for day, state in steps]
    history.insert(3, Entry(at(1), "case.policy_set", case="c", kind="serious"))
    found = statistics.counted(history, QUARTER)
    totals = {figure: number for (figure, by, _), number in found.numbers.items() if not by}
    assert totals == dict.fromkeys(
        (Figure.DECIDED, Figure.OFFERED, Figure.ANSWERED, Figure.RELEASED, Figure.EXCHANGES), 1
    )
    assert found.numbers[Figure.RELEASED, BY_TYPE, "serious"] == 1
    assert found.numbers[Figure.DECIDED, BY_KIND, "approved"] == 1
    assert found.stages == {
        "referral": [],
        "review": [23],
        "offer": [2],
        "answer": [7],
        "hand_over": [2],
        "whole": [34],
    }
    assert found.waits["team"] == [22, 2, 1]
    assert found.waits["recipient"] == [7, 1, 44]


def test_referrals_are_told_by_what_became_of_them_until_the_quarter_ended() -> None:
    """The history ends with the quarter, so what is decided later still waits."""
    history = [Entry(at(day), "referral.received", referral=name) for day, name in ((1, "a"), (2, "b"), (40, "c"))]
    history += [Entry(at(4), "referral.opened", referral="a"), Entry(at(50), "referral.declined", referral="b")]
    found = statistics.counted(history, QUARTER)
    kinds = {name: n for (figure, by, name), n in found.numbers.items() if (figure, by) == (Figure.REFERRALS, BY_KIND)}
    assert kinds == {"opened": 1, "not_for_us": 1, "waiting": 1}
    assert found.stages["referral"] == [3, 48]
    assert not [key for key in found.numbers if key[1] == BY_TYPE]


def test_inviting_counts_the_newest_word_about_each_person() -> None:
    """Somebody who was not invited in July and was in September was invited."""
    said = [("p", "not_invited_early", 3), ("q", "not_invited_unsafe", 4), ("p", "invited", 70)]
    history = [
        Entry(at(day), "diary.written", case="c", participant=who, kind="inviting", value=value)
        for who, value, day in said
    ]
    found = statistics.counted(history, QUARTER).numbers
    assert found[Figure.INVITING, "", ""] == 2
    assert {name for figure, by, name in found if (figure, by) == (Figure.INVITING, BY_KIND)} == {
        "invited", "not_invited_unsafe",
    }  # fmt: skip
    assert found[Figure.INVITING, BY_MONTH, "9"] == 1


def test_every_division_adds_up_to_its_total() -> None:
    """For each figure that is divided, so that a hidden part is never the difference of two shown totals."""
    states = [state for states in statistics.STATES.values() for state in states]
    history = [
        Entry(at(7 * index), "x.y", case=f"c{index % 3}", message=f"m{index}", state_to=state)
        for index, state in enumerate(states)
    ]
    history += [Entry(at(9), "diary.written", case="c1", kind="outcome", value="agreed")]
    history.sort(key=lambda one: one.at)
    numbers = statistics.counted(history, QUARTER).numbers
    for figure in {figure for figure, _, _ in numbers}:
        ways = {by for one, by, _ in numbers if one == figure and by}
        sums = {by: sum(n for (one, way, _), n in numbers.items() if (one, way) == (figure, by)) for by in ways}
        assert set(sums.values()) == {numbers[figure, "", ""]}, figure
        assert ways == set(statistics.divisions(Figure(figure), QUARTER))


def test_quarters_follow_each_other_over_the_year() -> None:
    """And every day is in one of them."""
    found, days = QUARTER, []
    for _ in range(5):
        days.append(found.first)
        assert Quarter.of(found.next.first - timedelta(days=1)) == found
        found = found.next
    assert [(day.year, day.month) for day in days] == [(2026, 7), (2026, 10), (2027, 1), (2027, 4), (2027, 7)]
    assert all(a < b for a, b in combinations(days, 2))
    assert set(KINDS) <= set(Figure)
