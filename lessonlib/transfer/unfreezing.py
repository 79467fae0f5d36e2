"""Gradual unfreezing: the head first, then the backbone from its last stage to its first."""

from __future__ import annotations

import torch

from lessonlib._validation import check_integer, check_number
from lessonlib.transfer.classifier import MedicalClassifier


class GradualUnfreezing:
    """Freeze a backbone, and thaw it stage by stage with a smaller learning rate than the head's.

    Parameters
    ----------
    model : MedicalClassifier
        Its whole backbone is frozen at once.
    lr_head : float, default 1e-3
    lr_backbone : float, default 1e-5
    adapt_batchnorm : bool, default False
        Whether a thawed batch normalisation switches from the statistics that came with the weights
        to those of the batch. The head was trained on features made with the former: to switch is
        to pull the features away from under it.

    Attributes
    ----------
    optimizer : torch.optim.Adam
        One group for the head, then one for each stage from the last to the first, each with a
        "name". Frozen parameters have no gradient, and an optimiser passes over those, so the
        groups need not change when stages thaw and learning-rate schedules work as usual.

    Raises
    ------
    TypeError, ValueError
        Where `model` is no MedicalClassifier or a learning rate is not positive.

    Notes
    -----
    Which parameters are the head's is decided by identity: they are those of ``model.head``. To
    look for "fc" in their names, as one often sees, finds the head of some networks, nothing in
    others, and the wrong layers in networks with squeeze-and-excitation [1]_ blocks, whose layers
    are named fc1 and fc2. Thawing from the top comes from language models [2]_.

    References
    ----------
    .. [1] J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018.
    .. [2] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, section 3.3.
    """

    def __init__(
        self,
        model: MedicalClassifier,
        lr_head: float = 1e-3,
        lr_backbone: float = 1e-5,
        *,
        adapt_batchnorm: bool = False,
    ):
        if not isinstance(model, MedicalClassifier):
            raise TypeError(
                f"model must be a MedicalClassifier, got {type(model).__name__}; others do not "
                "say which of their layers are the head"
            )
        lr_head = check_number("lr_head", lr_head, above=0)
        lr_backbone = check_number("lr_backbone", lr_backbone, above=0)
        self.model = model
        parts = model.stage_parameters()
        groups = [{"name": "head", "params": list(model.head.parameters()), "lr": lr_head}]
        for i in range(len(parts) - 1, -1, -1):
            groups.append({"name": f"stage {i + 1}", "params": parts[i], "lr": lr_backbone})
        taken = [id(p) for group in groups for p in group["params"]]
        if not groups[0]["params"] or sorted(taken) != sorted(id(p) for p in model.parameters()):
            raise ValueError("model must have a head, and every parameter in exactly one group")
        self.optimizer = torch.optim.Adam(groups)
        model.adapt_batchnorm = bool(adapt_batchnorm)
        self.unfreeze(0)

    @property
    def n_stages(self) -> int:
        """How many stages the backbone has."""
        return len(self.model.stages)

    def unfreeze(self, n: int) -> int:
        """Let the last `n` stages of the backbone train, and freeze all others.

        Parameters
        ----------
        n : int
            From 0 to `n_stages`.

        Returns
        -------
        int
            Parameters that train now, the head's included.
        """
        self.model.unfreeze(check_integer("n", n, minimum=0))
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


def setup_gradual_unfreezing(
    model: MedicalClassifier, lr_backbone: float = 1e-5, lr_head: float = 1e-3
) -> torch.optim.Adam:
    """Freeze a classifier's backbone and return the optimiser that will thaw it.

    Parameters
    ----------
    model : MedicalClassifier
    lr_backbone, lr_head : float, default 1e-5 and 1e-3

    Returns
    -------
    torch.optim.Adam
        The optimiser of a :class:`GradualUnfreezing`; ``model.unfreeze(n)`` lets stages train.
    """
    return GradualUnfreezing(model, lr_head=lr_head, lr_backbone=lr_backbone).optimizer
