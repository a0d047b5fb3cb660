"""facetrial photo ann.jpg --people PEOPLE --attack pgd --eps 4: who is it, and who is it attacked?"""

from facetrial.commands.options import Asked, attack_of, new_parser, run
from facetrial.core.errors import FacetrialError
from facetrial.report.photo import photo_figure, photo_sentences
from facetrial.run.photos.photo import name_photo
from facetrial.runtime.cli import friendly_errors

_SAYS = "Who is on a photograph: name, margin and who comes next, as it is and attacked; both side by side in a PNG."
_EXAMPLES = (
    "ann.jpg --people PEOPLE",
    "ann.jpg --people PEOPLE --attack pgd --eps 4",
    "ann.jpg --people PEOPLE --attack pgd goal=impersonation 'goal.target=Bob Ray'",
)


@friendly_errors
def main() -> None:
    asked = Asked(new_parser("photo", _SAYS, ["the photograph"], _EXAMPLES))
    if asked.options.people is None and not any(word.startswith("data") for word in asked.settings):
        raise FacetrialError(
            "whom could it show? Give --people PEOPLE, a folder with one folder of photographs a person, three of each "
            "or more."
        )
    with asked.trial() as context:
        found = name_photo(context, asked.pictures[0], asked.attacked, asked.one_of_several)
        verdict, attack = found.verdict, attack_of(context)
        said = photo_sentences(verdict, found.threshold, found.enrolled, attack)
        if verdict.change is not None:
            said += asked.save(context, photo_figure(verdict, attack), verdict.change)
    print("\n".join(said))


if __name__ == "__main__":
    run(main)
