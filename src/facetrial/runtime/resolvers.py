"""OmegaConf resolvers that the configs use. Importing this module registers them."""

import os
import re
import sys
import warnings
from pathlib import Path

import joblib
from omegaconf import OmegaConf

from facetrial.core.digests import digest
from facetrial.runtime.started import smoothing_sigma

_PLACES = ("hydra.", "hydra/", "paths.", "gate.")  # decide nothing of what lies in the folder
_MEMORY = 4 * 2**30  # bytes of a run beside others; training may take twice as much


# Our launcher configs have the names of their packages' own, which check them: as it should be.
warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/\w+' is validated against ConfigStore schema")


def run_name(overrides: list[str]) -> str:
    """A folder's name for a command line: the same overrides give the same folder, so that a run goes on in it.

    Of keys and of paths it has the last part, and whole numbers have three digits, so that names sort by them.

    >>> run_name(["attack=pgd", "attack.budget.eps=8", "data.root=/home/ann/people"])
    'attack=pgd,root=people,eps=008-b9d0d562'
    """
    kept = sorted(o for o in overrides if not o.startswith(_PLACES))
    by_depth = sorted(kept, key=lambda o: len(re.findall(r"[./@]", o.partition("=")[0])))
    readable = ",".join(map(_in_short, by_depth))
    readable = "".join(c if c.isalnum() or c in "=,.-_" else "_" for c in readable)[:80]
    return "-".join([readable or "default", digest("\n".join(kept), size=4)])


def _in_short(override: str) -> str:
    """ "attack.method.steps=40" -> "steps=040"."""
    key, equals, value = override.partition("=")
    if "." in key:  # a setting; a group's choice is short, and may lie in a folder
        value = value.rstrip("/").rpartition("/")[2]
    values = [f"{int(one):03}" if one.isdecimal() else one for one in value.split(",")]
    short = key if "@" in key else re.split(r"[./]", key)[-1]
    return f"{short}{equals}{','.join(values)}"


def sweep_name() -> str:
    """`run_name` of the command line of this process: the overrides of a whole sweep, not of one of its jobs."""
    return run_name([word for word in sys.argv[1:] if not word.startswith("-")])


def side_by_side() -> int:
    """How many runs this machine holds: one a core that this process may use, up to eight, as far as memory goes.

    Joblib shares the cores out: each run gets cores / runs threads.
    """
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # unknown here
        memory = 4 * _MEMORY
    return max(1, min(joblib.cpu_count(), 8, memory // _MEMORY))


def wandb_group(mode: object, folder: str) -> str | None:
    """The name under which the runs of a sweep stand together: its folder's; None for a run by itself."""
    return Path(folder).name if str(mode).endswith("MULTIRUN") else None


OmegaConf.register_new_resolver("smoothing_sigma", smoothing_sigma, replace=True)


OmegaConf.register_new_resolver("wandb_group", wandb_group, replace=True)


OmegaConf.register_new_resolver("side_by_side", side_by_side, replace=True)


OmegaConf.register_new_resolver("run_name", lambda overrides: run_name(list(overrides)), replace=True)


# Cached: Hydra hands the cache of a sweep's config on to its jobs, in whatever process they run.
OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True, use_cache=True)
