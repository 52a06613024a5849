"""Which pages of a scanned pile belong to which reply (rule 20): by the codes, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from exchange.core import packs
from exchange.core.piles import LeftOver, Run, split

A, B, C = packs.new_code(), packs.new_code(), packs.new_code()
PAGES = st.lists(st.lists(st.sampled_from([A, B, C, "https://x.example", "P-22222-22222"]), max_size=3), max_size=30)


def test_rule_20_pages_follow_the_code_before_them() -> None:
    """Two sheets of one pack, the back of a sheet, paper of their own; then the next code."""
    pages = [[A], [], [A], [], [B], []]
    assert split(pages) == [Run(A, None, (1, 2, 3, 4)), Run(B, None, (5, 6))]


def test_rule_20_what_is_not_certain_is_left_over() -> None:
    """Before the first code; two codes on a page and what follows; a code that comes again after another."""
    pages = [[], [], [A], [A, B], [], [B], [A], [A], []]
    assert split(pages) == [
        Run(None, LeftOver.NO_CODE, (1, 2)),
        Run(A, None, (3,)),
        Run(None, LeftOver.TWO_CODES, (4, 5)),
        Run(B, None, (6,)),
        Run(A, LeftOver.AGAIN, (7, 8, 9)),
    ]


def test_rule_20_a_square_that_is_no_code_of_ours_says_nothing() -> None:
    """An address of a web page, or a code with a wrong character, neither begins nor ends a reply."""
    assert split([["https://x.example"], [A.lower(), "x" * 3000], ["P-22222-22222"]]) == [
        Run(None, LeftOver.NO_CODE, (1,)),
        Run(A, None, (2, 3)),
    ]


def test_rule_20_an_empty_pile_is_no_reply() -> None:
    """No page, no run."""
    assert split([]) == []


@given(PAGES)
def test_rule_20_no_page_is_lost_doubled_or_put_to_a_code_that_is_not_before_it(pages: list[list[str]]) -> None:
    """Every page once, in order; a reply begins with its code; a code's reply is there once; no page with another."""
    runs = split(pages)
    assert [number for run in runs for number in run.pages] == list(range(1, len(pages) + 1))
    certain = [run.code for run in runs if run.why is None]
    assert None not in certain
    assert len(set(certain)) == len(certain)
    for run in runs:
        ours = [set(pages[number - 1]) & {A, B, C} for number in run.pages]
        if run.code is not None:
            assert ours[0] == {run.code}
            assert all(found <= {run.code} for found in ours)
        else:
            assert run.why in (LeftOver.NO_CODE, LeftOver.TWO_CODES)
            assert not any(ours[1:])
