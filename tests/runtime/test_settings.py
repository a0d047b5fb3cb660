"""What a config may say: every config of the project, and hundreds of settings that nobody may give."""

import copy
import subprocess
import sys

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count
from facetrial.runtime.old_names import use_new_targets
from facetrial.runtime.settings import check_settings
from tests.helpers.commands import run
from tests.helpers.configs import composed, named
from tests.helpers.paths import ROOT
from tests.helpers.wrong_settings import UNKNOWN, WRONG


def changed(config: DictConfig, key: str, word: str) -> DictConfig:
    """A copy in which `key` is what Hydra reads where `key=word` stands on the command line."""
    made = copy.deepcopy(config)
    value = OverridesParser.create().parse_override(f"{key}={word}").value()
    with open_dict(made):
        OmegaConf.update(made, key.removeprefix("++"), value, merge=False)
    return made


def said_of(config: DictConfig) -> str | None:
    """What is said of a config; None where nothing is."""
    try:
        check_settings(config)
    except FacetrialError as error:
        return str(error)
    return None


def test_hundreds_of_wrong_settings_are_refused_by_name(tmp_path):
    tried, let_through = 0, []
    for overrides, keys in WRONG.items():
        config = composed(tmp_path, *overrides)
        assert said_of(copy.deepcopy(config)) is None
        for key, words in keys.items():
            for word in words:
                tried += 1
                said = said_of(changed(config, key, word)) or ""
                if key.removeprefix("++") not in said:
                    let_through.append((key, word, said))
    assert let_through == []
    assert tried >= 350
    assert len({key for keys in WRONG.values() for key in keys}) >= 70


@pytest.mark.parametrize(("unknown", "meant"), UNKNOWN.items())
def test_a_key_that_there_is_not_is_refused_with_what_was_meant(tmp_path, unknown, meant):
    said = said_of(changed(composed(tmp_path, "attack=pgd"), f"++{unknown}", "adv"))
    assert said.startswith(f"{unknown} is no setting")
    assert f"Did you mean {meant}?" in said


@pytest.mark.parametrize("entry", ["evaluate", "train"])
@pytest.mark.parametrize(
    "group", ["model", "embedder", "landmarks", "data", "trainer", "logger", "callbacks", "defense"]
)
def test_the_configs_that_both_commands_share_are_accepted(tmp_path, entry, group):
    for name in named(group):
        said = said_of(composed(tmp_path, f"{group}={name}", entry=entry))
        if (entry, group, name) == ("evaluate", "model", "landmarks"):  # which recognises nobody
            assert "model.head is missing" in said
        else:
            assert said is None


@pytest.mark.parametrize(
    "group",
    ["attack", "goal", "certificate", "calibration", "checks", "physical", "experiment", "task"]
    + [f"attack/{part}" for part in ("region", "budget", "method")],
)
def test_the_configs_of_a_trial_are_accepted(tmp_path, group):
    photographs = ["data=lfw"] if group == "task" else []
    for name in named(group):
        assert said_of(composed(tmp_path, f"{group}={name}", *photographs)) is None


@pytest.mark.parametrize("name", named("attack"))
def test_any_attack_is_accepted_in_training(tmp_path, name):
    assert said_of(composed(tmp_path, "defense=adv", f"attack@defense.adv.attack={name}")) is None


def test_eps_as_a_fraction_of_255_is_what_it_counts(tmp_path):
    config = composed(tmp_path, "attack=pgd", "attack.budget.eps=8/255")
    check_settings(config)
    assert config.attack.budget.eps == 8.0


def test_a_fault_is_told_where_it_stands_not_where_it_is_borrowed(tmp_path):
    said = said_of(composed(tmp_path, "defense=[adv,resize_pad]", "seed=-1"))
    assert said.splitlines() == ["seed must be a whole number from 0 to 4294967295, found -1."]


@pytest.mark.parametrize(
    ("overrides", "key", "said"),
    [
        (["attack=pgd"], "attack.method.steps", "it must be a whole number from 1 on."),
        (["attack=pgd"], "attack.method.loss", "it must be a part with a _target_."),
        (["attack=pgd"], "attack.region", "it must be a part with a _target_."),
        (["attack=pgd"], "attack.budget.eps", "it must lie in (0, 255], in 1/255"),
        (["defense=adv"], "defense.adv.fraction", "it must lie in (0, 1] (of the training pictures)."),
        (["defense=adv"], "defense.adv.attack.budget.rms", "it must lie in (0, 1]"),
        (["attack=pgd"], "model.batch_size", "it must be a whole number from 2 on (pictures)."),
        (["attack=pgd"], "model.loss", "it must be a part with a _target_."),
        (["attack=pgd"], "landmarks.model.augmentation", "it must be a part with a _target_."),
        (["attack=pgd"], "paths.models", "it must be text."),
        (["data=lfw"], "data.alignment", "it must be one of facenet, five_points."),
    ],
)
def test_a_setting_that_a_part_cannot_do_without_is_named(tmp_path, overrides, key, said):
    found = said_of(composed(tmp_path, *overrides, f"~{key}"))
    assert found.startswith(f"{key} is missing; {said}")
    assert len(found.splitlines()) == 1


def test_every_fault_is_told(tmp_path):
    said = said_of(composed(tmp_path, "seed=-1", "data.limit=0", "+defence=adv"))
    assert [line.split()[0] for line in said.splitlines()] == ["data.limit", "seed", "defence"]


def test_a_checkpoint_must_be_there_for_a_trial_and_may_be_made_by_a_training(tmp_path):
    checkpoint = f"model.checkpoint={tmp_path / 'new.ckpt'}"
    assert said_of(composed(tmp_path, checkpoint, entry="train")) is None
    assert (
        said_of(composed(tmp_path, checkpoint)) == f"model.checkpoint: there is no file {tmp_path}/new.ckpt."
    )


class Plain(nn.Module):
    """As a user writes it, who says nothing of settings."""

    def __init__(self, width, depth=3):
        super().__init__()


class Said(nn.Module):
    """As a user writes it, who does."""

    def __init__(self, width: Count, depth: int = 3, **more):
        super().__init__()


@pytest.mark.parametrize(
    ("target", "settings", "said"),
    [
        ("Plain", ["width=nan", "depth=abc"], None),
        (
            "Plain",
            ["widht=3"],
            "embedder.widht is no setting of tests.runtime.test_settings.Plain. Did you mean",
        ),
        ("Said", ["width=3", "other=abc"], None),
        ("Said", ["width=0"], "embedder.width must be a whole number from 1 on, found 0"),
        ("Said", ["width=3", "depth=true"], "embedder.depth must be a whole number, found true"),
    ],
)
def test_a_class_of_a_users_own_is_checked_as_far_as_it_says_what_it_takes(tmp_path, target, settings, said):
    own = ["embedder=own", f"embedder._target_={__name__}.{target}"]
    found = said_of(composed(tmp_path, *own, *(f"+embedder.{setting}" for setting in settings)))
    assert found is None if said is None else said in found


def test_a_target_that_is_not_there_is_named(tmp_path):
    said = said_of(composed(tmp_path, "attack=pgd", "attack.method._target_=facetrial.attacks.PDG"))
    assert said.startswith("attack.method._target_=facetrial.attacks.PDG cannot be imported: ")


def test_a_part_takes_what_its_constructor_takes_whatever_others_take(tmp_path):
    said = said_of(composed(tmp_path, "landmarks=mtcnn", "+landmarks.model.max_epochs=3"))
    assert said.startswith("landmarks.model is no setting of landmarks.Mtcnn.")


def test_parts_without_a_target_are_refused(tmp_path):
    assert "calibration has no _target_" in said_of(composed(tmp_path, "+calibration.cost=0.3"))


def test_names_of_before_are_checked_as_those_of_today(tmp_path):
    config = composed(tmp_path, "attack=pgd", "attack.method._target_=facetrial.attacks.methods.pgd.PGD")
    use_new_targets(config)
    assert "attack.method.steps" in said_of(changed(config, "attack.method.steps", "0"))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["seed=abc"], "seed must be a whole number"),
        (["+defence=adv"], "Did you mean defense?"),
        (["trainer.max_epochs=-1"], "trainer.max_epochs must be a whole number from 0 on"),
        (["attack=pgd", "attack.budget.eps=0.03"], "0.03 looks like 8/255: write 8"),
        (["attack.surrogate=small"], "the method Gaussian cannot work on a surrogate"),
    ],
)
def test_the_command_ends_with_a_sentence(tmp_path, overrides, said):
    ended = run(tmp_path, *overrides, out="out")
    assert ended.returncode == 1
    assert said in ended.said
    assert "Traceback" not in ended.said
    assert not (tmp_path / "models").exists()  # it is said before anything is trained
    assert not (tmp_path / "out" / "summary.json").exists()


def test_so_does_that_of_training(tmp_path):
    words = ["defense=adv", "defense.adv.epochs=-1", f"hydra.run.dir={tmp_path}"]
    ended = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert ended.returncode == 1
    assert "defense.adv.epochs must be a whole number from 0 on" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
