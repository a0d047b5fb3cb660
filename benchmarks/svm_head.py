"""The SVM in torch against scikit-learn's on the embeddings of test pictures: do they agree, and how long do they take?

python benchmarks/svm_head.py [overrides of train.py], such as data=lfw data.root=DIR embedder=mobilefacenet
embedder.weights=FILE. Every training picture fits the SVM; every test picture is judged.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_dir

import facetrial.runtime.resolvers  # noqa: F401, registers the resolvers that the configs use
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.embedders.projection import Projection
from facetrial.recognition.svm_head import SVMHead
from facetrial.training.plan import RecognizerPlan


def embedded(embedder: torch.nn.Module, faces: FaceDataset, batch_size: int = 64) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([embedder(batch.images) for batch in faces.batches(batch_size)])


def compare(
    kernel: str, train: torch.Tensor, identities: np.ndarray, test: torch.Tensor, truth: np.ndarray
) -> None:
    head = SVMHead(kernel)
    started = time.perf_counter()
    estimator = head.fit(train.double().numpy(), identities)
    fitted = time.perf_counter()
    expected = estimator.decision_function(test.double().numpy())
    by_sklearn = time.perf_counter()
    found = head(test)
    by_torch = time.perf_counter()
    same = bool((found.argmax(1).numpy() == estimator.predict(test.double().numpy())).all())
    expected = np.stack([-expected, expected], 1) if expected.ndim == 1 else expected
    print(
        f"  {kernel}: accuracy {(found.argmax(1).numpy() == truth).mean():.4f}, same predictions: {same}, "
        f"scores within {np.abs(found.double().numpy() - expected).max():.1e}; fit {fitted - started:.2f} s, "
        f"{len(test)} scored in {by_sklearn - fitted:.2f} s (scikit-learn), {by_torch - by_sklearn:.3f} s (torch)"
    )


def main() -> None:
    conf = Path(__file__).parents[1] / "conf"
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose("train", ["logger=none", *sys.argv[1:]])
    faces = RecognizerPlan.of(config).make_faces()
    embedder = RecognizerPlan.of(config).make_embedder().eval()
    train, test = (embedded(embedder, part) for part in (faces.train_faces, faces.test_faces))
    sets = {f"{train.shape[1]}-d": (train, test)}
    if train.shape[1] > 128:
        projection = Projection(train.shape[1], 128)
        projection.start(train)
        with torch.no_grad():
            sets["128-d"] = tuple(torch.nn.functional.normalize(projection(part)) for part in (train, test))
    for name, (fitted_on, tested) in sets.items():
        print(f"{name}, {len(faces.names)} people, {len(fitted_on)} pictures to fit, {len(tested)} to test")
        for kernel in ("linear", "rbf"):
            compare(kernel, fitted_on, faces.train_faces.identities, tested, faces.test_faces.identities)


if __name__ == "__main__":
    main()
