"""Where a model's provider answers, when that is not the provider's own address."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that takes the place of a provider's own for every model `<prefix>/<name>`.

    `speaks` is the LiteLLM provider whose wire format it uses; None means that the prefix itself names it.
    `api_key` is sent as the provider's key; servers that ask for none are given a dummy. No `base_url`: the
    provider's own address, with this key.
    """

    base_url: str | None
    api_key: str = field(default="unused", repr=False)
    speaks: str | None = None


def openai_compatible(base_url: str, api_key: str = "unused") -> Endpoint:
    """Return the endpoint of a server that speaks OpenAI's chat format. `base_url` includes its `/v1`."""
    return Endpoint(base_url, api_key, speaks="openai")


def scripted_endpoints(address: str) -> dict[str, Endpoint]:
    """Return the endpoints that send every `openai/…` and `anthropic/…` model to one loopback server.

    `address` is `http://127.0.0.1:<port>`: OpenAI's format is served under `/v1/chat/completions` and
    Anthropic's under `/v1/messages`. No real key is ever sent there.
    """
    return {
        "openai": Endpoint(f"{address}/v1", "scripted"),
        "anthropic": Endpoint(address, "scripted"),
    }


def provider_of(model: str) -> str:
    """Return the prefix of a model's name; a name without one stands for itself."""
    return model.partition("/")[0]
