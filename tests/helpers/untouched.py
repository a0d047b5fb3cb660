"""What a trial sets for its whole process, put back when it is over, so that another one starts as in a new process."""

import contextlib
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from hydra.core.hydra_config import HydraConfig

_LOGGERS = ("", "lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Keeps Hydra's config, seeds, threads, determinism, log levels and handlers, environment, warnings, `sys.path`."""
    hydra, environment, path = HydraConfig.instance().cfg, dict(os.environ), list(sys.path)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    logs = [(logger, logger.level, list(logger.handlers), logger.propagate) for logger in loggers]
    seeds = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark, same = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    precision = torch.get_float32_matmul_precision()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        HydraConfig.instance().cfg = hydra
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        for logger, level, handlers, propagate in logs:
            logger.setLevel(level)
            logger.handlers[:], logger.propagate = handlers, propagate
        random.setstate(seeds[0])
        np.random.set_state(seeds[1])  # noqa: NPY002, Lightning seeds it
        torch.set_rng_state(seeds[2])
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = benchmark, same
        torch.set_float32_matmul_precision(precision)
