"""Which models exist, which can be used here and now, which is the best of them. Does not import LiteLLM."""

import asyncio
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from factotum.core.clock import now
from factotum.core.errors import InvalidInput
from factotum.core.frozen import Frozen
from factotum.llm.demo import DEMO_MODEL
from factotum.llm.endpoints import provider_of
from factotum.llm.local_server import LocalServer, find_local_server
from factotum.llm.prices import FREE, Price, price_list
from factotum.llm.providers import BY_NAME, KEYLESS, PROVIDERS, Provider

_UNKNOWN_WINDOW: Final = 128_000
_UNKNOWN_LOCAL_WINDOW: Final = 8_192
"""Small on purpose: local servers cut what does not fit, and say nothing."""
_MOST_PER_PROVIDER: Final = 100
_MOST_NAME: Final = 200
_SET_A_KEY: Final = "Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start Ollama."


class ModelInfo(Frozen):
    """A model. Windows in tokens, dollars a million tokens; None: not known.

    `usable`: it can be called now, as far as this process knows; `note` says why not, or what it is.
    """

    id: str
    provider: str
    usable: bool = True
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_usd_per_million: float | None = None
    cached_input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    supports_tools: bool = True
    supports_reasoning: bool | None = None
    note: str = ""


class Catalogue:
    """The models of this installation.

    `environment` is where keys are looked for; `local` the server that was found; `served` are models that an
    explicit endpoint serves (the scripted provider), listed first and preferred to all others;
    `preferred` is the installation's own choice for runs that name no model, `fallbacks` what they fall back
    on; `resting` tells why a model rests after it failed, where that is known.
    `preferred` is the installation's own choice for runs that name no model; `context_window` its word on
    how many tokens those models read of which nobody else says it.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        local: LocalServer | None = None,
        *,
        demo: bool = True,
        served: Sequence[str] = (),
        preferred: str | None = None,
        fallbacks: Sequence[str] = (),
        resting: Callable[[str], str | None] = lambda _: None,
        context_window: int | None = None,
    ) -> None:
        self._fallbacks = tuple(fallbacks)
        self._resting = resting
        self._environment = environment
        self._preferred_model = preferred
        self._usual_window = context_window
        self._local = local
        self._demo = demo
        self._served = tuple(served)

    @property
    def local(self) -> LocalServer | None:
        """The local server, whose models are named `local/<name>`."""
        return self._local

    def check(self, model: str) -> None:
        """Raise InvalidInput if `model` cannot be used: code `model_unknown` or `model_key_missing`."""
        if model in self._served or (model == DEMO_MODEL and self._demo):
            return
        if provider_of(model) == "local":
            self._check_local(model)
            return
        provider = self._provider(model)
        if provider is None:
            raise self._unknown(model)
        known = BY_NAME.get(provider)
        if known is not None and not self._has_key(known):
            raise InvalidInput(
                f"No key for {provider} was found, which {model} needs.",
                hint=f"Set {' or '.join(known.keys)} and start again, or choose another model.",
                code="model_key_missing",
            )

    def default(self) -> str:
        """Return the chosen model, else the best: served, by key, local, then the demo.

        Raises InvalidInput if there is none.
        """
        if self._preferred_model is not None:
            return self._preferred_model
        candidates = (
            *self._served,
            *(model for provider in self._keyed for model in self._preferred(provider)[:1]),
            *(f"local/{model.id}" for model in (self._local.models if self._local else ())),
            *((DEMO_MODEL,) if self._demo else ()),
        )
        if not candidates:
            raise InvalidInput("There is no model to use.", hint=_SET_A_KEY, code="model_unknown")
        return candidates[0]

    def fallbacks(self, model: str) -> tuple[str, ...]:
        """Return the installation's models to fall back on from `model`: those that can be used here."""
        return tuple(
            other
            for other in dict.fromkeys(self._fallbacks)
            if other not in (model, DEMO_MODEL) and self._is_usable(other)
        )

    def check_effort(self, model: str) -> None:
        """Raise InvalidInput (`effort_unsupported`) if `model` is known not to reason."""
        if self._reasons(model) is False:
            raise InvalidInput(
                f"{model} does not reason, so it takes no effort.",
                hint="Leave `effort` out, or choose a model with `supports_reasoning` in GET /v1/models.",
                code="effort_unsupported",
            )

    def list(self, *, everything: bool = False) -> tuple[ModelInfo, ...]:
        """Return the models that can be used, the preferred ones of each provider first.

        With `everything` also the preferred ones of the providers whose keys are missing.
        """
        found = [self._with_rest(info) for info in self._usable()]
        return (*found, *self._without_keys()) if everything else tuple(found)

    def _usable(self) -> Iterator[ModelInfo]:
        found = [self._info(model, "scripted") for model in self._served]
        for provider in self._keyed:
            found += [self._info(model, provider.name) for model in self._models(provider)]
        if self._local is not None:
            found += [self._local_info(model.id, model.context_window) for model in self._local.models]
        if self._demo:
            found.append(
                ModelInfo(
                    id=DEMO_MODEL,
                    provider="factotum",
                    context_window=_UNKNOWN_WINDOW,
                    input_usd_per_million=0.0,
                    output_usd_per_million=0.0,
                    supports_reasoning=False,
                    note=f"A script that shows what the tools do, not a model. {_SET_A_KEY}",
                )
            )
        yield from found

    def _without_keys(self) -> Iterator[ModelInfo]:
        for provider in PROVIDERS:
            if not self._has_key(provider):
                note = f"Set {' or '.join(provider.keys)} to use it."
                for model in self._preferred(provider):
                    yield self._info(model, provider.name).model_copy(update={"usable": False, "note": note})

    def _with_rest(self, info: ModelInfo) -> ModelInfo:
        why = self._resting(info.id)
        return info if why is None else info.model_copy(update={"usable": False, "note": why})

    def _is_usable(self, model: str) -> bool:
        try:
            self.check(model)
        except InvalidInput:
            return False
        return True

    def _reasons(self, model: str) -> bool | None:
        """Tell whether a model reasons; None where nobody says."""
        if model == DEMO_MODEL:
            return False
        if model in self._served or provider_of(model) == "local":
            return None
        price = self._price(model)
        return None if price is None else price.supports_reasoning

    def context_window(self, model: str) -> int:
        """Return how many tokens the model reads at once; a careful guess where nobody says."""
        if provider_of(model) == "local":
            offered = self._local.models if self._local else ()
            window = next((entry.context_window for entry in offered if f"local/{entry.id}" == model), None)
            return window or self._usual_window or _UNKNOWN_LOCAL_WINDOW
        price = self._price(model)
        return (price and price.context_window) or self._usual_window or _UNKNOWN_WINDOW

    def price(self, model: str) -> Price | None:
        """Return what is known of the model's price, or None; a server of one's own has none."""
        if model == DEMO_MODEL:
            return FREE
        return None if provider_of(model) == "local" else self._price(model)

    def supports_native_tools(self, model: str) -> bool:
        """Tell whether to offer tools in the provider's own form.

        Not to local models: several servers refuse such requests unless started for them, and calls written
        as text work with all.
        """
        if provider_of(model) == "local":
            return False
        price = self._price(model)
        return model in self._served or price is None or price.supports_tools

    def supports_vision(self, model: str) -> bool:
        """Tell whether the model is known to read images. Nobody says it of local models."""
        if model == DEMO_MODEL or provider_of(model) == "local":
            return False
        price = self._price(model)
        return model in self._served or (price is not None and price.supports_vision)

    @cached_property
    def _prices(self) -> dict[str, Price]:
        return price_list()

    @cached_property
    def _keyed(self) -> tuple[Provider, ...]:
        return tuple(provider for provider in PROVIDERS if self._has_key(provider))

    def _has_key(self, provider: Provider) -> bool:
        return any(self._environment.get(key, "").strip() for key in provider.keys)

    def _price(self, model: str) -> Price | None:
        return self._prices.get(model) or self._prices.get(model.partition("/")[2])

    def _provider(self, model: str) -> str | None:
        """Return the provider of a name, or None. A new model of a known provider is taken at its word."""
        prefix, slash, name = model.partition("/")
        if slash and name and len(model) <= _MOST_NAME and (prefix in BY_NAME or prefix in KEYLESS):
            return prefix
        price = self._prices.get(model)
        return price.provider if price else None

    def _unknown(self, model: str) -> InvalidInput:
        usable = [info.id for info in self._usable()]
        close = difflib.get_close_matches(model[:_MOST_NAME], usable, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else "GET /v1/models lists what can be used."
        return InvalidInput(f"There is no model {model[:_MOST_NAME]!r}.", hint=hint, code="model_unknown")

    def _check_local(self, model: str) -> None:
        name = model.partition("/")[2]
        if self._local is None:
            raise InvalidInput(
                "No local model server was found.",
                hint="Start Ollama, LM Studio, llama.cpp or vLLM, or set FACTOTUM_MODEL_BASE_URL.",
                code="model_unknown",
            )
        if not name or (self._local.models and name not in {entry.id for entry in self._local.models}):
            raise self._unknown(model)

    def _preferred(self, provider: Provider) -> tuple[str, ...]:
        return tuple(
            f"{provider.name}/{name}"
            for name in provider.preferred
            if (price := self._named(provider, name)) is not None and _current(price)
        )

    def _named(self, provider: Provider, name: str) -> Price | None:
        return self._prices.get(f"{provider.name}/{name}") or self._prices.get(name)

    def _models(self, provider: Provider) -> tuple[str, ...]:
        """Return the provider's models that can call tools and are not withdrawn, as `provider/name`."""
        prefix = f"{provider.name}/"
        found = {
            prefix + name.removeprefix(prefix)
            for name, price in self._prices.items()
            if price.provider == provider.name and price.supports_tools and _current(price)
        }
        preferred = self._preferred(provider)
        return (*preferred, *sorted(found.difference(preferred)))[:_MOST_PER_PROVIDER]

    def _info(self, model: str, provider: str) -> ModelInfo:
        price = self._price(model)
        if price is None:
            return ModelInfo(id=model, provider=provider)
        return ModelInfo(
            id=model,
            provider=provider,
            context_window=price.context_window,
            max_output_tokens=price.max_output_tokens,
            input_usd_per_million=_per_million(price.input_usd),
            cached_input_usd_per_million=_per_million(price.cached_input_usd),
            output_usd_per_million=_per_million(price.output_usd),
            supports_tools=price.supports_tools,
            supports_reasoning=self._reasons(model),
        )

    def _local_info(self, name: str, window: int | None) -> ModelInfo:
        server = self._local.name if self._local else "local"
        return ModelInfo(
            id=f"local/{name}",
            provider="local",
            context_window=window,
            supports_tools=False,
            note=f"Served by {server} here; it calls tools in text.",
        )


async def open_catalogue(
    environment: Mapping[str, str],
    *,
    model_base_url: str | None = None,
    demo: bool = True,
    served: Sequence[str] = (),
    preferred: str | None = None,
    fallbacks: Sequence[str] = (),
    resting: Callable[[str], str | None] = lambda _: None,
    context_window: int | None = None,
) -> Catalogue:
    """Look for a local server, read the price list off the event loop, and return the catalogue."""
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(price_list))
        local = group.create_task(find_local_server(model_base_url))
    return Catalogue(
        environment,
        local.result(),
        demo=demo,
        served=served,
        preferred=preferred,
        fallbacks=fallbacks,
        resting=resting,
        context_window=context_window,
    )


def _current(price: Price) -> bool:
    return price.deprecated_on is None or price.deprecated_on > now().date().isoformat()


def _per_million(usd: float | None) -> float | None:
    return None if usd is None else round(usd * 1_000_000, 6)
