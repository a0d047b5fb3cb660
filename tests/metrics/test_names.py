"""How the parts of a trial are called."""

import pytest

from facetrial.metrics.names import Chosen, embedder_name


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["seed=1", "defense=jpeg"], "pgd"),
        (["attack/region=eyes", "attack.budget.eps=4"], "pgd (region=eyes, eps=4)"),
        (["attack/loss@attack.method.loss=margin"], "pgd (loss=margin)"),
        (["attack.method.step=0.11078412", "attack.budget.eps=0.25"], "pgd (step=0.1108, eps=0.25)"),
        (
            ["attack.methods.a.steps=3", "attack.methods.b.steps=4"],
            "pgd (methods.a.steps=3, methods.b.steps=4)",
        ),
        (["attack/budget@defense.adv.attack.budget=l2", "attack@defense.adv.attack=landmarks"], "pgd"),
    ],
)
def test_the_name_says_what_was_changed_as_shortly_as_it_is_clear(overrides, name):
    assert Chosen.of("pgd", [], overrides).attack_name == name


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["defense=adv", "attack.budget.eps=4", "model.head.c=2"], "adv"),
        (["+defense.adv.fraction=0.3"], "adv (fraction=0.3)"),
        (["attack/budget@defense.adv.attack.budget=l2"], "adv (budget=l2)"),
        (
            ["defense.adv.attack.method.steps=5", "defense.adv.guard.attack.method.steps=9"],
            "adv (adv.attack.method.steps=5, adv.guard.attack.method.steps=9)",
        ),
    ],
)
def test_the_defences_name_too(overrides, name):
    assert Chosen.of("pgd", ["adv"], overrides).defense_name == name


@pytest.mark.parametrize(
    ("overrides", "left"),
    [
        (["attack.budget.eps=4", "attack/region=eyes"], "pgd (eps=4)"),
        (["attack.region.grow=2", "attack/region@attack.region=eyes"], "pgd"),
        (["attack.adaptive=false"], "pgd (adaptive=false)"),
        (["attack.method.steps=3"], "pgd (steps=3)"),
    ],
)
def test_a_name_without_its_region(overrides, left):
    assert Chosen.of("pgd", [], overrides).without("region").attack_name == left


@pytest.mark.parametrize(
    ("embedder", "settings", "name"),
    [
        ("small", {"_target_": "facetrial.recognition.SmallEmbedder"}, "small"),
        ("own", {"_target_": "my_module.MyEmbedder"}, "own (MyEmbedder)"),
        ("onnx", {"weights": "models/r50.onnx"}, "onnx (r50.onnx)"),
    ],
)
def test_the_recognisers_name_says_which_of_the_users_it_is(embedder, settings, name):
    assert embedder_name(embedder, settings) == name
