"""Embedders by their config: what is missing or too much in it, and a name for the numbers of a network."""

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders import factory as embedder_module
from facetrial.recognition.embedders.factory import make_embedder, own_content
from facetrial.recognition.embedders.small import SmallEmbedder
from tests.helpers import own
from tests.helpers.embedders import OWN, made


def test_settings_that_it_does_not_take():
    with pytest.raises(FacetrialError, match=r"unexpected keyword argument 'depth'.*~embedder\.NAME"):
        made(f"{OWN}.Embedder", depth=3)


def test_none_is_named():
    with pytest.raises(FacetrialError, match=r"embedder\._target_=my_module\.MyEmbedder"):
        make_embedder({"_target_": None, "size": 64, "alignment": "facenet"})


def test_a_class_without_a_constructor_of_its_own():
    embedder = made(f"{OWN}.WithoutConstructor")
    assert isinstance(embedder.network, own.WithoutConstructor)
    assert (embedder.size, embedder.alignment, embedder.dimension) == (64, "five_points", 48)


@pytest.mark.parametrize("key", ["size", "alignment"])
def test_how_faces_are_cut_is_always_asked(key):
    settings = {"_target_": f"{OWN}.WithoutConstructor", "size": 64, "alignment": "facenet"}
    del settings[key]
    with pytest.raises(FacetrialError, match=f"embedder.{key} is not given"):
        make_embedder(settings)


def test_the_projects_own_embedder_needs_nothing_added():
    embedder = made("facetrial.recognition.SmallEmbedder", channels=4)
    assert isinstance(embedder, SmallEmbedder)


def test_a_network_with_other_numbers_is_another_network(monkeypatch):
    def content():
        embedder_module._content.cache_clear()
        return own_content({"_target_": f"{OWN}.FromFile", "size": 64, "alignment": "facenet"})

    first = content()
    assert content() == first
    monkeypatch.setattr(own.FromFile, "numbers", 2.0)
    assert content() != first
    assert own_content({"_target_": "facetrial.recognition.SmallEmbedder"}) is None
