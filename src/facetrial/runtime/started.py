"""How this run was started: which configs were chosen for its groups, and what the command line changed."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.utils import get_class
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from facetrial.core.errors import FacetrialError
from facetrial.runtime.old_names import use_new_targets


def config_folder() -> Path:
    """The folder of this project's configs: `conf` in the package where it was installed, else in the repository."""
    package = Path(__file__).resolve().parents[1]
    folders = (package / "conf", package.parents[1] / "conf")
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def choices() -> Mapping[str, str]:
    """The name of the config that was chosen, by group."""
    return HydraConfig.get().runtime.choices


def overrides() -> list[str]:
    """The words of the command line, such as "attack=pgd"."""
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def sweep_folder() -> Path | None:
    """The run folder of this job of a sweep; None where this is no sweep."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().runtime.output_dir)


@contextlib.contextmanager
def started_again(folder: Path) -> Iterator[DictConfig]:
    """The config of an earlier run, composed again by the words that it was started with, in the folder where it was.

    Args:
        folder: of the run.

    Raises:
        FacetrialError: the folder is of no run, or its words mean nothing any more.
    """
    kept = folder / ".hydra"
    try:
        words = [str(word) for word in OmegaConf.load(kept / "overrides.yaml")]
        before = OmegaConf.load(kept / "hydra.yaml").hydra
    except (OSError, AttributeError) as error:
        raise FacetrialError(
            f"{folder} is not the folder of a run: expected .hydra/overrides.yaml in it. Give a folder below "
            "outputs/evaluate/, or a checkpoint."
        ) from error
    theirs = [s.path for s in before.runtime.config_sources if s.provider not in ("hydra", "main", "schema")]
    search = [f"hydra.searchpath=[{','.join(repr(f'file://{path}') for path in theirs)}]"] if theirs else []
    cwd, output = Path(before.runtime.cwd), folder.resolve()
    with (
        contextlib.chdir(cwd if cwd.is_dir() else Path.cwd()),
        started_by(
            [*words, *search], output, f"the words of the run {folder} mean nothing any more"
        ) as config,
    ):
        yield config


@contextlib.contextmanager
def started_by(words: Sequence[str], output: Path, wrong: str) -> Iterator[DictConfig]:
    """The config that `facetrial evaluate WORDS` would have, and for as long what this module tells of that start.

    Args:
        words: of its command line.
        output: the folder of the run.
        wrong: what to say where the words have no meaning.

    Raises:
        FacetrialError: they have none.
    """
    today = HydraConfig.instance().cfg
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        try:
            config = compose("evaluate", list(words), return_hydra_config=True)
        except HydraException as error:
            said = str(error).partition("\nConfig search path")[0]
            raise FacetrialError(f"{wrong}: {said}") from error
    with open_dict(config):
        config.hydra.runtime.output_dir = str(output)
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    try:
        use_new_targets(config)
        yield config
    finally:
        HydraConfig.instance().cfg = today


def is_sweep(config: DictConfig) -> bool:
    """Whether the config that Hydra hands to a callback is of a job of a sweep."""
    return config.hydra.mode == RunMode.MULTIRUN


def sweep_root(config: DictConfig) -> Path:
    """The folder of the sweep whose config Hydra hands to a callback."""
    return Path(config.hydra.sweep.dir)


def plain(config: DictConfig | ListConfig, resolve: bool = True) -> dict[str, Any]:
    """Keys and values of a config, as Python has them."""
    values = OmegaConf.to_container(config, resolve=resolve)
    return {str(key): value for key, value in values.items()} if isinstance(values, dict) else {}


def settings_of(group: str, name: str, asked_by: str = "") -> dict[str, Any]:
    """`conf/<group>/<name>.yaml`, from where Hydra found its configs.

    Args:
        group: of configs.
        name: of one of them.
        asked_by: the setting that names it, for the error.

    Raises:
        FacetrialError: there is none.
    """
    sources = [source for source in HydraConfig.get().runtime.config_sources if source.schema == "file"]
    folders = [Path(source.path) / group for source in sources if source.path]
    for folder in folders:
        if (file := folder / f"{name}.yaml").is_file():
            settings = OmegaConf.load(file)
            use_new_targets(settings, f"{group}={name}")
            return plain(settings, resolve=False)
    known = sorted(file.stem for folder in folders for file in folder.glob("*.yaml"))
    raise FacetrialError(
        f"{asked_by or group}={name}: there is no such {group}; there are {', '.join(known)}."
    )


def smoothing_sigma(default: float, *, _root_: DictConfig) -> float:
    """The sigma of the defence of a config that smooths, whatever its key; `default` where none does."""
    for defense in (OmegaConf.select(_root_, "defense") or {}).values():
        with contextlib.suppress(Exception):  # whoever makes it says what is wrong with it
            if getattr(get_class(defense["_target_"]), "smooths", False):
                return defense["sigma"]
    return default


def check_named_once(defenses: Iterable[str]) -> None:
    """Raises FacetrialError where the command line named a defence twice, which Hydra lays over itself without a word.

    Args:
        defenses: by their keys in the config.
    """
    found = list(defenses)
    words = [o for o in overrides() if o.startswith("defense=[")]
    names = [name.strip() for name in words[-1][len("defense=[") : -1].split(",")] if words else []
    if len(names) > 1 and "none" in names:
        raise FacetrialError(
            f"defense=[{','.join(names)}] names none beside others; leave it out, or give defense=none."
        )
    if len(names) > len(found):
        raise FacetrialError(
            f"defense=[{','.join(names)}] names one defence twice, or two that are settings of one; found "
            f"{', '.join(found) or 'none'}. Name each once, and change it with defense.NAME.KEY=VALUE."
        )
