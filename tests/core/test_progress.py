"""How far long work has come, and what is shown of it: nothing, a line now and then, or a bar."""

import io

import pytest
from rich.console import Console

from facetrial.core import progress
from facetrial.core.process.ticks import heard_by, tick
from facetrial.core.progress import LongWork, estimate_in_words, long_work


def test_ticks_are_heard_while_somebody_listens():
    heard: list[float] = []
    tick(1)
    with heard_by(heard.append):
        tick(2)
        with heard_by(heard.append):
            tick(3)
    tick(4)
    assert heard == [2, 3, 3]


def test_what_is_left_goes_by_the_share_that_is_done():
    now, shown = [0.0], []
    work = LongWork(4, 100, lambda share, left: shown.append((share, left)), clock=lambda: now[0])
    now[0] = 10.0
    work.passed(100)
    assert shown[-1] == pytest.approx((0.25, 30.0))
    now[0] = 12.0
    work.over(3)  # two of them were fooled at once
    assert shown[-1] == pytest.approx((0.75, 4.0))
    work.passed(1)
    work.over(1)
    assert shown[-1] == pytest.approx((1.0, 0.0))


def test_the_share_never_shrinks_nor_goes_beyond_all():
    """Fitting takes passes before any picture is done, and a method may ask once more than was thought."""
    shares: list[float] = []
    work = LongWork(2, 10, lambda share, _: shares.append(share))
    for step in (
        lambda: work.passed(15),
        lambda: work.over(1),
        lambda: work.passed(30),
        lambda: work.over(1),
    ):
        step()
    assert shares == [0.75, 0.75, 1.0, 1.0]


def some_work(shown: bool, turns: int = 50) -> None:
    with long_work("Attacking 2 pictures", 2, 100, shown) as work:
        for _ in range(turns):
            tick(1)
        work.over(1)


def test_elsewhere_than_in_a_terminal_a_line_is_written_now_and_then(monkeypatch, caplog):
    clock = iter(range(0, 10_000, 7))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with caplog.at_level("INFO"):
        some_work(shown=True)
    assert 5 < len(caplog.messages) < 30
    assert all(said.startswith("Attacking 2 pictures: ") for said in caplog.messages)
    assert all(said.endswith(" more at most.") for said in caplog.messages)


def test_where_no_bar_is_wanted_nothing_is_said(monkeypatch, caplog):
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    with caplog.at_level("INFO"):
        some_work(shown=False)
        assert not caplog.messages
        some_work(shown=True)
        assert caplog.messages


def test_a_terminal_has_a_bar_that_moves_within_a_batch(monkeypatch, caplog):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    monkeypatch.setattr(progress, "_REDRAW", 0.0)
    with caplog.at_level("INFO"):
        some_work(shown=True)
    assert not caplog.messages
    assert "Attacking 2 pictures" in screen.getvalue()
    assert "more at most" in screen.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, None), (44, "about 40 s"), (600, "about 10 min"), (7200, "about 2.0 h")]
)
def test_in_words(seconds, said):
    assert estimate_in_words(seconds) == said
