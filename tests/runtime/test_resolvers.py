"""What configs ask of the command line and of each other."""

from facetrial.runtime.resolvers import run_name, sweep_name


class TestRunName:
    def test_order_and_places_do_not_count(self):
        overrides = ["attack=random", "seed=1"]
        assert run_name(overrides) == run_name(overrides[::-1])
        assert run_name([*overrides, "hydra.verbose=true", "paths.cache=x"]) == run_name(overrides)
        assert run_name(overrides) != run_name(["attack=random", "seed=2"])

    def test_it_is_a_files_name_whatever_is_in_it(self):
        name = run_name(["data.root=/a b/é:*", "x=" + "y" * 500])
        assert len(name) < 100
        assert not set("/ :*") & set(name)


def test_jobs_share_the_sweeps_folder(monkeypatch):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "-m", "attack=random,landmarks", "hydra.verbose=true"])
    assert sweep_name() == run_name(["attack=random,landmarks"])
