"""The running mean of a network's weights, kept where the network is trained."""

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging


class Averaging(EMAWeightAveraging):
    """Lightning's, which makes the mean before the network is on its device: it would be on the CPU ever after."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_fit_start(trainer, pl_module)
        if self._average_model is not None:
            self._average_model.to(pl_module.device)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Once more: a training that was cut short after its last epoch has no end of its own when it goes on."""
        super().on_fit_end(trainer, pl_module)
        self.on_train_end(trainer, pl_module)
