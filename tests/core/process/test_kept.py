"""What a process keeps: only while it is asked to, a few of a kind, and never the thing itself."""

from facetrial.core.process.kept import Kept, forget, keeping, keeps


def test_nothing_is_kept_but_while_it_is_asked_for():
    kept: Kept[str] = Kept(2)
    kept.keep("a", "one")
    assert kept.recalled("a") is None
    with keeping():
        assert keeps()
        kept.keep("a", "one")
        with keeping(False):
            assert kept.recalled("a") is None
        assert kept.recalled("a") == "one"
    assert not keeps()
    assert kept.recalled("a") is None
    with keeping():
        assert kept.recalled("a") == "one"  # the next trial finds it
        forget()
        assert kept.recalled("a") is None


def test_the_one_that_was_longest_not_asked_for_goes():
    kept: Kept[int] = Kept(2)
    with keeping():
        kept.keep("a", 1)
        kept.keep("b", 2)
        assert kept.recalled("a") == 1
        kept.keep("c", 3)
        assert (kept.recalled("a"), kept.recalled("b"), kept.recalled("c")) == (1, None, 3)


def test_what_has_no_name_is_not_kept():
    kept: Kept[int] = Kept(2)
    with keeping():
        kept.keep(None, 1)
        assert kept.recalled(None) is None


def test_what_is_of_another_object_is_another_thing():
    kept: Kept[int] = Kept(2)
    first, equal = [1], [1]
    with keeping():
        kept.keep("a", 1, first)
        assert kept.recalled("a", first) == 1
        assert kept.recalled("a", equal) is None
        assert kept.recalled("a") is None


def test_copies_are_handed_out():
    kept: Kept[list[int]] = Kept(2)
    made = []

    def make() -> list[int]:
        made.append(len(made))
        return [len(made)]

    with keeping():
        for _ in range(3):
            found = kept.copy_of("a", make)
            assert found == [1]
            found.append(0)
    assert made == [0]
    assert kept.copy_of("a", make) == [2]
