"""The models that can be used here and now."""

from factotum.core.frozen import Frozen
from factotum.llm.catalogue import Catalogue, ModelInfo


class ModelList(Frozen):
    """The models that can be used, the one that runs get which name none, and what it falls back on."""

    items: tuple[ModelInfo, ...]
    default: str
    fallbacks: tuple[str, ...] = ()


class ModelService:
    """Tells which models there are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def list(self, *, everything: bool = False) -> ModelList:
        """Return all that can be used, the preferred ones first. Raises InvalidInput where there is none.

        With `everything` also models whose provider's key is missing, as not usable.
        """
        default = self._catalogue.default()
        return ModelList(
            items=self._catalogue.list(everything=everything),
            default=default,
            fallbacks=self._catalogue.fallbacks(default),
        )
