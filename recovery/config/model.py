"""What may stand in the configuration file. The JSON schema of `unstick config schema` is made from this."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from unstick.recovery.config import values
from unstick.recovery.config.alerts_model import AlertsTable, SourceAlertsTable
from unstick.recovery.config.durations import Refresh, Seconds, Threshold
from unstick.recovery.config.formats import FORMAT, OLDEST
from unstick.recovery.config.views import ViewTable
from unstick.recovery.durations import NEVER
from unstick.recovery.hooks_template import json_mistake
from unstick.recovery.source import CAP
from unstick.recovery.toml_file import Mistake

_KEYS = WithJsonSchema({
    "type": "object",
    "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}},
                                       {"type": "object"}]},
})  # fmt: skip


_COUNT = WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": NEVER}]})

Limit = Annotated[int | None, BeforeValidator(values.limit), _COUNT]
Text = Annotated[str, Field(min_length=1)]
Label = Annotated[str, AfterValidator(values.name), Field(max_length=20)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SweepTable(_Table):
    """How a source is swept."""

    enabled: Annotated[bool | None, Field(strict=True, description="false: the sweep does not look here")] = (
        None
    )
    every: Annotated[Refresh | None, Field(description="from one run to the next")] = None
    cap: Annotated[int, Field(strict=True, ge=1, description="rows that one run recovers at most")] = CAP
    brake: Annotated[
        bool, Field(strict=True, description="stop where more than half of the running jobs look stuck")
    ] = True


class TlsTable(_Table):
    """TLS to the database's server; what the URL itself says goes before it."""

    mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="prefer", description="as libpq's sslmode; verify-full where a ca is given"
    )
    ca: Text = Field(default="", description="PEM file of the authority that signs the server's certificate")
    cert: Text = Field(default="", description="PEM file of our own certificate")
    key: Text = Field(default="", description="PEM file of its key")


class Common(_Table):
    """What holds for one source, or in `[defaults]` for every source that doesn't say otherwise."""

    read_only: Annotated[bool, Field(strict=True, description="refuse every write until --write")] = False
    thresholds: dict[Annotated[str, AfterValidator(values.rule_name)], Threshold] = Field(
        {}, description="rule, * for all, kind:KIND or RULE kind:KIND for jobs of a kind -> age; never: off"
    )
    max_retries: Limit = Field(None, description="retries after which a job needs a person; never: no limit")
    parameters: dict[str, str] = Field({}, description="the profile's placeholders, such as schema")
    refresh: Refresh = Field(5.0, description="pause between two looks, at least 1s")
    statement_timeout: Seconds = Field(10.0, description="a statement that takes longer is cancelled")
    connect_timeout: Seconds = Field(5.0, description="how long a database may take to answer at all")
    lock_timeout: Seconds = Field(2.0, description="wait for a locked row")
    time_zone: Annotated[str, BeforeValidator(values.zone)] = Field(
        "", description="of zone-less times in the database; the server's own where it isn't given"
    )
    sweep: SweepTable = Field(SweepTable(), description="the background sweep")
    tls: TlsTable = Field(TlsTable(), description="TLS to the database's server")


class FromEnvironment(_Table):
    """A header's value that is not written down."""

    env: Text = Field(description="the environment variable that holds the value")
    prefix: str = Field("", description="what stands in front of it, such as `Bearer `")


class HookTable(_Table):
    """What is called once for each row that an action changed, after the commit."""

    url: Text = Field(description="http:// or https://; {job} and other words are filled in")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("POST", description="of the call")
    headers: dict[str, str | FromEnvironment] = Field({}, description="a text, or { env = NAME }")
    body: str | dict[str, Any] | None = Field(None, description="JSON as a text or a table, with such words")
    timeout: Seconds = Field(10.0, description="until the status is there")
    ok: list[Annotated[int, Field(ge=100, le=599)]] = Field(
        [], description="statuses that are fine beside 2xx"
    )

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        host = urlsplit(self.url) if re.match("https?://[^/?#]", self.url, re.IGNORECASE) else None
        if host is None or not host.netloc.rpartition("@")[2]:
            raise Mistake("must be a URL such as https://host/jobs/{job}/run", "url")
        if isinstance(self.body, dict):
            self.body = json.dumps(self.body)
        if self.body is not None and (wrong := json_mistake(self.body)):
            raise Mistake(wrong, "body")
        return self


class SourceTable(Common):
    """One database."""

    url: Annotated[str, BeforeValidator(values.url)] | None = Field(None, description="the database URL")
    url_env: Text | None = Field(None, description="the environment variable that holds the URL")
    url_command: Text | list[Text] | None = Field(None, description="a command that prints the URL; no shell")
    profile: Text | None = Field(None, description="recognised from the tables where it isn't given")
    environment: Label | None = Field(None, description="a label; prod is read-only until --write")
    colour: Annotated[str, BeforeValidator(values.colour)] | None = Field(None, description="of the label")
    hooks: dict[Text, HookTable] = Field({}, description="action -> what is called after it")
    alerts: SourceAlertsTable | None = Field(None, description="what is told of it, and to whom")

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        given = [key for key in values.URLS if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise ValueError(f"give exactly one of {', '.join(values.URLS)}; there is {found}")
        prod = (self.environment or "").lower() in ("prod", "production")
        if prod and "read_only" in self.model_fields_set and not self.read_only:
            raise ValueError("prod is read-only until --write; leave read_only out")
        return self


class Defaults(Common):
    """What holds for every source that doesn't say otherwise, and which source to open."""

    source: Text | None = Field(None, description="the source to use when none is named")


class ConfigFile(_Table):
    """The configuration of unstick."""

    version: Annotated[int, BeforeValidator(values.version), WithJsonSchema({"enum": [OLDEST, FORMAT]})] = (
        Field(OLDEST, description="the format of this file; from 2 on every duration has its unit")
    )
    defaults: Defaults | None = Field(None, description="what holds for every source")
    alerts: AlertsTable | None = Field(None, description="what is told, and to whom")
    sources: dict[Annotated[str, AfterValidator(values.name)], SourceTable] = Field(
        default_factory=dict, description="name -> a database"
    )
    keys: Annotated[dict[str, str], BeforeValidator(values.keymap), _KEYS] = Field(
        {}, description="action id -> key; several as a list or separated by commas, none to take it away"
    )
    views: dict[Annotated[str, AfterValidator(values.view_name), Field(max_length=20)], ViewTable] = Field(
        {}, description="saved views of the console"
    )
    theme: Text | None = Field(None, description="name of a theme")
    ascii: Annotated[bool, Field(strict=True, description="nothing but ASCII on the screen")] = False
