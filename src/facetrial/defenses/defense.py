"""What a defence may do. Config group `defense`: several compose, in the order in which they are named."""

from lightning import LightningDataModule


class Defense:
    """Base of defences; each overrides what it needs."""

    @property
    def needs_landmarks(self) -> bool:
        """Whether the training pictures need landmarks."""
        return False

    def wrap_data(self, faces: LightningDataModule) -> LightningDataModule:
        """The datamodule to train on in place of `faces`."""
        return faces
