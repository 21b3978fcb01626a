"""The models that can be used here and now."""

from factotum.core.frozen import Frozen
from factotum.llm.catalogue import Catalogue, ModelInfo


class ModelList(Frozen):
    """The models that can be used, and the one that runs get which name none."""

    items: tuple[ModelInfo, ...]
    default: str


class ModelService:
    """Tells which models there are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def list(self) -> ModelList:
        """Return all that can be used, the preferred ones first. Raises InvalidInput where there is none."""
        return ModelList(items=self._catalogue.list(), default=self._catalogue.default())
