"""The trial: a Lightning test loop that attacks every picture and keeps one row of each."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.trial.certificate import Certificate
    from facetrial.trial.physical.channels import FoundAgain, Saved
    from facetrial.trial.physical.resend import Sending
    from facetrial.trial.rows import read_rows, write_rows
    from facetrial.trial.shards import Shards
    from facetrial.trial.trial import Trial

__all__ = ["Certificate", "FoundAgain", "Saved", "Sending", "Shards", "Trial", "read_rows", "write_rows"]

export_on_demand(__name__)
