"""The 15 landmarks, in the order of the columns of Kaggle's Facial Keypoints Detection.

Left and right are the subject's own: in a frontal picture `left_eye_center` lies to the right of
`right_eye_center`.
"""

LANDMARK_NAMES = (
    "left_eye_center",
    "right_eye_center",
    "left_eye_inner_corner",
    "left_eye_outer_corner",
    "right_eye_inner_corner",
    "right_eye_outer_corner",
    "left_eyebrow_inner_end",
    "left_eyebrow_outer_end",
    "right_eyebrow_inner_end",
    "right_eyebrow_outer_end",
    "nose_tip",
    "mouth_left_corner",
    "mouth_right_corner",
    "mouth_center_top_lip",
    "mouth_center_bottom_lip",
)
NUM_LANDMARKS = len(LANDMARK_NAMES)


def indices(*prefixes: str) -> tuple[int, ...]:
    """Positions of the landmarks whose name starts with one of `prefixes`, in order."""
    return tuple(i for i, name in enumerate(LANDMARK_NAMES) if name.startswith(prefixes))


def _mirrored(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


LEFT_EYE = LANDMARK_NAMES.index("left_eye_center")
RIGHT_EYE = LANDMARK_NAMES.index("right_eye_center")
NOSE_TIP = LANDMARK_NAMES.index("nose_tip")
MOUTH_LEFT = LANDMARK_NAMES.index("mouth_left_corner")
MOUTH_RIGHT = LANDMARK_NAMES.index("mouth_right_corner")
EYES = indices("left_eye_", "right_eye_")
EYEBROWS = indices("left_eyebrow", "right_eyebrow")
NOSE = indices("nose")
MOUTH = indices("mouth")
# FLIP[i] is where landmark i of a mirrored picture comes from.
FLIP = tuple(LANDMARK_NAMES.index(_mirrored(name)) for name in LANDMARK_NAMES)
