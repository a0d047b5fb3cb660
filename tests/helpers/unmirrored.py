"""Modules above 40 lines that have no test file of their name: the places that test them, and why."""

UNMIRRORED: dict[str, tuple[tuple[str, ...], str]] = {
    "attacks/__init__.py": (
        ("test_house.py", "test_config.py"),
        "it only lists what the package exports; that all of it is there and that configs name nothing else is "
        "tested for every package",
    ),
    "defenses/base.py": (
        (
            "defenses/test_build.py",
            "defenses/test_occlusion.py",
            "defenses/trained/test_adversarial_training.py",
        ),
        "defaults of a base class; each is tested through the defences that keep or override it",
    ),
    "recognition/embedders/small.py": (
        ("recognition/embedders/test_own_embedders.py", "recognition/embedders/test_onnx_to_torch.py"),
        "what it promises every embedder does, and is tested over all of them",
    ),
}
