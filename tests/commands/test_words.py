"""Sentences on words of a command line that Hydra cannot read."""

import pytest

import facetrial.runtime.resolvers  # noqa: F401, which configs compute with
from facetrial.commands.words import misread


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("attack=pdg", "attack=pdg: there is none of that name. Did you mean pgd?"),
        ("defense=[jpg,adv]", "defense=jpg: there is none of that name. Did you mean jpeg?"),
        (
            "defense=adv attack@defense.adv.attack=fgms",
            "attack@defense.adv.attack=fgms: there is none of that name. Did you mean fgsm?",
        ),
        ("atack=pgd", "atack is no setting. Did you mean attack?"),
        ("data=folder data.rot=X", "data.rot is no setting with data=folder. Did you mean data.root?"),
        (
            "attack=pgd attack.method.step_size=0.1",
            "attack.method.step_size is no setting with attack=pgd. Did you mean attack.method.step or "
            "attack.method.steps?",
        ),
        (
            "attack=random attack.budget.eps=4",
            "attack.budget.eps is no setting with attack=random. There is attack.budget.rms.",
        ),
        (
            "-m attack=pgd,random attack.budget.eps=4",
            "attack.budget.eps is no setting with attack=random. There is attack.budget.rms.",
        ),
        ("--attack pgd", "--attack: settings have no dashes; write attack=pgd."),
        ("--people=X", "--people=X: settings have no dashes; write data.root=X."),
        ("attack = pgd", "attack = pgd: settings have no blanks; write attack=pgd."),
        (
            "attack=pgd attack.method.leave=true",
            "attack.method.leave is called attack.method.early_stop now; rename it.",
        ),
    ],
)
def test_what_has_no_meaning_is_said(words, said):
    assert misread("evaluate", words.split()) == [said]


@pytest.mark.parametrize(
    "words",
    [
        "attack=pgd attack.budget.eps=4 seed=1",
        "-m attack=pgd defense=none,[jpeg,adv] seed=0,1",
        "+mine.deep=1 mine.deep=2",
        "--run attack=choice(random,pgd)",
        "--cfg job",
    ],
)
def test_of_what_has_one_nothing_is(words):
    assert misread("evaluate", words.split()) == []


def test_settings_of_the_other_command_are_not_those_of_this_one():
    assert misread("train", ["model=landmarks"]) == []


def test_configs_of_ones_own_are_known(tmp_path):
    (tmp_path / "attack" / "method").mkdir(parents=True)
    (tmp_path / "attack" / "method" / "pgdd.yaml").touch()
    assert misread("evaluate", [f"--config-dir={tmp_path}", "attack/method=pgdd"]) == []
    assert misread("evaluate", ["attack/method=pgdd"]) != []
    (tmp_path / "attack" / "method" / "pgdd.yaml").write_text("width: 3\n")
    own = ["--config-dir", str(tmp_path), "attack=pgd", "attack/method=pgdd", "attack.method.widht=4"]
    assert misread("evaluate", own) == [
        "attack.method.widht is no setting with attack=pgd attack/method=pgdd. Did you mean attack.method.width?"
    ]
