"""Names of version 0.1: checkpoints and configs with them are read, command lines with them are told the new ones."""

import importlib
import re

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

import facetrial.run
import facetrial.sweep
from facetrial.core.errors import FacetrialError
from facetrial.runtime.old_names import (
    _KEYS,
    _PACKAGES,
    _RENAMED,
    new_target,
    renamed_keys,
    use_new_targets,
    with_new_names,
)
from tests.helpers.paths import CONF, ROOT

# Every `_target_` of this package that the configs of version 0.1 named.
OLD = [
    "facetrial.attacks.budgets.Area",
    "facetrial.attacks.budgets.L0",
    "facetrial.attacks.budgets.L1",
    "facetrial.attacks.budgets.L2",
    "facetrial.attacks.budgets.Linf",
    "facetrial.attacks.budgets.RMS",
    "facetrial.attacks.engine.Attack",
    "facetrial.attacks.goals.Dodging",
    "facetrial.attacks.goals.Impersonation",
    "facetrial.attacks.losses.Cosine",
    "facetrial.attacks.losses.CrossEntropy",
    "facetrial.attacks.losses.DifferenceOfLogitsRatio",
    "facetrial.attacks.losses.Margin",
    "facetrial.attacks.methods.apgd.APGD",
    "facetrial.attacks.methods.apgd.TargetedAPGD",
    "facetrial.attacks.methods.best_of.BestOf",
    "facetrial.attacks.methods.bisection.Bisection",
    "facetrial.attacks.methods.carlini_wagner.CarliniWagner",
    "facetrial.attacks.methods.ddn.DDN",
    "facetrial.attacks.methods.draws.Gaussian",
    "facetrial.attacks.methods.draws.SaltAndPepper",
    "facetrial.attacks.methods.draws.Uniform",
    "facetrial.attacks.methods.few_pixels.FewPixels",
    "facetrial.attacks.methods.fmn.FMN",
    "facetrial.attacks.methods.hop_skip_jump.HopSkipJump",
    "facetrial.attacks.methods.one_after_another.OneAfterAnother",
    "facetrial.attacks.methods.patch.Jitter",
    "facetrial.attacks.methods.patch.Patch",
    "facetrial.attacks.methods.pgd.PGD",
    "facetrial.attacks.methods.square.Square",
    "facetrial.attacks.methods.universal.Universal",
    "facetrial.data.augmentation.Augmentation",
    "facetrial.data.folder.PeopleFolder",
    "facetrial.data.keypoints.Keypoints",
    "facetrial.data.lfw.LFW",
    "facetrial.data.synthetic.SyntheticFaces",
    "facetrial.defenses.adversarial_training.AdversarialTraining",
    "facetrial.defenses.bit_depth.BitDepth",
    "facetrial.defenses.blur.GaussianBlur",
    "facetrial.defenses.blur.MedianBlur",
    "facetrial.defenses.detection.FeatureSqueezing",
    "facetrial.defenses.detection.GalleryDistance",
    "facetrial.defenses.jpeg.JPEG",
    "facetrial.defenses.noise_training.NoiseTraining",
    "facetrial.defenses.occlusion.Occlusion",
    "facetrial.defenses.overfitting.OverfittingGuard",
    "facetrial.defenses.resize_pad.RandomResizePad",
    "facetrial.defenses.smoothing.Smoothing",
    "facetrial.defenses.total_variation.TotalVariation",
    "facetrial.evaluation.calibration.StudyRule",
    "facetrial.evaluation.certificate.Certificate",
    "facetrial.evaluation.checks.adaptive.Adaptive",
    "facetrial.evaluation.checks.alone.SameAlone",
    "facetrial.evaluation.checks.black_box.BlackBoxNotBetter",
    "facetrial.evaluation.checks.budget.Referee",
    "facetrial.evaluation.checks.certificates.Certificates",
    "facetrial.evaluation.checks.deterministic.Deterministic",
    "facetrial.evaluation.checks.fitted_apart.FittedApart",
    "facetrial.evaluation.checks.frozen.VictimFrozen",
    "facetrial.evaluation.checks.more_steps.MoreStepsDoNotHelp",
    "facetrial.evaluation.checks.picture_range.PictureRange",
    "facetrial.evaluation.checks.recognises.Recognises",
    "facetrial.evaluation.checks.rounding.SurvivesRounding",
    "facetrial.evaluation.checks.rows.OneRowAPicture",
    "facetrial.evaluation.checks.slopes.Slopes",
    "facetrial.evaluation.checks.standardised.StandardisedOnce",
    "facetrial.evaluation.checks.unbounded.UnboundedReachesZero",
    "facetrial.evaluation.pair_run.hold_pair_trial",
    "facetrial.evaluation.physical.path.FoundAgain",
    "facetrial.evaluation.physical.path.Saved",
    "facetrial.evaluation.physical.sending.Sending",
    "facetrial.evaluation.run.hold_trial",
    "facetrial.evaluation.sweep.GatherSweep",
    "facetrial.failures.EndWithFailures",
    "facetrial.landmarks.network.LandmarkNetwork",
    "facetrial.landmarks.regions.Discs",
    "facetrial.landmarks.regions.Ears",
    "facetrial.landmarks.regions.Everywhere",
    "facetrial.landmarks.regions.Scattered",
    "facetrial.landmarks.shapes.Glasses",
    "facetrial.landmarks.shapes.HatBand",
    "facetrial.landmarks.shapes.Sticker",
    "facetrial.landmarks.sources.Labels",
    "facetrial.landmarks.sources.Mtcnn",
    "facetrial.landmarks.sources.Regressor",
    "facetrial.landmarks.training.train_landmarks",
    "facetrial.loggers.Wandb",
    "facetrial.recognition.inception_resnet_v1.InceptionResnetV1",
    "facetrial.recognition.losses.MarginSoftmax",
    "facetrial.recognition.mobilefacenet.MobileFaceNet",
    "facetrial.recognition.onnx_embedder.OnnxEmbedder",
    "facetrial.recognition.small.SmallEmbedder",
    "facetrial.recognition.svm_head.SVMHead",
    "facetrial.recognition.training.train_recognizer",
]
PGD = "facetrial.attacks.methods.pgd.PGD"


def test_the_changelog_tells_of_every_old_name():
    page = (ROOT / "CHANGELOG.md").read_text("utf-8")

    def table(heading):
        rows = page.partition(f"\n{heading}\n|")[2].partition("\n\n")[0].splitlines()[1:]
        return [[re.findall(r"`([^`]+)`", cell) for cell in row.split("|")[1:-1]] for row in rows]

    assert {
        old: new for olds, (new,) in table("| module in 0.1 | package today |") for old in olds
    } == _PACKAGES
    assert {old: new for (old,), (new,) in table("| in 0.1 | today |")} == _RENAMED
    settings = table("| of | in 0.1 | today |")
    assert {(f"facetrial.{of}", old): new for (of,), (old,), (new,) in settings} == {
        (of, old): new for of, keys in _KEYS.items() for old, new in keys.items()
    }


@pytest.mark.parametrize("target", OLD)
def test_every_old_name_stands_for_what_a_package_exports(target):
    package, _, name = new_target(target).rpartition(".")
    assert package.count(".") == 1
    assert name in importlib.import_module(package).__all__
    assert callable(getattr(importlib.import_module(package), name))
    assert new_target(f"{package}.{name}") == f"{package}.{name}"  # which is a name of today


def test_a_name_is_that_of_the_same_thing():
    changed = {"hold_pair_trial": "run_pair_trial", "hold_trial": "run_trial"}
    for target in OLD:
        name = target.rpartition(".")[2]
        assert new_target(target).rpartition(".")[2] == changed.get(name, name)


@pytest.mark.parametrize(
    "target",
    [
        "my_module.PGD",
        "torch.optim.SGD",
        "facetrial",
        "facetrial.attacks.PGD",
        "facetrial.nowhere.PGD",
        "data.lfw.LFW",
    ],
)
def test_other_names_are_left_alone(target):
    assert new_target(target) == target


def test_no_config_names_an_old_one():
    for path in CONF.rglob("*.yaml"):
        for value in _targets(OmegaConf.to_container(OmegaConf.load(path), resolve=False)):
            assert new_target(value) == value, path


def _targets(values):
    if isinstance(values, dict):
        if isinstance(values.get("_target_"), str):
            yield values["_target_"]
        for value in values.values():
            yield from _targets(value)
    elif isinstance(values, list):
        for value in values:
            yield from _targets(value)


class TestPlainValues:
    def test_names_and_settings_become_those_of_today_however_deep(self):
        old = {
            "seed": 0,
            "defense": {
                "adv": {"attack": {"method": {"_target_": PGD, "leave": False, "kernel": 3, "steps": 7}}}
            },
            "parts": [{"_target_": "facetrial.attacks.methods.apgd.APGD", "leave": True}, "leave", 3],
        }
        kept = repr(old)
        assert with_new_names(old) == {
            "seed": 0,
            "defense": {
                "adv": {
                    "attack": {
                        "method": {
                            "_target_": "facetrial.attacks.PGD",
                            "early_stop": False,
                            "ti_kernel": 3,
                            "steps": 7,
                        }
                    }
                }
            },
            "parts": [{"_target_": "facetrial.attacks.APGD", "early_stop": True}, "leave", 3],
        }
        assert repr(old) == kept

    def test_every_setting_of_pgd(self):
        old = {"_target_": PGD, "leave": 1, "diversity": 2, "kernel": 3, "smallest": 4}
        assert with_new_names(old) == {
            "_target_": "facetrial.attacks.PGD", "early_stop": 1, "di_prob": 2, "ti_kernel": 3, "min_scale": 4
        }  # fmt: skip

    def test_settings_of_other_things_keep_their_names(self):
        head = {"_target_": "facetrial.recognition.svm_head.SVMHead", "kernel": "rbf"}
        assert with_new_names(head) == {"_target_": "facetrial.recognition.SVMHead", "kernel": "rbf"}
        assert with_new_names({"_target_": "my_module.PGD", "leave": True})["leave"] is True
        apgd = {"_target_": "facetrial.attacks.methods.apgd.APGD", "kernel": 3}
        assert with_new_names(apgd)["kernel"] == 3


class TestComposedConfigs:
    def test_old_names_are_replaced_in_place_and_warned_of(self, caplog):
        config = OmegaConf.create(
            {
                "attack": {"method": {"_target_": PGD, "steps": 5}},
                "callbacks": [{"_target_": "facetrial.evaluation.sweep.GatherSweep"}],
                "mine": {"_target_": "my_module.PGD", "leave": True},
            }
        )
        OmegaConf.set_struct(config, True)
        use_new_targets(config)
        assert config.attack.method._target_ == "facetrial.attacks.PGD"
        assert config.attack.method.steps == 5
        assert config.callbacks[0]._target_ == "facetrial.sweep.GatherSweep"
        assert config.mine == {"_target_": "my_module.PGD", "leave": True}
        assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
        assert f"{PGD} is called facetrial.attacks.PGD now" in caplog.text

    def test_names_of_today_are_not_spoken_of(self, caplog):
        plain = {
            "attack": {"_target_": "facetrial.attacks.PGD", "early_stop": True, "more": "${seed}"},
            "seed": "???",
        }
        config = OmegaConf.create(plain)
        use_new_targets(config)
        assert OmegaConf.to_container(config, resolve=False) == plain
        assert not caplog.records

    @pytest.mark.parametrize("target", [PGD, "facetrial.attacks.PGD"])
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("leave", "early_stop"),
            ("diversity", "di_prob"),
            ("kernel", "ti_kernel"),
            ("smallest", "min_scale"),
        ],
    )
    def test_an_old_setting_is_refused_with_its_place_and_new_name(self, target, old, new):
        config = OmegaConf.create({"attack": {"method": {"_target_": target, old: 1}}})
        with pytest.raises(
            FacetrialError, match=rf"attack\.method\.{old} is called attack\.method\.{new} now"
        ):
            use_new_targets(config)

    def test_at_the_top_and_in_a_list_it_is_refused_as_well(self):
        with pytest.raises(FacetrialError, match=r"^leave is called early_stop now"):
            use_new_targets(OmegaConf.create({"_target_": "facetrial.attacks.TargetedAPGD", "leave": True}))
        with pytest.raises(
            FacetrialError, match=r"^attacks\[1\].leave is called attacks\[1\].early_stop now"
        ):
            use_new_targets(OmegaConf.create({"attacks": [{}, {"_target_": PGD, "leave": True}]}))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("attack.method.leave=false", "attack.method.leave is called attack.method.early_stop now"),
        ("+attack.method.kernel=3", "attack.method.kernel is called attack.method.ti_kernel now"),
        ("++attack.method.leave=true", "attack.method.leave is called attack.method.early_stop now"),
        ("~attack.method.diversity", "attack.method.diversity is called attack.method.di_prob now"),
        (
            "defense.adv.attack.method.smallest=0.5",
            "defense.adv.attack.method.smallest is called defense.adv.attack.method.min_scale now",
        ),
        (
            "attack.method.methods.apgd.leave=true",
            "attack.method.methods.apgd.leave is called attack.method.methods.apgd.early_stop now",
        ),
    ],
)
def test_an_old_key_on_a_command_line_is_told_of_with_the_new_one(word, said):
    assert renamed_keys(["evaluate.py", "attack=pgd", word]) == [f"{said}; rename it."]


@pytest.mark.parametrize(
    "word",
    [
        "attack=pgd",
        "model.head.kernel=rbf",
        "defense.resize_pad.smallest=0.9",
        "attack.method.steps=3",
        "attack.method.early_stop=false",
        "attack/method=kernel",
        "attack.method.kernel_size=3",
        "paths.cache=method.leave=x",
    ],
)
def test_a_command_line_of_today_passes(word):
    assert renamed_keys([word, "seed=1"]) == []


class TestOldModules:
    """What is imported by the name of a module that is gone: configs' targets, Hydra's callbacks, code of users."""

    def test_they_hold_what_they_held_and_say_what_it_is_called(self, caplog):
        from facetrial.attacks.methods.pgd import PGD as OldPGD
        from facetrial.evaluation.sweep import GatherSweep as OldGatherSweep

        assert OldPGD is facetrial.attacks.PGD
        assert OldGatherSweep is facetrial.sweep.GatherSweep
        assert "facetrial.attacks.methods.pgd.PGD is called facetrial.attacks.PGD now" in caplog.text

    def test_what_was_renamed_is_found_too(self):
        from facetrial.attacks.methods.walk import Walk
        from facetrial.evaluation.run import hold_trial

        assert Walk is facetrial.attacks.IterativeAttack
        assert hold_trial is facetrial.run.run_trial

    def test_what_never_was_is_not_found(self):
        with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
            from facetrial.attacks.methods.pgd import Nothing  # noqa: F401
        with pytest.raises(ModuleNotFoundError, match=r"facetrial\.attacks\.methods\.nothing"):
            importlib.import_module("facetrial.attacks.methods.nothing")

    def test_hydra_makes_a_callback_of_an_old_name(self):
        made = instantiate({"_target_": "facetrial.evaluation.sweep.GatherSweep"})
        assert type(made) is facetrial.sweep.GatherSweep
