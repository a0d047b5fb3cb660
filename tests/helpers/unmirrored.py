"""Modules above 40 lines that have no test file of their name: which tests are theirs, below `tests`, and why."""

_EXPORTS = (
    ("test_house.py", "test_config.py", "core/test_exports.py"),
    "it lists what the package exports; that this is there, and all that configs name, is tested",
)
UNMIRRORED: dict[str, tuple[tuple[str, ...], str]] = {
    "attacks/__init__.py": _EXPORTS,
    "checks/__init__.py": _EXPORTS,
    "defenses/__init__.py": _EXPORTS,
    "defenses/base.py": (
        (
            "defenses/test_build.py",
            "defenses/test_occlusion.py",
            "defenses/trained/test_adversarial_training.py",
        ),
        "defaults of a base class; each is tested through the defences that keep or override it",
    ),
    "defenses/trained/noise_training.py": (
        ("defenses/trained/test_noisy_data.py", "test_config.py"),
        "it hands its settings to the data that it mixes, where what comes of them is tested",
    ),
    "metrics/certified.py": (
        ("defenses/test_smoothing.py", "report/sections/test_certified.py"),
        "certificates are of smoothed victims; figures and checks of them are tested on the rows that these leave",
    ),
    "metrics/parts.py": (
        ("metrics/test_summary.py", "metrics/test_summary_json.py"),
        "it says what parts of a summary hold; these are tested as summaries hold them, and are read from files",
    ),
    "metrics/tasks/results.py": (
        ("metrics/tasks/test_verification.py", "metrics/test_summary_json.py"),
        "it says what is told of each task; it is tested where that is computed, and is read from files",
    ),
    "metrics/tasks/pair_list.py": (
        ("metrics/tasks/test_pair_protocol.py", "run/test_verify.py"),
        "it says what is told of a list of pairs; it is tested where that is computed, and is read from files",
    ),
    "recognition/embedders/small.py": (
        ("recognition/embedders/test_own_embedders.py", "recognition/embedders/onnx_model/test_to_torch.py"),
        "what it promises every embedder does, and is tested over all of them",
    ),
    "run/evaluate.py": (
        ("end_to_end/test_evaluate.py", "end_to_end/test_defenses.py"),
        "the command itself: what it does is what it leaves, killed, resumed, in other batches and processes",
    ),
    "run/given.py": (
        ("api/test_evaluate.py",),
        "it hands objects to a trial as a config's are handed to it; a trial of each has the same rows there",
    ),
    "run/origin.py": (
        ("end_to_end/test_evaluate.py", "api/test_evaluate.py"),
        "it gathers what a plan says; who reads it says so in the summary, which is tested there",
    ),
    "run/photos/pair.py": (
        ("commands/test_verify.py",),
        "what it hands on is tested where it is made; what comes of it, where the command says it",
    ),
    "run/photos/photo.py": (
        ("commands/test_photo.py",),
        "what it hands on is tested where it is made; what comes of it, where the command says it",
    ),
    "run/pair_results.py": (
        ("run/test_verify.py",),
        "its files are those of a trial of pairs, which are tested against each other as a user gets them",
    ),
    "run/results.py": (
        ("end_to_end/test_evaluate.py", "end_to_end/test_checks.py"),
        "it hands the parts of a trial to what writes them; what lies in the folder is tested there",
    ),
    "runtime/schemas.py": (
        ("runtime/test_settings.py",),
        "it says what keys may be; what is refused and accepted by it is a table there",
    ),
    "trial/certificate.py": (
        ("defenses/test_smoothing.py",),
        "a certificate asks a smoothed victim for votes; radii are tested against distances that are known",
    ),
    "trial/pair_trial.py": (
        ("run/test_verify.py",),
        "a trial of pairs takes a list, photographs and a network; it is tested as a user starts it",
    ),
    "trial/trial.py": (
        ("end_to_end/test_evaluate.py", "end_to_end/test_defenses.py"),
        "a loop of Lightning's: tested with its trainer, in one process and in two, killed and resumed",
    ),
}
