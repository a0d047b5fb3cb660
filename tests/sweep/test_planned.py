"""Which comparisons of a sweep were planned, and by whom: its experiment."""

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.sweep.planned import Plan, read_plans
from tests.helpers.defended import sweep_of, trial
from tests.helpers.import_graph import ROOT

EXPERIMENTS = (
    "atlas",
    "atlas_cpu",
    "class_size",
    "class_size_cpu",
    "defenses",
    "defenses_cpu",
    "matched",
    "poster",
)


def sweep(*overrides):
    return sweep_of(*((trial("pgd", "none", 0.5), *one.split()) for one in overrides))


def pairs(plan, runs):
    return [tuple(" ".join(run.overrides) for run in pair) for pair in plan.pairs(runs)]


def test_all_but_the_key_is_the_same():
    runs = sweep(
        "attack=pgd defense=none seed=0", "attack=pgd defense=jpeg seed=0", "attack=pgd defense=[smooth,noise] seed=0",
        "attack=pgd defense=none seed=1", "attack=auto defense=jpeg seed=0", "attack=auto seed=0",
    )  # fmt: skip
    first, *others = (" ".join(run.overrides) for run in runs[:3])
    assert pairs(Plan("defense", "none"), runs) == [(first, other) for other in others]
    assert pairs(Plan("defense", "none", each=("jpeg",)), runs) == [(first, others[0])]
    assert pairs(Plan("defense", "none", only=("attack=auto",)), runs) == []
    assert pairs(Plan("seed", "0"), runs) == [(first, "attack=pgd defense=none seed=1")]


def test_values_are_those_of_a_command_line():
    [plan] = read_plans(
        [{"of": "attack.region.area", "against": None, "each": [0.06, True], "only": ["seed=0"]}]
    )
    assert plan == Plan("attack.region.area", "null", ("0.06", "true"), ("seed=0",))
    assert plan.in_words == "0.06 and true of attack.region.area against null, where seed=0"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"of": "defense"}, r"comparisons\[0\] must have of and against"),
        ({"of": "defense", "against": "none", "when": "now"}, "found .*when"),
        ("defense", "such as {of: defense, against: none}"),
        ({"of": "defense", "against": "none", "each": "jpeg"}, "each must be a list, found 'jpeg'"),
    ],
)
def test_what_is_no_plan_is_refused(wrong, said):
    with pytest.raises(FacetrialError, match=said):
        read_plans([wrong])


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_experiments_plan_what_their_sweep_holds(experiment):
    settings = OmegaConf.load(ROOT / "conf" / "experiment" / f"{experiment}.yaml").hydra
    plans = read_plans(settings.callbacks.sweep.comparisons)
    swept = {key: str(value) for key, value in settings.sweeper.params.items()}
    assert plans
    for plan in plans:
        values = swept[plan.of].replace("\n", "").replace(" ", "").split(",")
        assert {plan.against, *(plan.each or ())} <= set(values)
        for key, _, value in (one.partition("=") for one in plan.only):
            assert value in swept[key].split("#")[0].replace(" ", "").split(",")
