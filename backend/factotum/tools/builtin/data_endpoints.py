"""The endpoints of the data providers on RapidAPI, and what each takes: checked before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from factotum.tools.tool import ToolError

ProviderName = Literal["linkedin", "twitter", "amazon", "zillow", "yahoo_finance", "active_jobs"]
Value = str | int | float | bool
_LONGEST_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `choices`: the only values; `number`: a whole number."""

    name: str
    about: str
    required: bool = False
    number: bool = False
    choices: tuple[str, ...] = ()

    def checked(self, value: Value) -> Value:
        """Return the value if it may be sent. Raises ValueError that says what is expected."""
        if self.number:
            if isinstance(value, bool) or not str(value).strip().lstrip("-").isdigit():
                raise ValueError("a whole number is expected")
            return int(value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not text.strip() or len(text) > _LONGEST_VALUE:
            raise ValueError(f"a text of 1 to {_LONGEST_VALUE} characters is expected")
        if self.choices and text not in self.choices:
            raise ValueError(f"one of {', '.join(self.choices)} is expected")
        return text


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: a GET has its parameters in the query, a POST as JSON."""

    name: str
    path: str
    about: str
    parameters: tuple[Parameter, ...]
    method: Literal["GET", "POST"] = "GET"

    def checked(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return the arguments as they are sent. Raises ToolError (`arguments_invalid`)."""
        problems: list[str] = []
        known = {parameter.name: parameter for parameter in self.parameters}
        problems += [f"{name!r} is not a parameter" for name in given if name not in known]
        sent: dict[str, Value] = {}
        for name, parameter in known.items():
            if name not in given:
                problems += [f"{name!r} is missing"] if parameter.required else []
                continue
            try:
                sent[name] = parameter.checked(given[name])
            except ValueError as error:
                problems.append(f"{name!r}: {error}")
        if problems:
            raise ToolError(
                f"The arguments of {self.name} are not right: {'; '.join(problems)}. Nothing was sent.",
                hint=f"It takes: {self.written()}",
                code="arguments_invalid",
            )
        return sent

    def written(self) -> str:
        """Describe the parameters in one line each."""
        return "\n".join(f"  - {_written(parameter)}" for parameter in self.parameters)


@dataclass(frozen=True, slots=True)
class Provider:
    """A data provider: an API on RapidAPI that its owner subscribed to."""

    name: ProviderName
    title: str
    host: str
    endpoints: tuple[Endpoint, ...]

    def endpoint(self, name: str) -> Endpoint:
        """Find an endpoint. Raises ToolError (`endpoint_unknown`)."""
        for endpoint in self.endpoints:
            if endpoint.name == name:
                return endpoint
        raise ToolError(
            f"{self.title} has no endpoint named {name[:80]!r}.",
            hint=f"It has: {', '.join(endpoint.name for endpoint in self.endpoints)}.",
            code="endpoint_unknown",
        )


def _written(parameter: Parameter) -> str:
    kind = "whole number" if parameter.number else " | ".join(parameter.choices) or "text"
    return f"{parameter.name} ({kind}{'; required' if parameter.required else ''}): {parameter.about}"


def _need(name: str, about: str, choices: Sequence[str] = ()) -> Parameter:
    return Parameter(name, about, required=True, choices=tuple(choices))


def _may(name: str, about: str, choices: Sequence[str] = (), *, number: bool = False) -> Parameter:
    return Parameter(name, about, number=number, choices=tuple(choices))


_PAGE = _may("page", "Which page of the results, from 1.", number=True)
_CURSOR = _may("cursor", "next_cursor of the answer before, for more.")
_COUNTRY = _may("country", "The marketplace, as a two-letter code such as US or DE.")
_PROFILE = _need("link", "The address of the profile on linkedin.com.")
_COMPANY = _need("link", "The address of the company on linkedin.com.")
_USER = _need("screenname", "The account's name, without @.")
_POST = _need("id", "The number at the end of the post's address.")
_TICKER = _need("ticker", "The symbol, such as AAPL.")
_INTERVALS = ("1m", "5m", "15m", "30m", "1h", "1d", "1wk", "1mo", "3mo")
_JOBS = (
    _may("title_filter", 'Words of the title; quotes and OR as in: "data engineer".'),
    _may("location_filter", 'Places, as in: "United States" OR "Germany".'),
    _may("organization_filter", "Exact names of organisations, with commas between them."),
    _may("description_type", "Whether the description comes too, and how.", ("text", "html")),
    _may("remote", "Only remote jobs, or only others.", ("true", "false")),
    _may("date_filter", "Posted since: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC."),
    _may("limit", "How many, from 10 to 100.", number=True),
    _may("offset", "How many to skip.", number=True),
)

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "linkedin",
        "LinkedIn",
        "linkedin-data-scraper.p.rapidapi.com",
        (
            Endpoint("person", "/person", "A person's profile.", (_PROFILE,), "POST"),
            Endpoint("person_deep", "/person_deep", "A profile with all its parts.", (_PROFILE,), "POST"),
            Endpoint("company", "/company", "A company's page.", (_COMPANY,), "POST"),
            Endpoint("company_pro", "/company_pro", "A company in more detail.", (_COMPANY,), "POST"),
            Endpoint(
                "company_updates",
                "/company_updates",
                "What a company posted lately.",
                (
                    _need("company_url", "The address of the company on linkedin.com."),
                    _may("posts", "How many posts.", number=True),
                    _may("comments", "How many comments of each.", number=True),
                    _may("reposts", "How many reposts of each.", number=True),
                ),
                "POST",
            ),
            Endpoint(
                "search_jobs",
                "/search_jobs",
                "Search for jobs.",
                (
                    _need("query", "Words to look for."),
                    _PAGE,
                    _may("searchLocationId", "LinkedIn's number of a place."),
                    _may("sortBy", "The order.", ("DD", "R")),
                ),
            ),
        ),
    ),
    Provider(
        "twitter",
        "Twitter/X",
        "twitter-api45.p.rapidapi.com",
        (
            Endpoint("user", "/screenname.php", "An account's profile.", (_USER,)),
            Endpoint("timeline", "/timeline.php", "What an account posted.", (_USER, _CURSOR)),
            Endpoint("following", "/following.php", "Whom an account follows.", (_USER, _CURSOR)),
            Endpoint("followers", "/followers.php", "Who follows an account.", (_USER, _CURSOR)),
            Endpoint(
                "search",
                "/search.php",
                "Search posts.",
                (
                    _need("query", "Words to look for."),
                    _may("search_type", "Which come first.", ("Top", "Latest", "Media", "People", "Lists")),
                    _CURSOR,
                ),
            ),
            Endpoint("tweet", "/tweet.php", "One post.", (_POST,)),
            Endpoint("thread", "/tweet_thread.php", "A post with its thread.", (_POST, _CURSOR)),
            Endpoint("replies", "/latest_replies.php", "The newest replies to a post.", (_POST, _CURSOR)),
        ),
    ),
    Provider(
        "amazon",
        "Amazon",
        "real-time-amazon-data.p.rapidapi.com",
        (
            Endpoint(
                "search",
                "/search",
                "Search for products.",
                (
                    _need("query", "Words to look for, or an ASIN."),
                    _COUNTRY,
                    _PAGE,
                    _may(
                        "sort_by",
                        "The order.",
                        ("RELEVANCE", "LOWEST_PRICE", "HIGHEST_PRICE", "REVIEWS", "NEWEST", "BEST_SELLERS"),
                    ),
                    _may("min_price", "In the marketplace's currency.", number=True),
                    _may("max_price", "In the marketplace's currency.", number=True),
                ),
            ),
            Endpoint(
                "product",
                "/product-details",
                "A product in detail.",
                (_need("asin", "Its ASIN, or up to 10 with commas between them."), _COUNTRY),
            ),
            Endpoint(
                "reviews",
                "/product-reviews",
                "What customers wrote about a product.",
                (
                    _need("asin", "Its ASIN."),
                    _COUNTRY,
                    _PAGE,
                    _may("sort_by", "The order.", ("TOP_REVIEWS", "MOST_RECENT")),
                    _may(
                        "star_rating",
                        "Only those with so many stars.",
                        (
                            "ALL",
                            *(f"{stars}_STARS" for stars in range(1, 6)),
                            "POSITIVE",
                            "CRITICAL",
                        ),
                    ),
                ),
            ),
            Endpoint(
                "seller", "/seller-profile", "A seller.", (_need("seller_id", "The seller's id."), _COUNTRY)
            ),
        ),
    ),
    Provider(
        "zillow",
        "Zillow",
        "zillow56.p.rapidapi.com",
        (
            Endpoint(
                "search",
                "/search",
                "Homes in a place.",
                (
                    _need("location", "A city with its state, a ZIP code or a neighbourhood: Houston, TX."),
                    _may("status", "Which homes.", ("forSale", "forRent", "recentlySold")),
                    _may("price_min", "US dollars.", number=True),
                    _may("price_max", "US dollars.", number=True),
                    _may("beds_min", "Bedrooms at least.", number=True),
                    _may("baths_min", "Bathrooms at least.", number=True),
                    _PAGE,
                ),
            ),
            Endpoint(
                "address",
                "/search_address",
                "A home by its address.",
                (_need("address", "The whole address: 1161 Natchez Dr, College Station, TX 77845."),),
            ),
            Endpoint("property", "/propertyV2", "A home in detail.", (_need("zpid", "Its number."),)),
        ),
    ),
    Provider(
        "yahoo_finance",
        "Yahoo Finance",
        "yahoo-finance15.p.rapidapi.com",
        (
            Endpoint(
                "search",
                "/api/v1/markets/search",
                "Symbols by name.",
                (_need("search", "A company's name or a part of it."),),
            ),
            Endpoint(
                "quote",
                "/api/v1/markets/quote",
                "The present price.",
                (
                    _TICKER,
                    _need("type", "What it is.", ("STOCKS", "ETF", "MUTUALFUNDS", "FUTURES")),
                ),
            ),
            Endpoint(
                "history",
                "/api/v2/markets/stock/history",
                "Prices over time.",
                (
                    _need("symbol", "The symbol, such as AAPL."),
                    _need(
                        "interval",
                        "The time between two prices.",
                        _INTERVALS,
                    ),
                    _may("limit", "How many, at most 640.", number=True),
                ),
            ),
            Endpoint(
                "module",
                "/api/v1/markets/stock/modules",
                "A part of what is known of a stock.",
                (
                    _TICKER,
                    _need(
                        "module",
                        "Which part.",
                        (
                            "asset-profile",
                            "income-statement",
                            "balance-sheet",
                            "cashflow-statement",
                            "statistics",
                            "calendar-events",
                            "sec-filings",
                            "recommendation-trend",
                            "upgrade-downgrade-history",
                            "institution-ownership",
                            "insider-transactions",
                            "earnings",
                            "financial-data",
                        ),
                    ),
                ),
            ),
            Endpoint(
                "news",
                "/api/v2/markets/news",
                "News about a stock.",
                (_TICKER, _may("type", "Which kind.", ("ALL", "VIDEO", "PRESS_RELEASE"))),
            ),
        ),
    ),
    Provider(
        "active_jobs",
        "Active Jobs",
        "active-jobs-db.p.rapidapi.com",
        (
            Endpoint("week", "/active-ats-7d", "Jobs posted in the last 7 days.", _JOBS),
            Endpoint("day", "/active-ats-24h", "Jobs posted in the last 24 hours.", _JOBS),
        ),
    ),
)
