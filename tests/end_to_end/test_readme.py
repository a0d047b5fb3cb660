"""Every command of the README and of the pages in docs, as it is written there, on a few small pictures.

A block whose fence names a file, such as ```python my_module.py, is that file: the commands find it where they start.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import save_file

import facetrial
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from tests.helpers.drawn_folders import draw_photographs
from tests.helpers.kaggle_files import kaggle_files
from tests.helpers.onnx_files import convolution
from tests.helpers.paths import ROOT
from tests.helpers.service import free_port

STUDIED = ("George_W_Bush", "Bill_Clinton", "Hamid_Karzai", "Tony_Blair", "John_Negroponte")
# By CI itself, which sets up with the first and runs the second.
RUN_BY_CI = {"make setup", "make test"}
TRIED_ELSEWHERE = {"pip install ."}  # test_wheel.py
QUICK = ["trainer.accelerator=cpu", "callbacks=none", "trainer.enable_progress_bar=false"]
FEW_DRAWN = ["data.people=4", "data.pictures=16", "data.pictures_min=16", "trainer.max_epochs=1"]
SMALL_NETWORK = ["network.widths=[4,4,8,8]", "network.blocks=[0,0,0,0]", "network.hidden=16"]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str, pages: list[Path] = PAGES) -> list[str]:
    text = "\n".join(page.read_text() for page in pages)
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def named_files() -> dict[str, str]:
    """What the pages tell the reader to write, by name."""
    text = "\n".join(page.read_text() for page in PAGES)
    return dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))


# In the order of the pages, each once.
COMMANDS = list(
    dict.fromkeys(
        line
        for block in blocks("bash")
        for line in block.splitlines()
        if line not in RUN_BY_CI | TRIED_ELSEWHERE
    )
)


@pytest.fixture(scope="module")
def port(home):
    """Where the service of docs/black-box.md listens, which one of its commands asks."""
    found = free_port()
    service = subprocess.Popen([sys.executable, home / "my_server.py", str(found)], stderr=subprocess.DEVNULL)
    yield found
    service.kill()
    service.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with pictures in LFW's layout, Kaggle's files, and weights that were never trained."""
    folder = tmp_path_factory.mktemp("readme")
    draw_photographs(folder / "lfw", STUDIED, 10)
    for name, content in named_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for name, who in (("ann", STUDIED[0]), ("bob", STUDIED[1])):
        shutil.copy(folder / "lfw" / who / f"{who}_0001.jpg", folder / f"{name}.jpg")
    (folder / "keypoints").mkdir()
    kaggle_files(folder / "keypoints", count=48)
    save_file(InceptionResnetV1().network.state_dict(), folder / "InceptionResnetV1.safetensors")
    save_file(MobileFaceNet().state_dict(), folder / "MobileFaceNet.safetensors")
    convolution(folder / "model.onnx")
    return folder


def quick(words: list[str], home: Path) -> list[str]:
    """The same command on small pictures: names filled in, and everything made short."""
    if words[:2] == ["facetrial", "models"]:
        return words  # it takes no settings
    mobile = {"embedder=mobilefacenet", "experiment=defenses_cpu"}
    weights = "MobileFaceNet" if mobile & set(words) else "InceptionResnetV1"
    places = {
        "LFW": home / "lfw",
        "PEOPLE": home / "lfw",
        "KEYPOINTS": home / "keypoints",
        "FILE": home / f"{weights}.safetensors",
        "MODEL": home / "model.onnx",
    }
    filled = [
        re.sub(rf"(^|=)({'|'.join(places)})$", lambda m: f"{m[1]}{places[m[2]]}", word) for word in words
    ]
    short = [f"paths.models={home / 'models'}", f"paths.cache={home / 'cache'}", *QUICK]
    if {"photo", "verify"} & set(words):
        return [*filled, *short, f"embedder.weights={places['FILE']}", "attack.method.steps=2"]
    if "data=folder" in words and not any(word.startswith("embedder") for word in words):
        short += [f"embedder.weights={places['FILE']}"]  # what facenet-pytorch would download
    if "model=landmarks" in words:
        short += [f"model.{part}" for part in SMALL_NETWORK] + ["trainer.max_epochs=1"]
    else:
        if not any(word.startswith(("data", "experiment")) for word in words):
            short += FEW_DRAWN
        if "experiment=demo" in words:
            short += [*FEW_DRAWN, "attack=random,pgd", "data.limit=8"]
        elif "experiment=defenses_cpu" in words:
            short += ["attack=random,defenses_cpu/patch", "defense=none,squeezing"]
            short += ["data.min_pictures=10", "data.limit=5"]
        elif not {"landmarks=mtcnn", "data=folder"} & set(words):
            short += [f"landmarks.model.{part}" for part in SMALL_NETWORK] + ["landmarks.model.max_epochs=1"]
        if "certificate=cohen" in words:
            short += ["data.limit=4", "certificate.n=100", "defense.smoothing.n=20", "defense.noise.epochs=1"]
        if any(word.startswith("gate.") for word in words):  # which a recogniser of one epoch does not pass
            short += ["gate.min_robust=0", "gate.trusted=false"]
        if "evaluate.py" in words and "data=lfw" in words:
            short += ["trainer.max_epochs=1"]
    return filled + short


@pytest.mark.parametrize("line", COMMANDS)
def test_command(line, home, request):
    words = shlex.split(line.replace("[python,", f"[{sys.executable},"))
    if "embedder=http" in words:
        words = [word.replace(":8000/", f":{request.getfixturevalue('port')}/") for word in words]
    if words[0] == "make":
        told = [*words, "-n", "-o", ".venv/.installed"]  # what it would run, without the environment
        # As a user calls it, and not as a part of the `make test` that may be running this.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
        }
        made = subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
        words = shlex.split(made.stdout.replace("\\\n", " "))
    words = quick(words, home)
    if words[0] == "facetrial":
        start = ["-m", *words]
    else:
        assert words[0].endswith("python")
        start = [str(ROOT / words[1]), *words[2:]]
    done = subprocess.run([sys.executable, *start], cwd=home, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_make_targets_that_the_readme_names_exist():
    named = set(re.findall(r"make (\w+)", "".join(blocks("bash"))))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert named <= targets


def test_python_examples_run_from_nothing(capsys):
    names: dict = {}
    for example in blocks("python", [ROOT / "README.md"]):
        exec(example, names)
    assert isinstance(names["verdict"], facetrial.Verdict)
    assert names["verdict"].summary.trusted
    assert "accuracy, attacked" in capsys.readouterr().out
    assert names["attacked"].shape == names["test"].images.shape
    assert set(names["rows"]["identity"]) <= set(names["victim"].names)
