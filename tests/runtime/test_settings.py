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

_NO_NUMBER = ["nan", "inf", "-inf", "true", "'\"3\"'", "abc", "[1]"]
COUNT = ["0", "-1", "1.5", *_NO_NUMBER]
FROM_0 = ["-1", "1.5", *_NO_NUMBER]
SEED = ["-1", "1.5", "4294967296", "null", *_NO_NUMBER]
POSITIVE = ["0", "-0.5", *_NO_NUMBER]
NOT_NEGATIVE = ["-0.5", *_NO_NUMBER]
SHARE = ["-0.1", "1.1", *_NO_NUMBER]
EPS = ["0", "-1", "0.03", "0.001", "256", "8/256", "1/0", "null", *_NO_NUMBER]
BOOLEAN = ["0", "1", "null", "'\"true\"'", "1.0"]
CHOICE = ["other", "3", "true", "null"]
FILE = ["/no/such/file", "no_such_folder/file.pt", "3", "true"]
TEXT = ["3", "true", "1.5"]
PART = ["3", "pgd", "true"]

# What else the command line says, then each key with what it may not be.
WRONG = {
    (): {
        "seed": SEED,
        "save_images": BOOLEAN,
        "resume": BOOLEAN,
        "++sizes.steps": COUNT,
        "++sizes.eps": EPS,
        "++sizes.rms": ["0", "1.5", *_NO_NUMBER],
        "surrogate.weights": ["/no/such/file", "3"],
        "paths.models": TEXT,
        "model.checkpoint": FILE,
        "model.max_epochs": FROM_0,
        "model.batch_size": ["1", *COUNT],
        "model.start_from_means": BOOLEAN,
        "model.trainable": ["3", "true", "blocks"],
        "model.optimizer.lr": POSITIVE,
        "model.optimizer.weight_decay": NOT_NEGATIVE,
        "model.loss.margin": NOT_NEGATIVE,
        "model.loss.scale": POSITIVE,
        "model.head.c": POSITIVE,
        "model.head.kernel": CHOICE,
        "model.head.gamma": ["0", "-1", "nan", "true", "other"],
        "model.head": PART,
        "trainer.max_epochs": FROM_0,
        "trainer.devices": ["0", "-1", "100000", "nan", "true", "abc", "[]", "[100000]"],
        "trainer.num_nodes": COUNT,
        "trainer.accelerator": CHOICE,
        "trainer.precision": ["64-true", "8", "bf16", "null", "true"],
        "trainer.strategy": ["3", "other", "null"],
        "trainer.enable_progress_bar": BOOLEAN,
        "trainer.log_every_n_steps": FROM_0,
        "++trainer.gradient_clip_val": ["0", "-1", "nan", "true", "abc"],
        "++trainer.accumulate_grad_batches": ["0", "-1", "1.5", "true"],
        "data.people": ["0", "1", "-3", "1.5", "nan", "true", "abc"],
        "data.pictures": COUNT,
        "data.pictures_min": ["2", *COUNT],
        "data.limit": COUNT,
        "data.batch_size": COUNT,
        "data.split_seed": SEED,
        "data.people_seed": SEED,
        "data.train_pictures": COUNT,
        "data": PART,
        "embedder.size": ["4", *COUNT],
        "embedder.dimension": COUNT,
        "embedder.alignment": CHOICE,
        "landmarks.checkpoint": FILE,
        "landmarks.seed": SEED,
        "landmarks.model.max_epochs": FROM_0,
        "landmarks.model.network.dropout": ["1", "-0.1", "nan", "true"],
        "landmarks.model.network.widths": ["3", "[0,1]", "[1.5]", "[a]"],
        "landmarks.model.augmentation.flip": ["2"],
        "checks.slopes.most": SHARE,
        "checks.recognises.pictures": COUNT,
        "checks.same_alone.tolerance": NOT_NEGATIVE,
        "attack.fast": BOOLEAN,
        "attack.adaptive": BOOLEAN,
        "attack.budget.rms": ["0", "1.5", *_NO_NUMBER],
        "attack.budget": PART,
        "attack.method": PART,
    },
    ("attack=pgd",): {
        "attack.budget.eps": EPS,
        "attack.method.steps": ["1e3", *COUNT],
        "attack.method.step": POSITIVE,
        "attack.method.random_start": BOOLEAN,
        "attack.method.momentum": NOT_NEGATIVE,
        "attack.method.di_prob": SHARE,
        "attack.method.min_scale": ["0", "1.1", "nan"],
        "attack.method.ti_kernel": ["-1", "1.5", "true"],
        "attack.method.restarts": COUNT,
        "attack.method.at_once": COUNT,
        "attack.method.loss": PART,
        "attack.surrogate": ["3", "true"],
    },
    ("attack=square",): {"attack.method.queries": COUNT, "attack.method.p_init": ["0", "1.1", *_NO_NUMBER]},
    ("attack=one_pixel",): {"attack.budget.pixels": COUNT, "attack.method.mutation": ["0", "2.1", "nan"]},
    ("attack=patch", "attack/region=eyes"): {
        "attack.budget.area": ["0", "1.1", *_NO_NUMBER],
        "attack.region.radius": POSITIVE,
        "attack.region.area": ["0", "1", "nan", "true"],
        "attack.method.per": CHOICE,
        "attack.method.epochs": COUNT,
        "attack.method.jitter.rotation": ["-1", "90", "nan", "true"],
    },
    ("goal=impersonation",): {"goal.target": ["[3]", "1.5", "true", "null"]},
    ("defense=adv",): {
        "defense.adv.fraction": ["0", "1.1", *_NO_NUMBER],
        "defense.adv.epochs": FROM_0,
        "defense.adv.seed": SEED,
        "defense.adv.schedule.begin": FROM_0,
        "defense.adv.attack.budget.rms": ["0", "1.5", "nan"],
        "defense.adv.head_only": BOOLEAN,
        "defense.adv": PART,
    },
    ("defense=[smoothing,jpeg]", "certificate=cohen"): {
        "defense.smoothing.sigma": POSITIVE,
        "defense.smoothing.n": COUNT,
        "defense.jpeg.quality": ["0", "101", "1.5", "nan", "true"],
        "certificate.alpha": ["0", "1", "nan", "true"],
    },
    ("embedder=mobilefacenet", "data=lfw"): {
        "embedder.weights": FILE,
        "embedder.size": ["160"],
        "data.root": TEXT,
        "data.on_bad_picture": CHOICE,
        "data.min_pictures": ["2", *COUNT],
    },
}
# Keys that there are not, and what was meant.
UNKNOWN = {
    "defence": "defense",
    "sed": "seed",
    "resumed": "resume",
    "dta": "data",
    "trainer.max_epoch": "trainer.max_epochs",
    "data.limits": "data.limit",
    "attack.method.setps": "attack.method.steps",
    "attack.buget": "attack.budget",
    "sizes.epz": "sizes.eps",
    "model.batchsize": "model.batch_size",
    "embedder.dimensions": "embedder.dimension",
    "checks.slopes.mots": "checks.slopes.most",
    "surrogate.weight": "surrogate.weights",
    "paths.model": "paths.models",
}


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
        assert said_of(composed(tmp_path, f"{group}={name}", entry=entry)) is None


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


@pytest.mark.parametrize("key", ["attack.budget.eps", "+sizes.eps"])
def test_eps_as_a_fraction_of_255_is_what_it_counts(tmp_path, key):
    config = composed(tmp_path, "attack=pgd", f"{key}=8/255")
    check_settings(config)
    assert config.attack.budget.eps == 8.0


def test_a_fault_is_told_where_it_stands_not_where_it_is_borrowed(tmp_path):
    said = said_of(composed(tmp_path, "defense=[adv,resize_pad]", "seed=-1"))
    assert said.splitlines() == ["seed must be a whole number from 0 to 4294967295, found -1."]


def test_every_fault_is_told(tmp_path):
    said = said_of(composed(tmp_path, "seed=-1", "data.limit=0", "+defence=adv"))
    assert [line.split()[0] for line in said.splitlines()] == ["data.limit", "seed", "defence"]


def test_a_checkpoint_must_be_there_for_a_trial_and_may_be_made_by_a_training(tmp_path):
    checkpoint = f"model.checkpoint={tmp_path / 'new.ckpt'}"
    assert said_of(composed(tmp_path, checkpoint, entry="train")) is None
    assert (
        said_of(composed(tmp_path, checkpoint)) == f"model.checkpoint: there is no file {tmp_path}/new.ckpt."
    )


def test_an_experiment_may_set_sizes_of_its_own_where_something_asks_for_them(tmp_path):
    asks = "data.limit=${oc.select:sizes.mine,null}"
    assert said_of(composed(tmp_path, "+sizes.mine=3", asks)) is None
    assert "sizes.mine is no setting" in said_of(composed(tmp_path, "+sizes.mine=3"))


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
    ],
)
def test_the_command_ends_with_a_sentence(tmp_path, overrides, said):
    ended = run(tmp_path, *overrides, out="out")
    assert ended.returncode == 1
    assert said in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
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
