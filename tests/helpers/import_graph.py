"""Who imports whom in the package, read from the source: lazy imports, and those for annotations only, count too."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tests.helpers.paths import ROOT

SOURCE = ROOT / "src"
PACKAGE = "facetrial"


def dotted(path: Path, root: Path = SOURCE) -> str:
    """The module that a file holds, "facetrial.attacks" for its `__init__.py`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str, str | None]]:
    """Every import below a syntax tree: its statement, the module, and the name taken out of it, if any."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} imports by place; name the module whole"
            for alias in node.names:
                yield node, node.module or "", alias.name


def exports(tree: ast.Module) -> list[ast.stmt]:
    """The statements with which an `__init__` says where lies what it exports on demand: those below TYPE_CHECKING."""
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    return [line for block in blocks if ast.unparse(block.test) == "TYPE_CHECKING" for line in block.body]


def lazy_imports(tree: ast.Module, besides: Iterable[ast.stmt] = ()) -> list[tuple[int, str]]:
    """Line and module of the imports that do not stand at the top of a file, nor are among those `besides`."""
    at_top = {id(node) for node in (*tree.body, *besides)}
    found = {(node.lineno, module) for node, module, _ in imported(tree) if id(node) not in at_top}
    return sorted(found)


def file_graph(source: Path = SOURCE, package: str = PACKAGE) -> dict[str, set[str]]:
    """From each module of the package to those that it imports."""
    files = {dotted(path, source): path for path in sorted((source / package).rglob("*.py"))}
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        found = set()
        for _, other, name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            inner = f"{other}.{name}"
            found |= {inner if inner in files else other} & files.keys()
        graph[module] = found - {module}
    return graph


def package_graph(files: dict[str, set[str]]) -> dict[str, set[str]]:
    """From each package just below the root to those that its files import; the root's own file is left out."""

    def top(module: str) -> str | None:
        return module.split(".")[1] if "." in module else None

    graph: dict[str, set[str]] = {}
    for module, others in files.items():
        if (own := top(module)) is not None:
            graph.setdefault(own, set()).update({top(other) for other in others} - {own, None})
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The sets of two or more that can all be reached from one another."""
    names = sorted(graph)
    place = {name: number for number, name in enumerate(names)}
    edges = [(place[one], place[other]) for one, others in graph.items() for other in others]
    rows, columns = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(names)))
    count, labels = connected_components(matrix, connection="strong")
    groups = [[name for name, label in zip(names, labels, strict=True) if label == n] for n in range(count)]
    return [group for group in groups if len(group) > 1]


def described(groups: Iterable[Iterable[str]]) -> str:
    """Circles, a line each."""
    return "\n".join(" <-> ".join(group) for group in groups)
