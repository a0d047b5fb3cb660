"""What decides a recogniser is kept in its checkpoint and found when it differs."""

import logging

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.runtime import plan as plans
from facetrial.runtime.checkpoints import load_checkpoint, save_checkpoint
from facetrial.training.train import recognizer_for, train_recognizer
from tests.helpers.tiny import tiny_plan


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a trained recogniser in it."""
    folder = tmp_path_factory.mktemp("trained")
    train_recognizer(tiny_plan(folder))
    return folder


def test_trained_once_and_taken_again(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0")
    victim = recognizer_for(plan)
    assert "training it first" in caplog.text
    assert victim.names == ["Person 0", "Person 1", "Person 2"]
    caplog.clear()
    again = recognizer_for(plan)
    assert not caplog.text
    images = torch.rand(3, 3, 32, 32)
    assert torch.equal(again.freeze()(images), victim.freeze()(images))
    assert [p.suffix for p in (tmp_path / "models").iterdir()] == [".ckpt"]


def test_the_checkpoint_holds_the_head_and_what_made_it(trained):
    plan = tiny_plan(trained)
    content = load_checkpoint(plan.path, "recognizer")
    assert content["config"] == plan.recipe
    assert content["state"]["head.weight"].dtype == torch.float64
    assert content["state"]["head.weight"].shape == (3, 8)
    assert content["metrics"]["test/head_accuracy"] > 0.5


def test_a_gallery_comes_back_from_its_checkpoint(tmp_path):
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0", "model/head=gallery", "model.head.pictures=3")
    trained = recognizer_for(plan).freeze()
    again = recognizer_for(plan).freeze()
    assert again.head.num_classes == 3
    images = torch.rand(3, 3, 32, 32)
    assert torch.equal(again(images), trained(images))
    assert plan.path != tiny_plan(tmp_path, "trainer.max_epochs=0", "model/head=gallery").path


@pytest.mark.parametrize(
    "override",
    [
        "data.people=4",
        "data.split_seed=1",
        "embedder.channels=8",
        "model.head.kernel=rbf",
        "model.head.class_weight=balanced",
        "model/head=gallery",
        "model.loss.margin=0.1",
        "model.batch_size=32",
        "model.trainable=[embed]",
        "defense=adv",
        "trainer.max_epochs=3",
        "+trainer.fast_dev_run=true",
        "seed=1",
        "trainer.precision=64-true",
    ],
)
def test_what_decides_a_recogniser_is_found_when_it_differs(trained, override):
    made = tiny_plan(trained).path
    other = tiny_plan(trained, override)
    assert other.path != made
    key = override.split("=")[0].lstrip("+").replace("/", ".")
    with pytest.raises(FacetrialError, match=f"{key}.*the checkpoint has .*the config"):
        other.but(model=other.model | {"checkpoint": str(made)}).load_victim()


class TestCode:
    """What a recogniser is trained by is part of what decides it."""

    @pytest.fixture
    def changed(self, monkeypatch):
        """Lets the code be another from then on."""

        def change():
            monkeypatch.setattr(plans, "what_code_does", lambda *parts: f"other code of {len(parts)} parts")

        return change

    def test_of_other_code_it_is_trained_again(self, tmp_path, changed, caplog):
        caplog.set_level(logging.INFO)
        recognizer_for(tiny_plan(tmp_path, "trainer.max_epochs=0"))
        changed()
        caplog.clear()
        recognizer_for(tiny_plan(tmp_path, "trainer.max_epochs=0"))
        assert "training it first" in caplog.text
        assert len(list((tmp_path / "models").iterdir())) == 2

    def test_by_name_it_is_refused(self, trained, changed):
        made, other = tiny_plan(trained).path, tiny_plan(trained)
        changed()
        by_name = other.but(model=other.model | {"checkpoint": str(made)})
        with pytest.raises(
            FacetrialError, match=r"code\.facetrial: the checkpoint has .*the config 'other code"
        ):
            by_name.load_victim()

    def test_without_it_is_taken_with_a_warning_that_is_given_once(self, trained, tmp_path, caplog):
        plan = tiny_plan(tmp_path)
        content = load_checkpoint(tiny_plan(trained).path, "recognizer")
        old = {key: value for key, value in content["config"].items() if key != "code"}
        names = {"names": content["names"], "metrics": content["metrics"]}
        save_checkpoint(
            plan.path.with_stem(f"{plan.path.stem.rpartition('-')[0]}-0123"),
            "recognizer",
            content["state"],
            old,
            **names,
        )
        assert plan.code_known  # there is no checkpoint
        assert recognizer_for(plan).names == content["names"]
        plan.load(mmap=True)
        warnings = [
            text for record in caplog.records if "which code made it" in (text := record.getMessage())
        ]
        assert len(warnings) == 1
        assert not plan.code_known
        assert tiny_plan(trained).code_known

    def test_defences_that_train_and_what_finds_their_landmarks_count(self, tmp_path):
        plain, adv, on_landmarks = (
            tiny_plan(tmp_path, f"defense={name}").code_parts for name in ("none", "adv", "adv_landmarks")
        )
        assert "attacks" not in plain
        assert "attacks" in adv
        assert "landmarks" not in adv
        assert "landmarks" in on_landmarks


@pytest.mark.parametrize(
    "override",
    ["data.limit=3", "data.batch_size=1", "trainer.devices=2", "+logger.csv._target_=my.Logger"],
)
def test_what_does_not_decide_it_is_let_pass(trained, override):
    plan = tiny_plan(trained, override)
    assert plan.path == tiny_plan(trained).path
    assert plan.load_victim().names


def test_files_that_come_or_go_make_another_recogniser(tmp_path):
    # Else the split would put pictures among the tests that the SVM was fitted on.
    root = tmp_path / "pictures"
    (root / "Ann").mkdir(parents=True)
    for number in range(3):
        (root / "Ann" / f"{number}.jpg").write_bytes(b"x" * number)

    def made_by(folder):
        return tiny_plan(tmp_path).but(data={"_target_": "facetrial.data.LFW", "root": str(folder)}).recipe

    before = made_by(root)
    (root / "notes.txt").write_text("not a picture")
    root = root.rename(tmp_path / "elsewhere")
    assert made_by(root) == before
    (root / "Ann" / "1.jpg").unlink()
    assert made_by(root) != before


def test_weights_are_compared_by_content(tmp_path):
    first, moved, other = (tmp_path / f"{name}.safetensors" for name in ("first", "moved", "other"))
    state = MobileFaceNet().state_dict()
    save_file(state, first)
    save_file(state, moved)
    save_file(MobileFaceNet().state_dict(), other)

    def made_by(path):
        return tiny_plan(tmp_path, "+embedder.weights=" + str(path)).recipe

    assert made_by(first) == made_by(moved)
    assert made_by(first) != made_by(other)
    assert str(tmp_path) not in str(made_by(first))


def test_a_checkpoint_by_name(tmp_path):
    plan = tiny_plan(
        tmp_path, f"model.checkpoint={tmp_path / 'mine' / 'one.v1.ckpt'}", "trainer.max_epochs=0"
    )
    recognizer_for(plan)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["one.v1.ckpt"]


class TestMistakes:
    def test_the_landmark_network(self, tmp_path):
        path = tmp_path / "landmarks.ckpt"
        save_checkpoint(path, "landmarks", {}, {})
        with pytest.raises(FacetrialError, match=r"'landmarks' model, expected 'recognizer'"):
            recognizer_for(tiny_plan(tmp_path, f"model.checkpoint={path}"))

    def test_tensors_that_do_not_fit(self, tmp_path):
        path = tmp_path / "odd.ckpt"
        plan = tiny_plan(tmp_path, f"model.checkpoint={path}")
        save_checkpoint(path, "recognizer", {"embedder.x": torch.zeros(1)}, plan.recipe, names=["a", "b"])
        with pytest.raises(FacetrialError, match=r"odd\.ckpt does not fit SmallEmbedder"):
            recognizer_for(plan)

    def test_cut_short(self, trained, tmp_path):
        plan = tiny_plan(trained)
        path = tmp_path / "cut.ckpt"
        path.write_bytes(plan.path.read_bytes()[:2000])
        with pytest.raises(FacetrialError, match=r"cut\.ckpt cannot be read as a checkpoint"):
            plan.but(model=plan.model | {"checkpoint": str(path)}).load_victim()


def test_a_recipe_holds_plain_values(tmp_path):
    assert not any(OmegaConf.is_config(part) for part in tiny_plan(tmp_path).recipe.values())


def test_a_checkpoint_need_not_remember_its_accuracy(tmp_path):
    plan = tiny_plan(tmp_path)
    assert plan.accuracy_before is None
    save_checkpoint(plan.path, "recognizer", {}, plan.recipe, names=["a", "b"])
    assert plan.accuracy_before is None
    save_checkpoint(plan.path, "recognizer", {}, plan.recipe, metrics={"test/head_accuracy": 0.75})
    assert plan.accuracy_before == 0.75
