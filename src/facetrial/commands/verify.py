"""facetrial verify a.jpg b.jpg: are two photographs of one person, also with the first one attacked?"""

from facetrial.commands.options import Asked, attack_of, new_parser, run
from facetrial.report.photo import pair_figure, pair_sentences
from facetrial.run.photos.pair import verify_photos
from facetrial.runtime.cli import friendly_errors

_SAYS = "Whether two photographs are of one person: cosine and threshold; --attack changes the first to turn that."
_EXAMPLES = (
    "a.jpg b.jpg",
    "a.jpg b.jpg --attack pgd --eps 4",
    "a.jpg b.jpg --people PEOPLE embedder=onnx embedder.weights=MODEL",
)


@friendly_errors
def main() -> None:
    pictures = ["a photograph, which is attacked", "the one that it is compared with"]
    parser = new_parser("verify", _SAYS, pictures, _EXAMPLES)
    parser.add_argument(
        "--threshold",
        metavar="COSINE",
        type=float,
        help="from which on it is one person; else set on PEOPLE, or as measured on LFW for published networks",
    )
    asked = Asked(parser)
    with asked.trial() as context:
        verdict, threshold = verify_photos(
            context, asked.pictures, asked.attacked, asked.options.threshold, asked.one_of_several
        )
        attack = attack_of(context)
        said = pair_sentences(verdict, threshold, attack)
        if verdict.change is not None:
            said += asked.save(context, pair_figure(verdict, attack), verdict.change)
    print("\n".join(said))


if __name__ == "__main__":
    run(main)
