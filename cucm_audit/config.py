"""cucm-audit.toml to typed settings: which clusters, which nodes, which accounts.

A file is either wholly understood or refused: an unknown key, a wrong type or a name used twice is a
:class:`ConfigError` with the file, the line and, where one is near, the key that was probably meant. Nothing here reads
a password; the entries only say where one is.
"""

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from cucm_audit.toml_lines import keys, parse

FILE_NAME = "cucm-audit.toml"
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Factor = Annotated[float, msgspec.Meta(gt=0, le=100)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Registrar = Literal["ris", "database"]
Setting = int | float | str | bool
_T = TypeVar("_T")


class ConfigError(Exception):
    """The configuration cannot be used. The message holds the file, the line where it is known, and the next step."""


class AccountEntry(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Who logs in, and where the password is. ``password_file`` is absolute once read from a file."""

    user: Text
    password_file: Path | None = None
    password_command: tuple[Text, ...] = ()


class NodeEntry(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What discovery cannot know of one node. ``address`` is '' when the file names none; ports are TCP ports."""

    address: str = ""
    https_port: Port = 8443
    http_port: Port = 8080
    ssh_port: Port = 22


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[cluster.NAME.budget]: what one run may cost at most. The rest is then unknown, and the report is written."""

    requests: Annotated[int, msgspec.Meta(ge=1)] = 10_000  # HTTP requests and CLI commands together
    rows: Annotated[int, msgspec.Meta(ge=1)] = 5_000_000  # rows of answers, over all facts
    seconds: Annotated[float, msgspec.Meta(ge=1)] = 3600.0


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster of the file. ``node`` is the door: the address or name through which the others are discovered.

    ``waivers`` are files of accepted findings; ``min_interval`` is in seconds, 0 = runs may follow at once.
    ``legacy_tls``: its nodes may be spoken to with TLS before 1.2 and with old ciphers. ``registration``: whom to ask
    where phones are registered.
    """

    name: str
    node: str
    https_port: int = 8443
    http_port: int = 8080
    ssh_port: int = 22
    legacy_tls: bool = False
    application: AccountEntry | None = None
    platform: AccountEntry | None = None
    api_users: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = msgspec.field(default_factory=dict)
    tolerances: Mapping[str, int | float | str] = msgspec.field(default_factory=dict)
    nodes: Mapping[str, NodeEntry] = msgspec.field(default_factory=dict)
    registration: Registrar = "ris"
    gentle: bool | None = None  # None: only where a node says that it is ill
    timeout_factor: float = 1.0
    budget: Budget = Budget()
    waivers: tuple[Path, ...] = ()
    min_interval: int = 0


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A read file. ``path`` is None when there was none; ``checks`` are folders of users' own checks.

    ``waivers`` are files of accepted findings for every cluster, also one that the file does not name.
    """

    path: Path | None = None
    clusters: Mapping[str, Cluster] = msgspec.field(default_factory=dict)
    checks: tuple[Path, ...] = ()
    waivers: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


class _Ports(msgspec.Struct, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The plain keys of [cluster.NAME]; the tables below it are read one by one, so that an error knows its place."""

    node: Text
    https_port: Port = 8443
    http_port: Port = 8080
    ssh_port: Port = 22
    gentle: bool | None = None
    timeout_factor: Factor = 1.0
    waivers: Text | None = None
    min_interval: Text | None = None
    legacy_tls: bool = False
    registration: Registrar = "ris"


class _ExtensionMobility(msgspec.Struct, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """[cluster.NAME.extension-mobility]."""

    api_users: tuple[Text, ...] = ()


_TABLES = ("application", "platform", "extension-mobility", "settings", "tolerances", "nodes", "budget")


def find(start: Path | None = None) -> Path | None:
    """Return the file that counts: the working directory's, else the user's, else the system's, else None."""
    import platformdirs

    folders = (
        start or Path.cwd(),
        Path(platformdirs.user_config_dir("cucm-audit", appauthor=False)),
        *map(Path, platformdirs.site_config_dir("cucm-audit", appauthor=False, multipath=True).split(os.pathsep)),
    )
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def read(path: Path) -> Config:
    """Read and check the file. Raises :class:`ConfigError` with file, line and, where possible, a suggestion."""
    text = _text(path)
    try:
        data = parse(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        raise ConfigError(f"{path}:{line[1] if line else _last_line(text)}: this is not TOML: {error}") from None
    return _Reader(path.absolute(), text).config(data)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: this is not UTF-8: save the file as UTF-8") from None


def _last_line(text: str) -> int:
    return len(text.splitlines()) or 1


class _Reader:
    """Turns the tables of one file into clusters, and knows which line to blame."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = dict(keys(text))

    def wrong(self, where: tuple[str, ...], says: str) -> ConfigError:
        """Return the error for the key at ``where``; the line is that of the nearest key that has one."""
        nearest = next((where[:n] for n in range(len(where), 0, -1) if where[:n] in self.lines), ())
        return ConfigError(f"{self.path}:{self.lines.get(nearest, 1)}: {says}")

    def config(self, data: dict[str, Any]) -> Config:
        """Return the whole file."""
        self.known((), data, ("cluster", "checks", "waivers"))
        clusters = self.table((), data, "cluster")
        if not clusters:
            raise self.wrong((), 'the file names no cluster: write [cluster.NAME] and node = "ADDRESS"')
        self.distinct(("cluster",), clusters)
        folders = self.convert(("checks",), data.get("checks", []), tuple[Text, ...])
        waivers = self.convert(("waivers",), data.get("waivers"), Text | None)  # type: ignore[arg-type]
        return Config(
            path=self.path,
            clusters={name: self.cluster(name, self.table(("cluster",), clusters, name)) for name in clusters},
            checks=tuple(self.path.parent / folder for folder in folders),
            waivers=self.files(waivers),
            warnings=tuple(writable_by_others(self.path)),
        )

    def cluster(self, name: str, data: dict[str, Any]) -> Cluster:
        """Return one [cluster.NAME] with the tables below it."""
        where = ("cluster", name)
        self.known(where, data, (*_names(_Ports), *_TABLES))
        ports = self.convert(where, {key: value for key, value in data.items() if key not in _TABLES}, _Ports)
        mobility = self.convert((*where, "extension-mobility"), data.get("extension-mobility", {}), _ExtensionMobility)
        return Cluster(
            name=name,
            node=ports.node,
            https_port=ports.https_port,
            http_port=ports.http_port,
            ssh_port=ports.ssh_port,
            legacy_tls=ports.legacy_tls,
            application=self.account((*where, "application"), data),
            platform=self.account((*where, "platform"), data),
            api_users=mobility.api_users,
            settings=self.settings((*where, "settings"), self.table(where, data, "settings")),
            tolerances=self.tolerances((*where, "tolerances"), self.table(where, data, "tolerances")),
            nodes=self.nodes((*where, "nodes"), self.table(where, data, "nodes"), ports),
            gentle=ports.gentle,
            registration=ports.registration,
            timeout_factor=ports.timeout_factor,
            budget=self.convert((*where, "budget"), self.table(where, data, "budget"), Budget),
            waivers=self.files(ports.waivers),
            min_interval=self.interval((*where, "min-interval"), ports.min_interval),
        )

    def files(self, name: str | None) -> tuple[Path, ...]:
        """Return the file beside this one that a key names, nothing when it names none."""
        return () if name is None else (self.path.parent / Path(name).expanduser(),)

    def interval(self, where: tuple[str, ...], text: str | None) -> int:
        """Return a time between runs in seconds: 45m, 6h, 1d."""
        if text is None:
            return 0
        found = re.fullmatch(r"([1-9]\d{0,4})\s*([smhd])", text)
        if found is None:
            raise self.wrong(where, f'{where[-1]}: {text!r} is no time: write "45m", "6h" or "1d"')
        return int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]

    def account(self, where: tuple[str, ...], data: dict[str, Any]) -> AccountEntry | None:
        """Return the account, its password file made absolute (it stands beside this file)."""
        if where[-1] not in data:
            return None
        table = self.table(where[:-1], data, where[-1])
        if "password" in table:
            says = "a password does not belong in this file: write password-file or password-command"
            raise self.wrong((*where, "password"), says)
        entry = self.convert(where, table, AccountEntry, _path)
        if entry.password_file and entry.password_command:
            raise self.wrong((*where, "password-command"), "password-file and password-command: only one of them")
        if entry.password_file is None:
            return entry
        return msgspec.structs.replace(entry, password_file=self.path.parent / entry.password_file.expanduser())

    def settings(self, where: tuple[str, ...], table: dict[str, Any]) -> dict[str, Setting]:
        """Return the thresholds. Their names are known to the check files only, so they are not judged here."""
        for key, value in table.items():
            if not isinstance(value, int | float | str) or (isinstance(value, float) and not math.isfinite(value)):
                raise self.wrong((*where, key), f"{key}: a setting is a number, a text, true or false")
        return table

    def tolerances(self, where: tuple[str, ...], table: dict[str, Any]) -> dict[str, int | float | str]:
        """Return how far columns may differ, by ``table.column``: 5 or "5%". Which there are, ``diff`` knows."""
        found: dict[str, int | float | str] = {}
        for key, value in table.items():
            if isinstance(value, dict):  # disk.used_percent = 5 without quotes
                found |= {f"{key}.{name}": one for name, one in self.tolerances((*where, key), value).items()}
            elif isinstance(value, bool) or not isinstance(value, int | float | str):
                raise self.wrong((*where, key), f'{key}: a tolerance is a number, or a share in quotes ("5%")')
            else:
                found[key] = value
        return found

    def nodes(self, where: tuple[str, ...], table: dict[str, Any], ports: _Ports) -> dict[str, NodeEntry]:
        """Return the named nodes; a port that is not given is the cluster's."""
        self.distinct(where, table)
        default = {"https-port": ports.https_port, "http-port": ports.http_port, "ssh-port": ports.ssh_port}
        return {
            name: self.convert((*where, name), {**default, **self.table(where, table, name)}, NodeEntry)
            for name in table
        }

    def table(self, where: tuple[str, ...], data: dict[str, Any], key: str) -> dict[str, Any]:
        """Return the table at ``key``, empty when it is not there."""
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong((*where, key), f"{key}: expected a table, [{_dotted((*where, key))}]")
        return value

    def distinct(self, where: tuple[str, ...], names: Mapping[str, Any]) -> None:
        """Refuse two names that differ in case only: CUCM and DNS do not tell them apart."""
        seen: dict[str, str] = {}
        for name in names:
            if not name.strip():
                raise self.wrong((*where, name), "an empty name")
            if (other := seen.setdefault(name.casefold(), name)) != name:
                raise self.wrong((*where, name), f"{name!r} is there already, as {other!r}")

    def known(self, where: tuple[str, ...], data: Mapping[str, Any], names: tuple[str, ...]) -> None:
        """Refuse a key that nobody reads, and say which one was probably meant."""
        for key in data:
            if key not in names:
                near = difflib.get_close_matches(key.replace("_", "-").lower(), names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(names)}"
                place = f" in [{_dotted(where)}]" if where else ""
                raise self.wrong((*where, key), f"unknown key {key!r}{place}; {hint}")

    def convert(
        self, where: tuple[str, ...], data: Any, kind: type[_T], hook: Callable[[type, Any], Any] | None = None
    ) -> _T:
        """Return ``data`` as ``kind``; the wrong key's line is in the error."""
        if isinstance(data, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            self.known(where, data, _names(kind))
        try:
            return msgspec.convert(data, kind, dec_hook=hook)
        except msgspec.ValidationError as error:
            says, _, path = str(error).partition(" - at `$")
            key = re.match(r"\.([\w-]+)", path)
            place = (*where, key[1]) if key else where
            raise self.wrong(place, f"{_dotted(place)}: {says.replace('Object', 'the table', 1)}") from None


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("Expected the name of a file")


def _names(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


def _dotted(where: tuple[str, ...]) -> str:
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in where)


def writable_by_others(path: Path) -> Iterator[str]:
    """Warn where anybody could change what a file says: whom we log in to, which findings are accepted."""
    if os.name != "posix":
        return
    if path.stat().st_mode & 0o002:
        yield f"{path} can be written by everybody on this machine: chmod o-w {path}"
    folder = path.parent.stat().st_mode
    if folder & 0o002 and not folder & 0o1000:
        yield f"{path.parent} can be written by everybody on this machine: chmod o-w {path.parent}"
