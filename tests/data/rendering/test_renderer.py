"""Drawn faces: what they depend on, and that their landmarks lie where their features are."""

import dataclasses

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.rendering.conditions import draw_conditions
from facetrial.data.rendering.contact_sheet import contact_sheet
from facetrial.data.rendering.face_model import Camera, FaceModel
from facetrial.data.rendering.identities import draw_people
from facetrial.data.rendering.renderer import render
from facetrial.faces.landmark_names import LANDMARK_NAMES, LEFT_EYE, MOUTH, NOSE_TIP, RIGHT_EYE

SIZE = 64


def at(name: str) -> int:
    return LANDMARK_NAMES.index(name)


@pytest.fixture(scope="module")
def portraits():
    """8 people x 8 pictures."""
    return render(0, torch.arange(8).repeat_interleave(8), torch.arange(8).repeat(8), SIZE)


@pytest.mark.parametrize("rows", [[3], [17, 2, 40], list(range(5, 38))])
def test_a_picture_does_not_depend_on_its_batch(portraits, rows):
    rows = torch.tensor(rows)
    again = render(0, rows // 8, rows % 8, SIZE)
    for field in dataclasses.fields(again):
        assert torch.equal(getattr(again, field.name), getattr(portraits, field.name)[rows]), field.name


def test_a_picture_does_not_depend_on_the_number_of_threads(portraits):
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        again = render(0, torch.arange(8).repeat_interleave(8), torch.arange(8).repeat(8), SIZE)
        assert torch.get_num_threads() == 3 - min(threads, 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(again.images, portraits.images)


def test_seed_person_and_picture_each_matter():
    person, picture = torch.tensor([1, 2, 1]), torch.tensor([0, 0, 1])
    first, second = render(0, person, picture, SIZE).images, render(1, person, picture, SIZE).images
    for one, other in ((first[0], first[1]), (first[0], first[2]), (first[0], second[0])):
        assert (one - other).abs().mean() > 0.02


def test_images_are_faces_in_range(portraits):
    assert portraits.images.shape == (64, 3, SIZE, SIZE)
    assert portraits.images.dtype == torch.float32
    assert portraits.images.min() >= 0
    assert portraits.images.max() <= 1
    assert (portraits.images.flatten(1).std(1) > 0.05).all()


def test_landmarks_and_ears_are_known_and_in_the_picture():
    drawn = render(5, torch.arange(300), torch.zeros(300, dtype=torch.int64), 32)
    assert (drawn.landmarks > 0).all()
    assert (drawn.landmarks < 31).all()
    assert (drawn.ears > -1).all()
    assert (drawn.ears < 32).all()


def test_left_is_the_subjects_own(portraits):
    x = portraits.landmarks[..., 0]
    for name in LANDMARK_NAMES:
        if "left" in name:
            assert (x[:, at(name)] > x[:, at(name.replace("left", "right"))]).all(), name
    assert (portraits.ears[:, 0, 0] > portraits.ears[:, 1, 0]).all()
    for side, sign in (("left", 1), ("right", -1)):
        inner, outer = x[:, at(f"{side}_eye_inner_corner")], x[:, at(f"{side}_eye_outer_corner")]
        assert (sign * (outer - inner) > 0).all()


def test_features_follow_each_other_from_brow_to_chin(portraits):
    y = portraits.landmarks[..., 1]
    brows = y[:, [at("left_eyebrow_inner_end"), at("right_eyebrow_inner_end")]].mean(1)
    eyes = y[:, [LEFT_EYE, RIGHT_EYE]].mean(1)
    order = torch.stack(
        [brows, eyes, y[:, NOSE_TIP], y[:, at("mouth_center_top_lip")], y[:, at("mouth_center_bottom_lip")]]
    )
    assert (order.diff(dim=0) > 0).all()


def posed(**angles: float) -> torch.Tensor:
    """Landmarks of person 0 in picture 0, but for these angles."""
    zero = torch.zeros(1, dtype=torch.int64)
    conditions = draw_conditions(0, zero, zero)
    angles = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | angles
    conditions = dataclasses.replace(
        conditions, **{name: torch.tensor([value]) for name, value in angles.items()}
    )
    return FaceModel(draw_people(0, zero), Camera(conditions, 112)).landmarks()[0]


def test_pose_moves_landmarks_as_a_head_moves():
    front, turned, nodding, leaning = posed(), posed(yaw=0.4), posed(pitch=0.2), posed(roll=0.2)
    middle = front[[LEFT_EYE, RIGHT_EYE]].mean(0)
    assert front[NOSE_TIP, 0] == pytest.approx(middle[0].item(), abs=1e-3)
    # What lies nearer to the camera moves further: the nose tip overtakes the eyes.
    shift = (turned - front)[:, 0]
    assert shift[NOSE_TIP] > shift[LEFT_EYE] + 1
    assert shift[LEFT_EYE] > 1
    assert (turned[LEFT_EYE] - turned[RIGHT_EYE])[0] < (front[LEFT_EYE] - front[RIGHT_EYE])[0]
    assert (nodding - front)[NOSE_TIP, 1] > 1
    # Leaning clockwise takes the eye at the picture's right down, and changes no distance.
    assert leaning[LEFT_EYE, 1] > leaning[RIGHT_EYE, 1]
    torch.testing.assert_close(torch.cdist(leaning, leaning), torch.cdist(front, front), atol=1e-3, rtol=1e-4)


def brightness(images: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Brightness (B, K) at the pixels nearest to points (B, K, 2)."""
    x, y = points.round().long().unbind(-1)
    rows = torch.arange(len(images))[:, None]
    return images.mean(1)[rows, y, x]


def test_pupils_lie_at_the_eyes_centres():
    drawn = render(2, torch.arange(40), torch.arange(40), 112)
    for eye, inner, outer in (
        (LEFT_EYE, at("left_eye_inner_corner"), at("left_eye_outer_corner")),
        (RIGHT_EYE, at("right_eye_inner_corner"), at("right_eye_outer_corner")),
    ):
        centre, corners = drawn.landmarks[:, eye], drawn.landmarks[:, [inner, outer]]
        whites = centre[:, None] * 0.38 + corners * 0.62
        at_centre = brightness(drawn.images, centre[:, None])[:, 0]
        assert (at_centre < brightness(drawn.images, whites).amin(1)).float().mean() > 0.95


def where_colour_shows(monkeypatch, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """How much the colour of a part shows in each pixel, (B, H, W), and the landmarks, of 30 people."""
    pictures = []
    for value in (0.2, 0.7):

        def painted(seed, numbers, value=value):
            people = draw_people(seed, numbers)
            return dataclasses.replace(people, **{part: torch.full_like(getattr(people, part), value)})

        monkeypatch.setattr("facetrial.data.rendering.renderer.draw_people", painted)
        pictures.append(render(2, torch.arange(30), torch.arange(30), 112))
    return (pictures[0].images - pictures[1].images).abs().amax(1), pictures[0].landmarks


def test_mouth_landmarks_are_the_ends_of_the_lips(monkeypatch):
    shows, landmarks = where_colour_shows(monkeypatch, "lips")
    left, right, top, bottom = landmarks[:, list(MOUTH)].unbind(1)
    across = (left - right) / (left - right).norm(dim=1, keepdim=True)
    for number in range(30):
        y, x = (shows[number] > 0.1).nonzero().unbind(1)
        pixels = torch.stack([x, y], dim=1).float()
        along = pixels @ across[number]
        # Lips taper: their last pixel with much colour lies a little before the corner.
        assert -1.0 < left[number] @ across[number] - along.max() < 3.0
        assert -1.0 < along.min() - right[number] @ across[number] < 3.0
        for point in (top, bottom):
            nearest = (pixels - point[number]).norm(dim=1).min()
            assert nearest < 1.5
            outward = (point[number] - (top + bottom)[number] / 2) * 0.5
            beyond = point[number] + outward / outward.norm() * 2.5
            assert shows[number][beyond[1].round().long(), beyond[0].round().long()] < 0.1


def test_irises_lie_around_the_eye_centres(monkeypatch):
    shows, landmarks = where_colour_shows(monkeypatch, "iris")
    y, x = torch.meshgrid(torch.arange(112.0), torch.arange(112.0), indexing="ij")
    middle = (landmarks[:, LEFT_EYE, 0] + landmarks[:, RIGHT_EYE, 0]) / 2
    for eye, side in ((LEFT_EYE, 1.0), (RIGHT_EYE, -1.0)):
        weight = shows * (side * (x - middle[:, None, None]) > 0)
        centre = torch.stack([(weight * axis).sum((1, 2)) / weight.sum((1, 2)) for axis in (x, y)], dim=1)
        away = (centre - landmarks[:, eye]).norm(dim=1)
        assert away.median() < 0.7  # the lids hide more of the iris above than below
        assert away.max() < 2.0


def test_people_differ_more_than_pictures_of_one_person(portraits):
    """A plain linear measure tells people apart: pictures lie nearer to their own person's mean than to others'."""
    small = torch.nn.functional.avg_pool2d(portraits.images, 4).flatten(1).unflatten(0, (8, 8))
    own_mean, distance = small.mean(1), []
    for picture in range(8):
        rest = (8 * own_mean - small[:, picture]) / 7
        distance.append(torch.cdist(small[:, picture], rest))
    distance = torch.stack(distance).mean(0)
    assert (distance.argmin(1) == torch.arange(8)).all()


def test_a_dozen_people_are_a_mixed_company():
    people = draw_people(0, torch.arange(12))
    assert 3 <= people.masculine.sum() <= 9
    assert people.skin.mean(1).max() - people.skin.mean(1).min() > 0.3
    assert len(people.hair.unique(dim=0)) >= 4
    assert len(people.hair_style.unique(dim=0)) >= 6
    assert torch.equal(draw_people(0, torch.tensor([7])).skin, people.skin[7:8])


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(FacetrialError, match="at least 32"):
        render(0, torch.tensor([0]), torch.tensor([0]), 16)
    with pytest.raises(FacetrialError, match="one shape"):
        render(0, torch.tensor([0, 1]), torch.tensor([0]), 64)


def test_contact_sheet_holds_rows_of_people():
    sheet = contact_sheet(people=2, pictures=3, size=32, zoom=2, landmarks=True)
    assert sheet.size == (3 * 64, 2 * 64)
