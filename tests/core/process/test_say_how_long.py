"""How long a training is going to take: as its steps show it, and once more where later ones take longer."""

import logging
from types import SimpleNamespace

import pytest

from facetrial.core.process.say_how_long import SayHowLong


def _train(caplog, seconds_of_a_step, batches, first_process=True):
    """What is said, with the time at which it is, in a training whose epochs have steps of so many seconds."""
    now = [0.0]
    said = SayHowLong(clock=lambda: now[0])
    trainer = SimpleNamespace(
        num_training_batches=batches, max_epochs=len(seconds_of_a_step), is_global_zero=first_process
    )
    lines = []
    with caplog.at_level(logging.INFO):
        for trainer.current_epoch, seconds in enumerate(seconds_of_a_step):
            said.on_train_epoch_start(trainer, None)
            for batch in range(batches):
                now[0] += seconds
                said.on_train_batch_end(trainer, None, {}, None, batch)
            said.on_train_epoch_end(trainer, None)
            lines += [(now[0], record.getMessage()) for record in caplog.records]
            caplog.clear()
    return lines


def test_it_is_said_once_where_it_holds(caplog):
    ((_, said),) = _train(caplog, [2.0] * 10, 100)
    assert said == "The rest of the training takes about 33 min."  # 10 x 100 x 2 s, less the first steps


def test_it_is_said_again_after_an_epoch_that_takes_longer(caplog):
    (_, first), (when, again) = _train(caplog, [1.0, 1.0, 3.0, 3.0, 3.0], 100)
    assert first == "The rest of the training takes about 8 min."
    assert (when, again) == (500.0, "The rest of the training takes about 10 min.")  # 2 x 100 x 3 s


def test_after_an_epoch_in_which_the_machine_slept_it_is_said_anew(caplog):
    said = [words for _, words in _train(caplog, [1.0, 200.0, 1.0, 1.0, 1.0, 1.0], 100)]
    assert [words.split("about ")[1] for words in said] == ["10 min.", "22.2 h.", "5 min."]


@pytest.mark.parametrize("batches", [1, 2])
def test_epochs_of_few_steps_are_timed_as_wholes(caplog, batches):
    ((when, said),) = _train(caplog, [10.0] * 20, batches)
    assert when == 10 * batches
    assert said == f"The rest of the training takes about {19 * 10 * batches / 60:.0f} min."


def test_nothing_is_said_of_what_is_over_at_once_or_by_other_processes(caplog):
    assert _train(caplog, [0.01] * 3, 100) == []
    assert _train(caplog, [2.0] * 10, 100, first_process=False) == []
