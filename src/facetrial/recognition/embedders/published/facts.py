"""What is known of published weights, in the one place that `facetrial models`, errors and the docs have it from."""

from dataclasses import dataclass

_FACENET = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"
_EDGEFACE = "https://github.com/otroshi/edgeface/raw/cfcae62a98f3643b564bf3281afcb3f1929e65f8/checkpoints/"
_FOAMLIU = "https://github.com/foamliu/MobileFaceNet/raw/a6cc9032a659b615f477833e1a70b5e7931bcccc/weights/"
_IDIAP = "BSD-3-Clause in Idiap's repository, CC BY-NC-SA 4.0 on Idiap's model cards"


@dataclass(frozen=True)
class Published:
    """Weights of a recogniser, as they lie in one file. How faces are cut for it stands in the config of its embedder.

    Attributes:
        name: for `embedder.weights`.
        what: the network, and what it learned from.
        embedder: the config of the group `embedder` that reads the file.
        file: its name.
        url: where it is fetched; None where no file that is read here is published anywhere.
        checksum: "sha256:" and the file's, or "git:" and its name as a blob of git; None is not known.
        megabytes: of the file, a million bytes each; None is not known.
        parameters: of the network, without what classified the people it learned from.
        standardisation: of a pixel v from 0 to 255.
        licence, source: of the weights; whose they are.
        published: share of LFW's 6,000 pairs that it verifies, as published; None is not known.
        measured: the same, measured with these weights and the alignment of the embedder; None was not measured.
        measured_how: what there is to know of that.
        settings: of the embedder, beside its weights.
    """

    name: str
    what: str
    embedder: str
    file: str
    url: str | None
    checksum: str | None
    megabytes: float | None
    parameters: int
    standardisation: str
    licence: str
    source: str
    published: float | None = None
    measured: float | None = None
    measured_how: str = ""
    settings: str = ""

    @property
    def words(self) -> str:
        """What a command line says to have it."""
        weights = self.name if self.url else "FILE"
        return f"embedder={self.embedder} embedder.weights={weights} {self.settings}".rstrip()


PUBLISHED = (
    Published(
        name="vggface2",
        what="FaceNet (Inception-ResNet V1) of VGGFace2, model 20180402-114759",
        embedder="inception_resnet_v1",
        file="20180402-114759-vggface2.pt",
        url=f"{_FACENET}20180402-114759-vggface2.pt",
        checksum="sha256:281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        megabytes=111.9,
        parameters=23_482_624,
        standardisation="(v - 127.5) / 128",
        licence="MIT, as facenet-pytorch",
        source="https://github.com/timesler/facenet-pytorch",
        published=0.9965,
        measured=0.9950,
        measured_how="margin 36, convolutions rounded to float16; 0.9902 without the margin",
    ),
    Published(
        name="casia-webface",
        what="FaceNet (Inception-ResNet V1) of CASIA-WebFace, model 20180408-102900",
        embedder="inception_resnet_v1",
        file="20180408-102900-casia-webface.pt",
        url=f"{_FACENET}20180408-102900-casia-webface.pt",
        checksum=None,
        megabytes=None,
        parameters=23_482_624,
        standardisation="(v - 127.5) / 128",
        licence="MIT, as facenet-pytorch",
        source="https://github.com/timesler/facenet-pytorch",
        published=0.9905,
    ),
    Published(
        name="edgeface_xs_gamma_06",
        what="EdgeFace-XS of WebFace12M, its linear layers as two factors, which are multiplied out",
        embedder="edgeface",
        file="edgeface_xs_gamma_06.pt",
        url=f"{_EDGEFACE}edgeface_xs_gamma_06.pt",
        checksum="git:af5f8c5cf75e8b90d82d08f7a07ee10677327bfd",
        megabytes=None,
        parameters=2_242_620,
        standardisation="(v - 127.5) / 127.5",
        licence=_IDIAP,
        source="https://gitlab.idiap.ch/bob/bob.paper.tbiom2023_edgeface",
        published=0.9973,
    ),
    Published(
        name="edgeface_xs_q",
        what="EdgeFace-XS, Idiap's int8 checkpoint of that name brought back to float32",
        embedder="edgeface",
        file="edgeface_xs.safetensors",
        url=None,
        checksum="sha256:e67569ad96d023dc67db510e80fb37e98cc633a2e4f9ab54b6470520c0c63d70",
        megabytes=9.0,
        parameters=2_242_620,
        standardisation="(v - 127.5) / 127.5",
        licence=_IDIAP,
        source="https://gitlab.idiap.ch/bob/bob.paper.tbiom2023_edgeface",
        measured=0.9962,
        measured_how="without the mirror image",
    ),
    Published(
        name="y1",
        what="MobileFaceNet of MS-Celeb-1M, InsightFace's MXNet model y1 under the names that are read here",
        embedder="mobilefacenet",
        file="mobilefacenet_y1.safetensors",
        url=None,
        checksum="sha256:704ce0fcbeaebf05954e086cd34cff6cd9c153f6c14133965b0c78264ced82a1",
        megabytes=4.1,
        parameters=1_003_264,
        standardisation="(v - 127.5) / 128",
        licence="non-commercial research, as InsightFace's models",
        source="https://github.com/deepinsight/insightface",
        published=0.9950,
        measured=0.9942,
        measured_how="with the embedding of the mirror image added",
    ),
    Published(
        name="foamliu",
        what="MobileFaceNet (ReLU6) of MS-Celeb-1M, as its author exported it to ONNX",
        embedder="onnx",
        file="mobilefacenet_foamliu.onnx",
        url=f"{_FOAMLIU}MobileFaceNet.onnx",
        checksum="sha256:b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
        megabytes=4.0,
        parameters=989_952,
        standardisation="(v - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)",
        licence="Apache-2.0",
        source="https://github.com/foamliu/MobileFaceNet",
        published=0.9948,
        measured=0.9933,
        measured_how="with the weights that the file was exported from",
        settings="embedder.mean=[123.675,116.28,103.53] embedder.std=[58.395,57.12,57.375]",
    ),
)
