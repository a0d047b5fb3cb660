"""What Hydra says of how a run was started."""

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.runtime.settings import check_settings
from facetrial.runtime.started import choices, config_folder, settings_of, sweep_folder
from tests.helpers.configs import composed, named
from tests.helpers.paths import CONF


def test_the_configs_are_those_of_the_repository():
    assert config_folder() == CONF  # of a wheel: test_wheel.py


@pytest.mark.parametrize("name", named("embedder"))
def test_it_is_the_config_of_that_name(tmp_path, name):
    composed(tmp_path)
    assert settings_of("embedder", name) == OmegaConf.load(CONF / "embedder" / f"{name}.yaml")


def test_a_users_own_folder_of_configs_is_looked_in(tmp_path):
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "mine.yaml").write_text("size: 77\n")
    composed(tmp_path, f"hydra.searchpath=[file://{tmp_path}]")
    assert settings_of("embedder", "mine")["size"] == 77
    assert settings_of("embedder", "small")["size"] == OmegaConf.load(CONF / "embedder" / "small.yaml").size


def test_choices_are_told_by_group(tmp_path):
    composed(tmp_path, "attack=pgd", "defense=jpeg")
    assert choices()["attack"] == "pgd"
    assert choices()["attack/region"] == "everywhere"
    assert sweep_folder() is None


@pytest.mark.parametrize(
    ("defense", "said"),
    [
        ("[mine,jpeg]", r"names one defence twice, or two that are settings of one; found jpeg\."),
        ("[none,jpeg]", r"defense=\[none,jpeg\] names none beside others"),
    ],
)
def test_a_defence_that_would_be_laid_over_another_is_told(tmp_path, defense, said):
    (tmp_path / "defense").mkdir()
    (tmp_path / "defense" / "mine.yaml").write_text((CONF / "defense" / "jpeg.yaml").read_text())
    with pytest.raises(FacetrialError, match=said):
        check_settings(composed(tmp_path, f"hydra.searchpath=[file://{tmp_path}]", f"defense={defense}"))
