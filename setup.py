"""Takes conf/, which lies beside the code in the repository, into the package; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfigs(build_py):
    """Packs the configs as facetrial/conf. An editable install finds them where they lie."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            packed = Path(self.build_lib, "facetrial", "conf")
            shutil.rmtree(packed, ignore_errors=True)  # an earlier build's
            shutil.copytree("conf", packed)


setup(cmdclass={"build_py": BuildWithConfigs})
