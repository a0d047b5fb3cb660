"""Whether embeddings are those of the pictures that they are told of."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import nn

from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import base_model, scores_and_embeddings
from facetrial.recognition.victim import Victim, device_of
from facetrial.recognition.without_slope import keeps_answers
from facetrial.trial.held_out import HeldOut

_ASKED = 8  # pictures that are embedded again
_SAME = 0.999  # cosine of one picture's embeddings, which convolutions round otherwise in another batch
_AGREE = 0.98  # share of names that embeddings and rows have in common
STALE = (
    "embeddings are of other pictures, of another network or in another order: start the trial again with "
    "resume=false, and delete paths.cache/embeddings"
)


def of_others(
    victim: nn.Module,
    test: FaceDataset,
    validation: FaceDataset,
    embeddings: Mapping[str, np.ndarray],
    held_out: HeldOut,
    rows: pd.DataFrame,
) -> str:
    """What shows that embeddings are not those of these pictures; "" where nothing does.

    A few pictures are embedded again, and the head names all embeddings.

    Args:
        victim: of the trial.
        test, validation: its pictures, in the order of the rows, and those on which thresholds are set.
        embeddings: for each version (N, D), in the order of the rows.
        held_out: those of the validation pictures.
        rows: verdict rows.
    """
    if not np.array_equal(held_out.identities, validation.identities):
        return (
            f"thresholds are set on {len(held_out.identities)} embeddings, which are not those of the "
            f"{len(validation)} validation pictures"
        )
    for faces, known, what in (
        (test, embeddings["clean"], "the trial"),
        (validation, held_out.embeddings, "validation"),
    ):
        chosen = np.unique(np.linspace(0, len(faces) - 1, _ASKED).astype(int))
        if keeps_answers(victim):
            continue
        _, found = scores_and_embeddings(victim, faces.batch(chosen).images.to(device_of(victim)))
        if found is None:
            continue
        cosines = (found.cpu().numpy() * known[chosen]).sum(1)
        if (off := int((cosines < _SAME).sum())) > 1:
            return f"embedded again, {off} of {len(chosen)} pictures of {what} have other embeddings than are kept"
    if not isinstance(model := base_model(victim), Victim):
        return ""
    shares = {}
    for version in embeddings:
        with torch.no_grad():
            given = torch.from_numpy(embeddings[version]).to(device_of(victim))
            named = np.array(test.names)[model.head(given).argmax(1).cpu().numpy()]
        told = rows[f"predicted_{version}"].to_numpy()
        shares[version] = float((named == told)[np.isin(told, test.names)].mean())
    if shares["clean"] < _AGREE:  # a head that goes by the length of embeddings too
        return ""
    return "; ".join(
        f"of {version} pictures, {share:.0%} of embeddings are named as the rows say"
        for version, share in shares.items()
        if share < _AGREE
    )
