import pytest
import torch

from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.result import Attacked
from facetrial.metrics.photo_thresholds import SimilarityThreshold
from facetrial.metrics.tasks.results import TooFew
from facetrial.report.photo import pair_figure, pair_sentences, photo_figure, photo_sentences
from facetrial.trial.photo import PhotoVerdict, Said
from facetrial.trial.photo_pair import PairVerdict

ANN = Said((("Ann", 1.25), ("Bob", 0.5), ("Cem", 0.25), ("Dia", 0.0), ("Eva", -1.0)), False, None, 0.61)
BOB = Said((("Bob", 1.0), ("Ann", 0.75)), False, None, 0.4)
AT = SimilarityThreshold(0.5, "which 1 % of 300 validation pictures of 40 people reach")


def change() -> Attacked:
    clean, none = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, dtype=torch.int64)
    images = clean.clone()
    images[0, 0, 2:4] += 4 / 255
    yes = torch.ones(1, dtype=torch.bool)
    return Attacked(clean, images, Linf(eps=4), torch.ones(1, 1, 8, 8), yes, yes, none, none, none, None)


def test_who_it_is_by_how_much_and_who_comes_next():
    said = photo_sentences(PhotoVerdict("ann.jpg", ANN), AT)
    assert said[0] == (
        "ann.jpg: Ann. Margin +0.75, of the scores Ann +1.25, Bob +0.50, Cem +0.25, Dia +0.00 and 1 more."
    )
    assert said[1] == (
        "Its cosine to Ann's enrolled pictures is 0.610, one of these people's: not below 0.500, which 1 % of 300 "
        "validation pictures of 40 people reach."
    )
    assert len(said) == 2


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (SimilarityThreshold(0.7, "at which"), "more likely that of nobody here: below 0.700, at which."),
        (
            TooFew(0.1, 30, 6, None),
            "6 validation pictures are too few to say from which on it is one of these people at all (30 are needed).",
        ),
    ],
)
def test_whether_it_is_anybody_at_all(threshold, said):
    assert said in photo_sentences(PhotoVerdict("ann.jpg", ANN), threshold)[1]


def test_a_picture_it_was_enrolled_with():
    assert "no test" in photo_sentences(PhotoVerdict("ann.jpg", ANN), None, enrolled=True)[1]


def test_the_attack_and_what_is_left_of_it_in_8_bits():
    verdict = PhotoVerdict("ann.jpg", ANN, BOB, ANN, None, change())
    attacked, saved = photo_sentences(verdict, attack="pgd (Linf 4/255)")[1:]
    assert attacked.startswith(
        "Attacked by pgd (Linf 4/255), it is taken for Bob: the recogniser is fooled. Margin +0.25"
    )
    assert saved == "Rounded to 8 bits, as in a file: Ann."
    aimed = PhotoVerdict("ann.jpg", ANN, BOB, BOB, "Cem", change())
    assert (
        "pgd, to be taken for Cem, it is taken for Bob: the recogniser is not fooled."
        in photo_sentences(aimed, attack="pgd")[1]
    )
    assert len(photo_sentences(aimed, attack="pgd")) == 2


def test_nobody_is_named_and_detectors_are_told():
    silent = Said(ANN.ranked, True, True, None)
    said = photo_sentences(PhotoVerdict("ann.jpg", silent), AT)
    assert said[0].startswith("ann.jpg: nobody, its scores are too close. ")
    assert said[1] == "Detectors flag it."


def test_names_from_files_obey_nothing():
    odd = Said((("A\x1b[31m", 1.0), ("B", 0.0)), False, None, None)
    assert "\x1b" not in "".join(photo_sentences(PhotoVerdict("a\x1b.jpg", odd)))


def pair(clean: float, attacked: float | None = None, saved: float | None = None) -> PairVerdict:
    made = None if attacked is None else change()
    return PairVerdict(("a.jpg", "b.jpg"), 0.5, clean, attacked, saved, made, torch.zeros(3, 8, 8).numpy())


def test_one_person_or_two():
    assert pair_sentences(pair(0.5), AT) == [
        "a.jpg and b.jpg: the same person, cosine 0.500.",
        "The threshold is 0.500, which 1 % of 300 validation pictures of 40 people reach.",
    ]
    said = pair_sentences(pair(0.1, 0.6, 0.4), AT, "pgd")
    assert said[0] == "a.jpg and b.jpg: two people, cosine 0.100."
    assert said[2] == "a.jpg attacked by pgd: the same person, cosine 0.600; the recogniser is fooled."
    assert said[3] == "Rounded to 8 bits, as in a file: two people."


def test_the_pictures_stand_side_by_side_with_what_is_said_beneath():
    shown = photo_figure(PhotoVerdict("ann.jpg", ANN, BOB, BOB, None, change()), "pgd (Linf 4/255)")
    assert [axes.get_title() for axes in shown.axes] == ["clean", "perturbation", "attacked"]
    beneath = [axes.get_xlabel() for axes in shown.axes]
    assert beneath == ["Ann\nmargin +0.75", "magnified 20 x\nat most 4/255", "Bob\nmargin +0.25"]
    assert shown.get_suptitle() == "Attacked by pgd (Linf 4/255)"
    middle = shown.axes[1].images[0].get_array()
    assert middle[2, 0, 0] == pytest.approx(0.5 + 20 * 4 / 255, abs=1e-6)
    assert middle[0, 0, 0] == 0.5
    two = pair_figure(pair(0.1, 0.6, 0.6), "pgd")
    assert [axes.get_title() for axes in two.axes] == ["clean", "perturbation", "attacked", "compared with"]
    assert two.axes[2].get_xlabel() == "the same person\ncosine 0.600, threshold 0.500"
