"""What a setting may not be: words as on a command line, by what else that says and by key."""

_NO_NUMBER = ["nan", "inf", "-inf", "true", "'\"3\"'", "abc", "[1]"]
COUNT = ["0", "-1", "1.5", *_NO_NUMBER]
FROM_0 = ["-1", "1.5", *_NO_NUMBER]
SEED = ["-1", "1.5", "4294967296", "null", *_NO_NUMBER]
POSITIVE = ["0", "-0.5", *_NO_NUMBER]
NOT_NEGATIVE = ["-0.5", *_NO_NUMBER]
SHARE = ["-0.1", "1.1", *_NO_NUMBER]
EPS = ["0", "-1", "0.03", "0.001", "256", "8/256", "1/0", "null", *_NO_NUMBER]
BOOLEAN = ["0", "1", "null", "'\"true\"'", "1.0"]
CHOICE = ["other", "3", "true", "null"]
FILE = ["/no/such/file", "no_such_folder/file.pt", "3", "true"]
TEXT = ["3", "true", "1.5"]
PART = ["3", "pgd", "true"]
NEEDED = ["null", "{}", *PART]  # a part that nothing goes without
TARGET = ["3", "true", "[a]", "{a:1}"]

# What else the command line says, then each key with what it may not be.
WRONG = {
    (): {
        "seed": SEED,
        "save_images": BOOLEAN,
        "resume": BOOLEAN,
        "surrogate.weights": ["/no/such/file", "3"],
        "paths.models": TEXT,
        "model.checkpoint": FILE,
        "model.max_epochs": FROM_0,
        "model.batch_size": ["1", *COUNT],
        "model.start_from_means": BOOLEAN,
        "model.trainable": ["3", "true", "blocks"],
        "model.optimizer.lr": POSITIVE,
        "model.optimizer.weight_decay": NOT_NEGATIVE,
        "model.loss.margin": NOT_NEGATIVE,
        "model.loss.scale": POSITIVE,
        "model.head.c": POSITIVE,
        "model.head.kernel": CHOICE,
        "model.head.class_weight": ["other", "3", "true"],
        "model.head.gamma": ["0", "-1", "nan", "true", "other"],
        "model.head": NEEDED,
        "model.loss": NEEDED,
        "model.optimizer": ["null", *PART],
        "model.optimizer._target_": TARGET,
        "model": ["null", *PART],
        "landmarks": ["null", *PART],
        "landmarks.model.network": NEEDED,
        "landmarks.model.augmentation": NEEDED,
        "data": NEEDED,
        "data._target_": TARGET,
        "attack": ["null", *PART],
        "attack.method": NEEDED,
        "task": NEEDED,
        "defense": ["null", "3", "true"],
        "checks": ["null", "3", "true", "[1]"],
        "callbacks": ["null", "3"],
        "trainer.max_epochs": FROM_0,
        "trainer.devices": ["0", "-1", "100000", "nan", "true", "abc", "[]", "[100000]"],
        "trainer.num_nodes": COUNT,
        "trainer.accelerator": CHOICE,
        "trainer.precision": ["64-true", "8", "bf16", "null", "true"],
        "trainer.strategy": ["3", "other", "null"],
        "trainer.enable_progress_bar": BOOLEAN,
        "trainer.log_every_n_steps": FROM_0,
        "++trainer.gradient_clip_val": ["0", "-1", "nan", "true", "abc"],
        "++trainer.accumulate_grad_batches": ["0", "-1", "1.5", "true"],
        "data.people": ["0", "1", "-3", "1.5", "nan", "true", "abc"],
        "data.pictures": COUNT,
        "data.pictures_min": ["2", *COUNT],
        "data.limit": COUNT,
        "data.batch_size": COUNT,
        "data.split_seed": SEED,
        "data.people_seed": SEED,
        "data.train_pictures": COUNT,
        "embedder.size": ["4", *COUNT],
        "embedder.dimension": COUNT,
        "embedder.alignment": CHOICE,
        "landmarks.checkpoint": FILE,
        "landmarks.seed": SEED,
        "landmarks.model.max_epochs": FROM_0,
        "landmarks.model.network.dropout": ["1", "-0.1", "nan", "true"],
        "landmarks.model.network.widths": ["3", "[0,1]", "[1.5]", "[a]"],
        "landmarks.model.augmentation.flip": ["2"],
        "checks.slopes.most": SHARE,
        "checks.recognises.pictures": COUNT,
        "checks.same_alone.tolerance": NOT_NEGATIVE,
        "attack.fast": BOOLEAN,
        "attack.adaptive": BOOLEAN,
        "attack.budget.rms": ["0", "1.5", *_NO_NUMBER],
        "attack.budget": NEEDED,
        "checks.slopes": NEEDED,
    },
    ("model/head=gallery",): {
        "model.head.pictures": COUNT,
        "model.head.scale": POSITIVE,
    },
    ("attack=pgd",): {
        "attack.budget.eps": EPS,
        "attack.method.steps": ["1e3", *COUNT],
        "attack.method.step": POSITIVE,
        "attack.method.random_start": BOOLEAN,
        "attack.method.momentum": NOT_NEGATIVE,
        "attack.method.di_prob": SHARE,
        "attack.method.min_scale": ["0", "1.1", "nan"],
        "attack.method.ti_kernel": ["-1", "1.5", "true"],
        "attack.method.restarts": COUNT,
        "attack.method.at_once": COUNT,
        "attack.method.loss": PART,
        "attack.surrogate": ["3", "true"],
    },
    ("attack=square",): {"attack.method.queries": COUNT, "attack.method.p_init": ["0", "1.1", *_NO_NUMBER]},
    ("attack=one_pixel",): {"attack.budget.pixels": COUNT, "attack.method.mutation": ["0", "2.1", "nan"]},
    ("attack=patch", "attack/region=eyes"): {
        "attack.budget.area": ["0", "1.1", *_NO_NUMBER],
        "attack.region.radius": POSITIVE,
        "attack.region.area": ["0", "1", "nan", "true"],
        "attack.method.per": CHOICE,
        "attack.method.epochs": COUNT,
        "attack.method.jitter.rotation": ["-1", "90", "nan", "true"],
    },
    ("goal=impersonation",): {"goal.target": ["[3]", "1.5", "true", "null"]},
    ("defense=adv",): {
        "defense.adv.fraction": ["0", "1.1", *_NO_NUMBER],
        "defense.adv.epochs": FROM_0,
        "defense.adv.seed": SEED,
        "defense.adv.schedule.begin": FROM_0,
        "defense.adv.attack.budget.rms": ["0", "1.5", "nan"],
        "defense.adv.head_only": BOOLEAN,
        "defense.adv": PART,
    },
    ("defense=[smoothing,jpeg]", "certificate=cohen"): {
        "defense.smoothing.sigma": POSITIVE,
        "defense.smoothing.n": COUNT,
        "defense.jpeg.quality": ["0", "101", "1.5", "nan", "true"],
        "certificate.alpha": ["0", "1", "nan", "true"],
    },
    ("embedder=mobilefacenet", "data=lfw"): {
        "embedder.weights": FILE,
        "embedder.size": ["160"],
        "data.root": TEXT,
        "data.on_bad_picture": CHOICE,
        "data.min_pictures": ["2", *COUNT],
    },
}
# Keys that there are not, and what was meant.
UNKNOWN = {
    "defence": "defense",
    "sed": "seed",
    "resumed": "resume",
    "dta": "data",
    "trainer.max_epoch": "trainer.max_epochs",
    "data.limits": "data.limit",
    "attack.method.setps": "attack.method.steps",
    "attack.buget": "attack.budget",
    "model.batchsize": "model.batch_size",
    "embedder.dimensions": "embedder.dimension",
    "checks.slopes.mots": "checks.slopes.most",
    "surrogate.weight": "surrogate.weights",
    "paths.model": "paths.models",
}
