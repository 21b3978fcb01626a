"""Why a request is refused: one vocabulary, which each wire writes in its vendor's shape."""

from dataclasses import dataclass

from factotum.testing.provider.script import ErrorKind, ErrorSpec

_BY_STATUS: dict[int, ErrorKind] = {
    401: "unauthorized",
    403: "forbidden",
    404: "model_not_found",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How one vendor says one kind of error."""

    status: int
    type: str
    code: str | None
    message: str


class Refusal(Exception):
    """The request is answered with an error. Empty fields take the vendor's own words for `kind`.

    `param` names the field at fault, where the vendor says it (OpenAI); `retry_after` is seconds.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str | None = None,
        *,
        status: int | None = None,
        type_: str | None = None,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or kind)
        self.kind: ErrorKind = kind
        self.message = message
        self.status = status
        self.type = type_
        self.code = code
        self.param = param
        self.retry_after = retry_after

    @classmethod
    def of(cls, spec: ErrorSpec) -> "Refusal":
        """Return the refusal that a script asks for."""
        kind = spec.kind or _BY_STATUS.get(
            spec.status or 500, "bad_request" if (spec.status or 500) < 500 else "server"
        )
        return cls(
            kind,
            spec.message,
            status=spec.status,
            type_=spec.type,
            code=spec.code,
            retry_after=spec.retry_after,
        )

    def shaped(self, shapes: dict[ErrorKind, Shape]) -> Shape:
        """Return the vendor's shape for it, with what is set here set over it."""
        base = shapes[self.kind]
        return Shape(
            status=self.status or base.status,
            type=self.type or base.type,
            code=self.code or base.code,
            message=self.message or base.message,
        )
