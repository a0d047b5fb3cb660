"""Whether the victim was left as it is while it was attacked."""

from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed


class VictimFrozen(Check):
    """Every layer is in eval mode, and no parameter takes a gradient.

    A single layer in train mode is enough: batch-norm then goes by the batch, dropout by chance.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        modules = list(evidence.victim.named_modules())
        training = [name or type(module).__name__ for name, module in modules if module.training]
        moving = [name for name, parameter in evidence.victim.named_parameters() if parameter.requires_grad]
        if not training and not moving:
            return passed("every layer in eval mode, no parameter takes a gradient")
        detail = f"{len(training)} layers in train mode, {len(moving)} parameters take gradients"
        named = ", ".join([*training, *moving][:3])
        return failed(f"{detail}: {named}", "call victim.freeze(), and do not override train() or eval()")
