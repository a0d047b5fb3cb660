"""The recogniser that an attack asks in the victim's place, found by the name of its config."""

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.run.surrogate import embedder_config, surrogate_for
from tests.helpers.configs import composed, named
from tests.helpers.paths import CONF


@pytest.mark.parametrize("name", named("embedder"))
def test_it_is_the_config_of_that_name(tmp_path, name):
    composed(tmp_path)
    assert embedder_config(name) == OmegaConf.load(CONF / "embedder" / f"{name}.yaml")


def test_a_users_own_folder_of_configs_is_looked_in(tmp_path):
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "mine.yaml").write_text("size: 77\n")
    composed(tmp_path, f"hydra.searchpath=[file://{tmp_path}]")
    assert embedder_config("mine").size == 77
    assert embedder_config("small").size == OmegaConf.load(CONF / "embedder" / "small.yaml").size


def test_a_name_that_is_none_is_told_with_those_there_are(tmp_path):
    config = composed(tmp_path, "attack.surrogate=smal")
    with pytest.raises(FacetrialError, match=r"attack\.surrogate=smal: .* there are .*mobilefacenet.*small"):
        surrogate_for(config, None)


def test_an_attack_that_names_none_has_none(tmp_path):
    assert surrogate_for(composed(tmp_path), None) is None
