"""What configs ask of the command line and of each other."""

from facetrial.runtime.resolvers import run_name, sweep_name


class TestRunName:
    def test_order_and_places_do_not_count(self):
        overrides = ["attack=random", "seed=1"]
        assert run_name(overrides) == run_name(overrides[::-1])
        assert run_name([*overrides, "hydra.verbose=true", "paths.cache=x"]) == run_name(overrides)
        assert run_name([*overrides, "gate.min_robust=0.8"]) == run_name(overrides)
        assert run_name(overrides) != run_name(["attack=random", "seed=2"])

    def test_names_that_read_alike_are_of_runs_that_are(self):
        assert run_name(["data.root=a/people"]) != run_name(["data.root=b/people"])
        assert run_name(["attack.budget.eps=8"]) != run_name(["defense.adv.attack.budget.eps=8"])

    def test_they_can_be_read_and_sort_by_number(self):
        names = [run_name(["attack=pgd", f"attack.budget.eps={eps}"]) for eps in (2, 16, 128)]
        assert names == sorted(names)
        assert names[0].startswith("attack=pgd,eps=002-")
        name = run_name(
            ["attack@defense.adv.attack=pgd", "attack=demo/pgd", "attack/region=eyes", "-x", "seed=0,1"]
        )
        assert name.startswith("-x,attack=demo_pgd,seed=000,001,region=eyes,attack_defense.adv.attack=pgd-")

    def test_it_is_a_files_name_whatever_is_in_it(self):
        name = run_name(["data.root=/a b/é:*", "x=" + "y" * 500])
        assert len(name) < 100
        assert not set("/ :*") & set(name)


def test_jobs_share_the_sweeps_folder(monkeypatch):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "-m", "attack=random,landmarks", "hydra.verbose=true"])
    assert sweep_name() == run_name(["attack=random,landmarks"])
