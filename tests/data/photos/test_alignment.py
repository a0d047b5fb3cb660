"""Alignment against closed forms, against facenet-pytorch's own crop, and against a dot that is seen to move."""

import numpy as np
import pytest
from facenet_pytorch.models.utils.detect_face import extract_face
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.alignment import (
    TEMPLATE_112,
    FacenetAlignment,
    FivePointsAlignment,
    alignment_named,
    box_from_five_points,
    move_box,
    move_points,
    similarity,
)

POINTS = np.array([[104.0, 115.0], [147.0, 113.0], [125.5, 140.0], [108.5, 163.0], [146.0, 161.5]])
BOX = np.array([77.3, 65.1, 173.8, 193.4])


def noise_picture(width: int = 250, height: int = 250) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("angle", "scale"), [(0.0, 1.0), (0.4, 0.7), (-2.5, 3.0)])
def test_similarity_recovers_a_known_transform(angle, scale):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = np.hstack([turn, [[11.0], [-7.0]]])
    np.testing.assert_allclose(similarity(POINTS, POINTS @ turn.T + [11.0, -7.0]), expected, atol=1e-9)


def test_similarity_is_the_least_squares_solution():
    x, y = POINTS.T
    ones, zeros = np.ones(5), np.zeros(5)
    system = np.vstack([np.stack([x, -y, ones, zeros], 1), np.stack([y, x, zeros, ones], 1)])
    (a, b, tx, ty), *_ = np.linalg.lstsq(system, TEMPLATE_112.T.ravel(), rcond=None)
    np.testing.assert_allclose(similarity(POINTS, TEMPLATE_112), [[a, -b, tx], [b, a, ty]], atol=1e-9)


@pytest.mark.parametrize("points", [np.ones((5, 2)), np.full((5, 2), np.nan)])
def test_similarity_refuses_points_that_fix_nothing(points):
    with pytest.raises(FacetrialError, match="unknown or coincide"):
        similarity(points, TEMPLATE_112)


@pytest.mark.parametrize(
    "box",
    [BOX, [-20.0, -3.0, 90.5, 120.9], [150.2, 130.0, 290.0, 270.0], [0, 0, 250, 250], [99, 99, 104, 103]],
)
@pytest.mark.parametrize(("size", "margin"), [(160, 36), (160, 0), (96, 20)])
def test_facenet_crop_is_facenet_pytorchs(box, size, margin):
    picture = noise_picture()
    crop, _ = FacenetAlignment(size, margin).align(picture, np.array(box), POINTS)
    expected = extract_face(picture, np.array(box, dtype=float), size, margin)
    np.testing.assert_array_equal(crop, expected.permute(1, 2, 0).byte().numpy())


def test_facenet_leaves_half_the_margin_on_each_side():
    _, matrix = FacenetAlignment(160, 36).align(noise_picture(), np.array([70.0, 70.0, 170.0, 170.0]), POINTS)
    np.testing.assert_allclose(move_box(matrix, [70, 70, 170, 170]), [18, 18, 142, 142], atol=0.7)


def test_facenet_crop_of_a_box_outside_the_picture_is_still_a_crop():
    crop, _ = FacenetAlignment(160, 36).align(noise_picture(), np.array([300.0, 300.0, 340.0, 340.0]), POINTS)
    assert crop.shape == (160, 160, 3)


@pytest.mark.parametrize(
    "alignment",
    [FacenetAlignment(160, 36), FacenetAlignment(48, 4), FivePointsAlignment(112), FivePointsAlignment(40)],
    ids=str,
)
@pytest.mark.parametrize("spot", [(104, 115), (140, 161), (120, 100)])
def test_a_dot_lands_where_its_point_is_moved_to(alignment, spot):
    x, y = spot
    pixels = np.zeros((250, 250, 3), np.uint8)
    pixels[y - 2 : y + 3, x - 2 : x + 3] = 255
    turned = POINTS @ np.array([[0.98, 0.2], [-0.2, 0.98]]) + [20, -20]
    crop, matrix = alignment.align(Image.fromarray(pixels), BOX, turned)
    weight = crop[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    centre = [(weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()]
    np.testing.assert_allclose(move_points(matrix, np.array(spot)), centre, atol=0.1)


@pytest.mark.parametrize("size", [112, 224])
def test_five_points_land_on_the_template(size):
    half_turn = POINTS @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    _, matrix = FivePointsAlignment(size).align(noise_picture(), BOX, half_turn)
    moved = (move_points(matrix, half_turn) + 0.5) * 112 / size - 0.5
    assert np.linalg.norm(moved - TEMPLATE_112, axis=1).max() < 3
    np.testing.assert_allclose(moved.mean(0), TEMPLATE_112.mean(0), atol=1e-3)


def test_five_points_is_black_beyond_the_picture():
    crop, _ = FivePointsAlignment(112).align(Image.new("RGB", (250, 250), "white"), BOX, POINTS - [100, 0])
    assert crop[:, :20].max() == 0
    assert crop[:, 60:].min() == 255


@pytest.mark.parametrize("alignment", [FacenetAlignment(32, 4), FivePointsAlignment(32)], ids=str)
def test_fine_stripes_shrink_to_grey(alignment):
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    crop, _ = alignment.align(Image.fromarray(stripes), BOX * 4, POINTS * 4)
    assert abs(crop[4:-4, 4:-4].astype(int) - 127).max() < 12


def test_a_moved_box_keeps_its_size_when_the_face_is_turned():
    turn = similarity(POINTS, POINTS @ np.array([[0.0, 2.0], [-2.0, 0.0]]))
    x0, y0, x1, y1 = move_box(turn, BOX)
    np.testing.assert_allclose([x1 - x0, y1 - y0], 2 * (BOX[2:] - BOX[:2]), rtol=1e-5)


def test_box_of_a_whole_picture_moves_to_the_whole_crop():
    picture = noise_picture(80, 60)
    _, matrix = FacenetAlignment(40, 0).align(picture, np.array([0, 0, 80, 60]), POINTS)
    np.testing.assert_allclose(move_box(matrix, [0, 0, 80, 60]), [0, 0, 40, 40], atol=1e-4)


def test_box_from_five_points_moves_and_grows_with_them():
    box = box_from_five_points(POINTS[None])
    assert box.dtype == np.float32
    np.testing.assert_allclose(box_from_five_points(POINTS[None] * 3 + 40), box * 3 + 40, rtol=1e-5)


def test_box_from_five_points_is_mirrored_with_them():
    mirrored = POINTS[[1, 0, 2, 4, 3]] * [-1, 1]
    x0, y0, x1, y1 = box_from_five_points(POINTS[None])[0]
    np.testing.assert_allclose(box_from_five_points(mirrored[None])[0], [-x1, y0, -x0, y1], rtol=1e-4)


def test_box_from_five_points_on_unknown_points_and_wrong_shapes():
    assert np.isnan(box_from_five_points(np.full((2, 5, 2), np.nan))).all()
    with pytest.raises(FacetrialError, match="expected shape"):
        box_from_five_points(POINTS)


def test_alignments_by_name():
    assert alignment_named("facenet", 160) == FacenetAlignment(160, 36)
    assert alignment_named("facenet", 80) == FacenetAlignment(80, 18)
    assert alignment_named("facenet", 160, 0) == FacenetAlignment(160, 0)
    assert alignment_named("five_points", 112, 36) == FivePointsAlignment(112)


@pytest.mark.parametrize(
    ("name", "size", "margin", "message"),
    [
        ("eyes", 112, None, "one of facenet, five_points"),
        ("facenet", 160, 160, "margin"),
        ("facenet", 160, -1, "margin"),
        ("facenet", 4, None, "from 8 on"),
    ],
)
def test_alignments_that_cannot_be(name, size, margin, message):
    with pytest.raises(FacetrialError, match=message):
        alignment_named(name, size, margin)
