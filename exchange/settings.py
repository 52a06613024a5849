"""Settings of the service: environment variables `EXCHANGE_*`, each secret also as a file (`*_FILE`).

Wrong ones stop the start with a `WrongSetting` sentence that says what to do. Printing settings never shows a
secret (DESIGN section 12). Sizes are bytes, times are seconds unless a name says days.
"""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from exchange.core.errors import WrongSetting
from exchange.settings_files import PREFIX, is_told, names, plain, secrets_from_files, sentence

MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  # only a private 0700 folder below it is used
SECRETS = (
    "database_url",
    "owner_database_url",
    "portal_database_url",
    "s3_access_key",
    "s3_secret_key",
    "portal_s3_access_key",
    "portal_s3_secret_key",
    "backup_s3_access_key",
    "backup_s3_secret_key",
    "smtp_password",
    "vault_token",
    "pkcs11_pin",
    "oidc_client_secret",
    "notify_api_key",
)
NOT_FOR_THE_PORTAL = (
    "owner_database_url",
    "root_key_file",
    "ledger_key_file",
    "backup_to",
    "backup_s3_access_key",
    "backup_s3_secret_key",
    "smtp_user",
    "smtp_password",
    "vault_url",
    "vault_token",
    "vault_ca",
    "pkcs11_module",
    "pkcs11_token",
    "pkcs11_pin",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_ca",
    "notify_api_key",
    "notify_template",
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTAL_S3 = ("portal_s3_access_key", "portal_s3_secret_key")


class Settings(BaseSettings):
    """Everything that can be set. `Settings.load()` reads the environment; keyword arguments win over it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    folder: Path = Path("data")
    """Where the service keeps what is its own: objects, keys, embedded database."""
    database_url: SecretStr | None = None
    """`postgresql://…` of console, worker and command line; None means the embedded one in `folder`/postgres."""
    owner_database_url: SecretStr | None = None
    """For `migrate` and `init`: the owner of the schema. None means `database_url`."""
    portal_database_url: SecretStr | None = None
    """For the portal alone: its own role. Whatever else the portal is given, it forgets (`for_portal`)."""
    demo: bool = False

    objects: str = ""
    """`local:<path>` (default: `folder`/objects) or `s3`."""
    s3_endpoint: str = ""
    s3_bucket: str = "exchange"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    portal_s3_access_key: SecretStr | None = None
    portal_s3_secret_key: SecretStr | None = None
    """The portal's own credentials; None means the ones above."""
    s3_region: str = "us-east-1"
    s3_secure: bool = True
    root_key_file: Path = Path()
    ledger_key_file: Path = Path()
    vault_url: str = ""
    """Vault or OpenBao: its keys can be opened, and `exchange keys move vault` wraps under one of them."""
    vault_token: SecretStr | None = None
    vault_ca: Path | None = None
    vault_mount: str = "transit"
    vault_key: str = Field("exchange", pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    pkcs11_module: Path | None = None
    """The library of a hardware module: likewise for `exchange keys move pkcs11`."""
    pkcs11_token: str = ""
    pkcs11_pin: SecretStr | None = None
    pkcs11_label: str = Field("exchange", pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    retention_untaken_days: int = Field(90, ge=1, le=3650)
    """How long those who never took part are kept (rule 23): from the closing of a case, or a referral's decision."""
    retention_notice_days: int = Field(0, ge=0, le=3650)
    """What is due goes by itself so many days after its date; 0: never, a supervisor confirms each one."""
    statistics_least: int = Field(5, ge=3, le=100)
    """Statistics hide numbers below it, and whatever would give one away (core/statistics.py)."""
    backup_days: int = Field(35, ge=0, le=36500)
    """How long a backup is kept: an erasure certificate names the day on which the last old one is gone."""
    scrub_days: int = Field(30, ge=1, le=365)
    """Within about so many days a worker reads every stored object back (steps/scrub.py)."""
    backup_to: str = ""
    """Where `exchange backup` writes: `local:<path>` or `s3` (then `backup_s3_*`); "" means nowhere."""
    backup_s3_endpoint: str = ""
    backup_s3_bucket: str = "exchange-backup"
    backup_s3_access_key: SecretStr | None = None
    backup_s3_secret_key: SecretStr | None = None
    backup_s3_region: str = "us-east-1"
    backup_s3_secure: bool = True
    oidc_issuer: str = ""
    """The OpenID provider for single sign-on of staff, exactly as it names itself; "" means that there is none."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = Field("", max_length=60)
    """How the button on the sign-in page calls it, such as the organisation's name."""
    oidc_amr: str = ""
    """The provider's second factor counts as ours where its token names all of these methods (RFC 8176: mfa)."""
    oidc_acr: str = ""
    """Likewise, where it names one of these context classes; with both, both must be right."""
    oidc_ca: Path | None = None
    portal_host: str = "127.0.0.1"
    portal_port: int = Field(8601, ge=0, le=65535)
    portal_url: str = ""
    console_host: str = "127.0.0.1"
    console_port: int = Field(8602, ge=0, le=65535)
    console_url: str = ""
    trusted_proxies: str = ""
    """Addresses or networks, with commas, of our own proxies: only they may say from where a request comes."""
    requests_per_minute: int = Field(6000, ge=0)
    """From one address; 0 means as many as they like, here and below."""
    knocks_per_minute: int = Field(60, ge=0)
    """Tries of links, codes and passwords from one address, whatever came of them."""
    tries_per_link: int = Field(20, ge=0)
    """Tries of one link in a minute, whether or not it exists."""
    references_per_minute: int = Field(6, ge=0)
    """Cases that one account may name in an emergency in a minute, whether or not they exist."""
    shutdown_notice_seconds: float = Field(0, ge=0, le=300)
    """So long a site that was told to end still takes visitors in, but says at /readyz that it ends."""
    shutdown_seconds: float = Field(25, ge=0, le=7200)
    """So long what runs may go on after that: uploads, films, pages; in a worker, jobs. Then it is cut."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65535)
    """0 means that no metrics are served."""

    mirrored_language: bool = False
    """For tests and developers, in a demonstration only: a made-up language written from right to left."""
    timezone: str = "Europe/London"
    max_upload: int = Field(4 * 1024**3, gt=0)
    ffmpeg: Path | None = None
    scratch: Path = Path()
    """A worker's private scratch: below /dev/shm where there is one, else `folder`/scratch."""
    clamd_socket: Path | None = None
    malware_scan: Literal["always", "where_set", "if_there"] = "where_set"
    """Whether a missing scanner means stop: always; only where a socket is set; or never, and the record says so."""
    speech_model: str = ""
    """What hears words for draft transcripts: a folder with a Sphinx model, "" for the one that the extra `speech`
    brings (US English), "none" for no draft transcripts. It is read in the sandbox; nothing is fetched."""
    speech_language: str = Field("en", pattern=r"^[a-z]{2,3}$")
    """What language the folder's model hears."""

    webhook_networks: str = ""
    """Inner networks, with commas, that webhooks may go to beside public addresses; this machine only in a
    demonstration."""
    webhook_ca: Path | None = None
    """Who signs the certificates of webhooks' receivers, where that is an authority of one's own."""

    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    mail_from: str = ""
    bounce_address: str = ""
    """Undeliverable notices come back to it, each with `+token` before the @; `exchange bounce` reads them there."""

    notify_api_key: SecretStr | None = None
    """Of GOV.UK Notify, which sends text messages; None means that there are none."""
    notify_template: str = ""
    """The id of a text message template there whose whole text is ((text))."""
    notify_url: str = "https://api.notifications.service.gov.uk"

    idle_lock_seconds: int = Field(600, ge=30)
    """After this long without use a visitor's session locks; the code reopens it (DESIGN section 8)."""
    staff_idle_seconds: int = Field(3600, ge=60)
    step_up_seconds: int = Field(300, ge=30)
    record_heartbeat_seconds: int = Field(900, ge=30)
    """After this long without an entry a worker writes one into the record, so that a silence means something."""
    checkpoint_late_seconds: int = Field(3600, ge=60)
    """A newest checkpoint older than this is told by doctor, the auditor's pages and metrics."""
    checkpoint_stop_seconds: int = Field(86400, ge=60)
    """Older than this, no content is shown until the record is signed again."""
    worker_heartbeat_seconds: float = Field(5, gt=0)
    worker_stalled_seconds: float = Field(20, gt=0)
    alive_file: Path | None = None
    """A worker touches it whenever it has reached the database; a container's health check looks at it."""
    worker_concurrency: int = Field(2, ge=1, le=64)

    @classmethod
    def load(cls, **values: Any) -> Self:
        """Settings from the environment, `*_FILE` secrets and `values`; raises `WrongSetting`."""
        try:
            return cls(**{**secrets_from_files(SECRETS), **values})
        except ValidationError as error:
            raise WrongSetting(sentence(error)) from None

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a time zone name; use one such as Europe/London") from None
        return value

    @field_validator("vault_url", "oidc_issuer", "notify_url")
    @classmethod
    def _guarded(cls, value: str) -> str:
        if value and not is_guarded(value):
            raise ValueError("must begin with https://")
        return value

    @field_validator("vault_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            [ip_network(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError:
            raise ValueError("must list addresses or networks with commas, such as 10.0.0.0/8") from None
        return value

    @field_validator("database_url", "owner_database_url", "portal_database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with postgresql://")
        return value

    @model_validator(mode="before")
    @classmethod
    def _places(cls, values: Any) -> Any:
        """What follows from `folder`, ports and the machine where nothing else was said."""
        folder = Path(values.get("folder") or "data").absolute()
        demo_hosts = {"portal": "localhost", "console": "127.0.0.1"}
        filled = {
            "folder": folder,
            "objects": f"local:{folder / 'objects'}",
            "root_key_file": folder / "keys" / "root.key",
            "ledger_key_file": folder / "keys" / "ledger.key",
            "scratch": _scratch(folder),
            "portal_url": f"http://{demo_hosts['portal']}:{values.get('portal_port', 8601)}",
            "console_url": f"http://{demo_hosts['console']}:{values.get('console_port', 8602)}",
        }
        return {
            **values,
            **{name: value for name, value in filled.items() if not values.get(name)},
            "folder": folder,
        }

    @model_validator(mode="after")
    def _signing(self) -> Self:
        if not self.record_heartbeat_seconds < self.checkpoint_late_seconds <= self.checkpoint_stop_seconds:
            raise ValueError(
                "EXCHANGE_RECORD_HEARTBEAT_SECONDS must be shorter than EXCHANGE_CHECKPOINT_LATE_SECONDS, "
                "and that no longer than EXCHANGE_CHECKPOINT_STOP_SECONDS"
            )
        return self

    @model_validator(mode="after")
    def _made_up_language(self) -> Self:
        if self.mirrored_language and not self.demo:
            raise ValueError("EXCHANGE_MIRRORED_LANGUAGE is for tests of a demonstration. Remove it.")
        return self

    @model_validator(mode="after")
    def _webhooks_go_elsewhere(self) -> Self:
        named = [ip_network(part.strip()) for part in self.webhook_networks.split(",") if part.strip()]
        if not self.demo and any(one.is_loopback or one.is_link_local or one.prefixlen < 8 for one in named):
            raise ValueError("EXCHANGE_WEBHOOK_NETWORKS must name inner networks, and not this machine itself")
        return self

    @model_validator(mode="after")
    def _object_store(self) -> Self:
        if self.objects == "s3":
            needed: tuple[str, ...] = ("s3_endpoint", "s3_access_key", "s3_secret_key")
            if self.portal_s3_access_key and self.portal_s3_secret_key:
                needed = ("s3_endpoint",)  # the portal's process may be given nothing but its own
            missing = [name for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError("EXCHANGE_OBJECTS is s3: also set " + names(missing))
        elif not self.objects.startswith("local:/"):
            raise ValueError("EXCHANGE_OBJECTS must be s3 or local:/an/absolute/path")
        return self

    @model_validator(mode="after")
    def _backups(self) -> Self:
        needed = ["backup_s3_endpoint", "backup_s3_access_key", "backup_s3_secret_key"]
        if self.backup_to == "s3" and not all(getattr(self, name) for name in needed):
            raise ValueError("EXCHANGE_BACKUP_TO is s3: also set " + names(needed))
        if self.backup_to not in ("", "s3") and not self.backup_to.startswith("local:/"):
            raise ValueError("EXCHANGE_BACKUP_TO must be s3 or local:/an/absolute/path")
        return self

    @model_validator(mode="after")
    def _single_sign_on(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("EXCHANGE_OIDC_ISSUER is set: also set EXCHANGE_OIDC_CLIENT_ID and _CLIENT_SECRET")
        return self

    @model_validator(mode="after")
    def _notices(self) -> Self:
        if self.bounce_address and not re.fullmatch(r"[A-Za-z0-9._-]{1,30}@[A-Za-z0-9.-]+", self.bounce_address):
            raise ValueError("EXCHANGE_BOUNCE_ADDRESS must be an address with at most 30 letters before the @")
        if self.notify_template and not re.fullmatch(r"[0-9a-f-]{36}", self.notify_template):
            raise ValueError("EXCHANGE_NOTIFY_TEMPLATE must be the id of a template, as GOV.UK Notify shows it")
        return self

    @classmethod
    def load_portal(cls) -> Self:
        """What the portal's process works with: its own credentials and nothing of the others.

        Raises `WrongSetting` where its environment holds what it must not know.
        """
        told = [name for name in NOT_FOR_THE_PORTAL if is_told(name)]
        if is_told("portal_database_url") and is_told("database_url"):
            told.append("database_url")
        if told:
            raise WrongSetting(f"The portal must not know {names(told)}. Remove it from this process's environment.")
        return cls.load().for_portal()

    def for_portal(self) -> Self:
        """These settings with the portal's own credentials in place of ours, and no trace of a key or its place."""
        own = {
            "database_url": self.portal_database_url or self.database_url,
            "s3_access_key": self.portal_s3_access_key or self.s3_access_key,
            "s3_secret_key": self.portal_s3_secret_key or self.s3_secret_key,
        }
        blank = {name: type(self).model_fields[name].default for name in NOT_FOR_THE_PORTAL}
        gone = dict.fromkeys(("portal_database_url", *_PORTAL_S3))
        return self.model_copy(update={**blank, **gone, **own, "scratch": Path()})

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which pages show times."""
        return ZoneInfo(self.timezone)

    @property
    def text_messages(self) -> bool:
        """Whether notices can go by text message."""
        return bool(self.notify_api_key and self.notify_template)

    @property
    def objects_folder(self) -> Path | None:
        """The folder of the local object store, or None with S3."""
        return Path(self.objects.removeprefix("local:")) if self.objects.startswith("local:") else None

    def environment(self) -> dict[str, str]:
        """These settings as `EXCHANGE_*` variables for a child process; holds secrets, so never print it."""
        found = {PREFIX + name.upper(): plain(getattr(self, name)) for name in type(self).model_fields}
        return {name: value for name, value in found.items() if value is not None}

    def environments(self) -> dict[str, dict[str, str]]:
        """The whole environment of each kind of child process: ours, and these settings as far as it may know."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        backups = ("backup_to", "backup_s3_access_key", "backup_s3_secret_key")
        others = dict.fromkeys(("owner_database_url", "portal_database_url", *_PORTAL_S3, *backups))
        staff = {**ours, **self.model_copy(update=others).environment()}
        return {"portal": {**ours, **self.for_portal().environment()}, "console": staff, "worker": staff}


def is_guarded(url: str) -> bool:
    """Whether an address is https, or on this machine itself."""
    found = urlsplit(url)
    return bool(found.hostname) and (
        found.scheme == "https" or (found.scheme == "http" and found.hostname in _LOOPBACK)
    )


def _scratch(folder: Path) -> Path:
    in_memory = MEMORY_FOLDER.is_dir() and os.access(MEMORY_FOLDER, os.W_OK)
    return MEMORY_FOLDER / f"exchange-{os.getuid()}" if in_memory else folder / "scratch"
