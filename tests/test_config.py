"""Every config composes, and what it describes can be made. New files are covered as they come."""

import re

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import instantiate
from lightning import Callback, LightningDataModule, Trainer
from lightning.pytorch.loggers import Logger
from omegaconf import OmegaConf
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.checks.base import Check
from facetrial.core.errors import FacetrialError
from facetrial.landmarks.sources import LandmarkSource
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.runtime.plan import Plan
from facetrial.runtime.settings import check_settings
from facetrial.training.plan import RecognizerPlan
from tests.helpers.configs import composed, named
from tests.helpers.onnx_files import convolution
from tests.helpers.paths import CONF, ROOT
from tests.helpers.service import answering, serving

DOCS = ROOT / "docs"
EXPERIMENTS = ("atlas", "atlas_cpu", "defenses", "defenses_cpu")


def test_there_are_configs_to_test():
    groups = (
        "embedder",
        "data",
        "model",
        "model/head",
        "attack",
        "attack/region",
        "attack/budget",
        "attack/method",
    )
    assert all(named(group) for group in (*groups, "defense", "trainer", "logger", "callbacks"))


def test_every_choice_of_every_group_is_in_the_docs():
    table = dict(re.findall(r"^\| `([\w/]+)` \| (.*)$", (DOCS / "settings.md").read_text(), re.MULTILINE))
    readme = (DOCS.parent / "README.md").read_text()
    for file in sorted(CONF.rglob("*.yaml")):
        group, name = file.relative_to(CONF).parent.as_posix(), file.stem
        if group in (".", "attack/base", "paths", "run") or group.rpartition("/")[2] in EXPERIMENTS:
            continue  # entry points, what all of a kind share, and variants
        tables = table[group] + (readme if group in ("attack", "defense") else "")
        assert f"`{name}`" in tables, f"{group}={name} is in no table of docs/settings.md or README.md"


@pytest.mark.parametrize("entry", ["train", "evaluate"])
def test_entry_points(tmp_path, entry):
    assert composed(tmp_path, entry=entry).seed == 0


@pytest.mark.parametrize("name", named("embedder"))
def test_embedder(tmp_path, name):
    # What a config cannot know: the user's own.
    own = {
        "own": lambda: ["embedder._target_=tests.helpers.own.Embedder"],
        "callable": lambda: ["embedder.function=tests.helpers.service.embed"],
        "command": lambda: [f"embedder.command={answering(tmp_path / 'answering.py')}"],
        "http": lambda: [f"embedder.url={service.url}"],
        "onnx": lambda: [f"embedder.weights={convolution(tmp_path / 'own.onnx')}"],
    }
    with serving() as service:
        config = composed(tmp_path, f"embedder={name}", *own.get(name, list)())
        embedder = RecognizerPlan.of(config).make_embedder(pretrained=False)
    assert isinstance(embedder, nn.Module)
    assert (embedder.size, embedder.alignment) == (config.embedder.size, config.embedder.alignment)
    assert embedder.dimension > 0
    parameters = [n for n, _ in embedder.named_parameters() if n.startswith(tuple(embedder.last_blocks))]
    assert parameters or not embedder.has_slope


@pytest.mark.parametrize("name", named("data"))
def test_data(tmp_path, name):
    config = composed(tmp_path, f"data={name}", entry="train")
    root = {"root": str(tmp_path)} if "root" in config.data else {}
    assert isinstance(instantiate(config.data, **root), LightningDataModule)


@pytest.mark.parametrize("name", named("model"))
def test_model(tmp_path, name):
    config = composed(tmp_path, f"model={name}", entry="train")
    parts = [part for part in config.model.values() if OmegaConf.is_dict(part) and "_target_" in part]
    assert callable(instantiate(config.model.train))
    assert issubclass(instantiate(config.model.plan), Plan)
    for part in parts:
        assert callable(instantiate(part, _partial_=True))


@pytest.mark.parametrize("model", ["recognizer", "transfer"])
@pytest.mark.parametrize("name", named("model/head"))
def test_head(tmp_path, name, model):
    plan = RecognizerPlan.of(composed(tmp_path, f"model={model}", f"model/head={name}"))
    head = plan.make_head()
    assert not head.fitted
    assert getattr(head, "class_weight", None) == ("balanced" if name == "svm_balanced" else None)
    assert isinstance(head, GalleryHead) == (name == "gallery")


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_head_and_loss(tmp_path, kernel):
    config = composed(tmp_path, f"model.head.kernel={kernel}", entry="train")
    plan = RecognizerPlan.of(config)
    assert plan.make_head().kernel == kernel
    assert instantiate(config.model.loss, dimension=4, num_classes=3).centres.shape == (3, 4)
    assert plan.recipe["model"]["head"]["kernel"] == kernel


@pytest.mark.parametrize("name", named("attack"))
def test_attack(tmp_path, name):
    assert isinstance(instantiate(composed(tmp_path, f"attack={name}").attack), Attack)


def test_naive_pgd_is_pgd_that_knows_no_defence(tmp_path):
    overrides = ["attack/region=eyes", "attack.budget.eps=4"]
    adaptive, naive = (
        composed(tmp_path, f"attack={name}", *overrides).attack for name in ("pgd", "naive_pgd")
    )
    assert (adaptive.adaptive, naive.adaptive) == (True, False)
    assert {**naive, "adaptive": True} == adaptive
    assert (
        composed(tmp_path, "defense=adv", "attack@defense.adv.attack=naive_pgd").defense.adv.attack.adaptive
        is False
    )


@pytest.mark.parametrize(
    ("part", "name"),
    [(part, name) for part in ("region", "budget", "method") for name in named(f"attack/{part}")],
)
def test_part_of_an_attack(tmp_path, part, name):
    attack = instantiate(composed(tmp_path, f"attack/{part}={name}").attack)
    assert callable(attack.region)
    assert isinstance(attack, Attack)


@pytest.mark.parametrize("name", named("defense"))
def test_defense(tmp_path, name):
    config = composed(tmp_path, f"defense={name}", entry="train")
    assert len(RecognizerPlan.of(config).defenses) == (name != "none")


@pytest.mark.parametrize(
    ("defense", "said"),
    [
        ("[jpeg,squeezing]", r"give defense=\[squeezing,jpeg\]"),
        ("[smoothing,gallery]", "one at a time"),
        ("[jpeg,smoothing]", r"give defense=\[smoothing,jpeg\]"),
        ("[noise,adv_pgd]", r"give defense=\[adv_pgd,noise\]"),
        ("[trades,jpeg,adv]", r"give defense=\[jpeg,adv,trades\]"),
        ("[trades,consistent]", "one of them at a time"),
        ("[adv_landmarks,jpeg,gallery]", r"give defense=\[gallery,adv_landmarks,jpeg\]"),
    ],
)
def test_defenses_out_of_order_are_refused(tmp_path, defense, said):
    with pytest.raises(FacetrialError, match=said):
        RecognizerPlan.of(composed(tmp_path, f"defense={defense}")).defenses  # noqa: B018


def test_detectors_go_before_what_changes_pictures(tmp_path):
    config = composed(tmp_path, "defense=[squeezing,gallery,jpeg,adv]")
    assert list(RecognizerPlan.of(config).defenses) == ["squeezing", "gallery", "jpeg", "adv"]


@pytest.mark.parametrize("name", sorted({*named("defense")} - {"none"}))
def test_defense_under_another_key(tmp_path, name):
    usual, mine = composed(tmp_path, f"defense={name}"), composed(tmp_path, f"+defense@defense.mine={name}")
    plain = OmegaConf.to_container(mine.defense, resolve=True)
    assert plain == {"mine": OmegaConf.to_container(usual.defense, resolve=True)[name]}
    assert type(RecognizerPlan.of(mine).defenses["mine"]) is type(RecognizerPlan.of(usual).defenses[name])


@pytest.mark.parametrize(
    ("defense", "sigma"),
    [("[noise]", 0.25), ("[smoothing,noise]", 0.5), ("[mine,noise]", 0.5), ("[mine,noise,jpeg]", 0.5)],
)
def test_noise_is_that_of_the_smoothing_whatever_its_key(tmp_path, defense, sigma):
    (tmp_path / "defense").mkdir()
    copy = (CONF / "defense" / "smoothing.yaml").read_text().replace("defense.smoothing", "defense.mine")
    (tmp_path / "defense" / "mine.yaml").write_text(copy)
    first = defense[1:-1].partition(",")[0]
    changed = [] if first == "noise" else [f"defense.{first}.sigma=0.5"]
    config = composed(
        tmp_path, f"hydra.searchpath=[file://{tmp_path}]", f"defense={defense}", *changed, entry="train"
    )
    plan = RecognizerPlan.of(config)
    assert plan.defenses["noise"].sigma == plan.recipe["defense"]["noise"]["sigma"] == sigma


@pytest.mark.parametrize("name", named("landmarks"))
def test_landmarks(tmp_path, name):
    assert isinstance(instantiate(composed(tmp_path, f"landmarks={name}").landmarks), LandmarkSource)


@pytest.mark.parametrize("name", named("trainer"))
def test_trainer(tmp_path, name):
    assert isinstance(instantiate(composed(tmp_path, f"trainer={name}").trainer), Trainer)


@pytest.mark.parametrize("name", named("logger"))
def test_logger(tmp_path, name, monkeypatch):
    if name in ("mlflow", "tensorboard"):
        pytest.importorskip(name)
    monkeypatch.setenv("WANDB_MODE", "offline")
    loggers = instantiate(composed(tmp_path, f"logger={name}").logger)
    assert all(isinstance(logger, Logger) for logger in loggers.values())


@pytest.mark.parametrize("name", named("callbacks"))
def test_callbacks(tmp_path, name):
    callbacks = instantiate(composed(tmp_path, f"callbacks={name}").callbacks)
    assert all(isinstance(callback, Callback) for callback in callbacks.values())


@pytest.mark.parametrize("name", named("calibration"))
def test_calibration(tmp_path, name):
    config = composed(tmp_path, f"calibration={name}")
    assert config.calibration is None or instantiate(config.calibration) is not None


@pytest.mark.parametrize("name", named("checks"))
def test_checks(tmp_path, name):
    checks = instantiate(composed(tmp_path, f"checks={name}").checks)
    assert checks
    assert all(isinstance(check, Check) for check in checks.values())


def test_thorough_checks_are_those_of_default_and_more(tmp_path):
    default, thorough = (composed(tmp_path, f"checks={name}").checks for name in ("default", "thorough"))
    assert default.keys() <= thorough.keys()
    assert all(default[name]._target_ == thorough[name]._target_ for name in default)
    assert len(thorough) > len(default)


@pytest.mark.parametrize("name", named("physical"))
def test_physical(tmp_path, name):
    sending = instantiate(composed(tmp_path, f"physical={name}").physical)
    assert sending == {} if name == "none" else sending.labels


@pytest.mark.parametrize("name", named("task"))
def test_task(tmp_path, name):
    assert callable(instantiate(composed(tmp_path, f"task={name}", "data=lfw").task))


@pytest.mark.parametrize("entry", ["train", "evaluate"])
@pytest.mark.parametrize("name", named("debug"))
def test_debug(tmp_path, name, entry):
    config = composed(tmp_path, f"debug={name}", entry=entry)
    check_settings(config)
    assert isinstance(RecognizerPlan.of(config).make_trainer(), Trainer)


@pytest.mark.parametrize("name", named("experiment"))
def test_experiment(tmp_path, name):
    """Every value that an experiment's sweep goes over, if not every pair of them: each job is a trial."""
    drawn = name in ("tune", "demo")
    words = [f"experiment={name}", *([] if drawn else [f"data.root={tmp_path}"])]
    swept = OmegaConf.load(CONF / "experiment" / f"{name}.yaml").hydra.sweeper.params
    parsed = OverridesParser.create().parse_overrides([f"{key}={values}" for key, values in swept.items()])
    several = {
        one.get_key_element(): list(one.sweep_string_iterator())
        for one in parsed
        if one.is_discrete_sweep() and name != "tune"
    }
    for number in range(max(map(len, several.values()), default=1)):
        job = [f"{key}={values[number % len(values)]}" for key, values in several.items()]
        config = composed(tmp_path, *words, *job)
        check_settings(config)
        assert isinstance(instantiate(config.attack), Attack)
