"""Allow-list of model labels (LGPD art. 5 II, decree 18.743/2014 art. 12: no sensitive categories)."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.domain.labels import Label
from pipeline.errors import PolicyError

ALLOWED = frozenset(label.word for label in Label)
"""Labels that may be decoded."""

HARMLESS = frozenset(
    """airplane train boat
    traffic_light fire_hydrant stop_sign parking_meter bench bird cat dog horse sheep cow elephant bear zebra giraffe
    backpack umbrella handbag tie suitcase frisbee skis snowboard sports_ball kite baseball_bat baseball_glove
    skateboard surfboard tennis_racket bottle wine_glass cup fork knife spoon bowl banana apple sandwich orange broccoli
    carrot hot_dog pizza donut cake chair couch potted_plant bed dining_table toilet tv laptop mouse remote keyboard
    cell_phone microwave oven toaster sink refrigerator book clock vase scissors teddy_bear hair_drier toothbrush
    vehicle van license_plate licence_plate license-plate number_plate placa face_detection human_face""".split()
)
"""Other labels that a model may have been trained with: the rest of COCO, and synonyms. Their outputs are never
decoded, unless a card maps a synonym to an allowed label."""


def _word(label: str) -> str:
    return label.strip().lower().replace(" ", "_")


def check_labels(model: str, labels: Iterable[str]) -> None:
    """Check that every label of a model is on the allow-list or harmless.

    Args:
        model: name of the model, for the error.
        labels: all labels in the card or in the metadata of the weights.

    Raises:
        PolicyError: a label is outside both lists.
    """
    forbidden = sorted({label for label in labels if _word(label) not in ALLOWED | HARMLESS})
    if forbidden:
        raise PolicyError(
            f"model {model}",
            f"has the label {', '.join(repr(label) for label in forbidden)}, which is outside the allow-list",
            "The law forbids processing that can reveal sensitive categories (decree 18.743/2014 art. 12); "
            f"use a model whose labels are among: {', '.join(sorted(ALLOWED))}",
        )
