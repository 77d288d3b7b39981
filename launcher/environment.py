"""What the processes of one studio are told: the data folder, secrets made once, addresses, as environment variables."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
PORTS_TRIED = 50
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
NETWORK_FILE = "network.json"
MODELS_FOLDER = "models"
"""In the data folder: where administrators want the studio to listen."""
EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  (names for it, chosen by the operator)


class LauncherError(Exception):
    """The studio cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """Where the studio keeps its data, and where it is to be found."""

    data_dir: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    may_move: bool = False
    """Whether administrators choose the host on a page (launcher.network): none was named at the start."""


def kept_secret(path: Path) -> str:
    """The secret in a file that only its owner may read, made at the first call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    value = secrets.token_hex(24)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    return value


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


def free_port() -> int:
    """Return a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listen(host: str, port: int) -> socket.socket:
    """Listen on `port`, or on the next free one. Raises LauncherError.

    The launcher keeps the socket, so that a browser that asks while web restarts waits instead of being refused.
    """
    if not 0 < port < 65536:
        raise LauncherError(f"{port} is no port. Choose one from 1024 to 65535 with PORT=…")
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        try:
            family, *_, address = socket.getaddrinfo(host or None, candidate, type=socket.SOCK_STREAM)[0]
            listener = socket.socket(family)
        except OSError as error:
            raise LauncherError(f"{host} is no address of this machine ({error}).") from error
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit this; uvicorn does not set it on a socket that it is handed.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind(address)
            listener.listen(2048)
        except PermissionError as error:
            listener.close()
            raise LauncherError(f"Port {candidate} needs an administrator. Choose one above 1023.") from error
        except OSError:
            listener.close()
            if not is_local(host):
                raise LauncherError(f"{host} is no address of this machine.") from None
            continue
        return listener
    raise LauncherError(f"All ports from {port} to {candidate} are taken. Choose another with PORT=…")


def is_local(host: str) -> bool:
    """Whether this machine can listen on `host` at all."""
    try:
        family, *_, address = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def lan_address() -> str | None:
    """This computer's IPv4 address in its local network, or None where it is in none."""
    for host in (_routed_address(), *_own_addresses()):
        if host and not ipaddress.ip_address(host).is_loopback:
            return host
    return None


def _routed_address() -> str:
    """The address that packets to elsewhere leave from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: picks a route, sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def _own_addresses() -> list[str]:
    """Those of every interface, for a computer without a route to elsewhere."""
    import psutil  # takes a while: only where there is no route

    entries = [entry for found in psutil.net_if_addrs().values() for entry in found]
    return [entry.address for entry in entries if entry.family == socket.AF_INET]


def shown_host(host: str) -> str:
    """The host that others type: for a studio that listens everywhere, this machine's address in its network."""
    if host in EVERY_ADDRESS:
        return lan_address() or DEFAULT_HOST
    return f"[{host}]" if ":" in host else host


def hosts_of(host: str, added: str = "") -> list[str]:
    """What browsers may call a studio that listens on `host`: this machine's own names and addresses, and the names in
    `added`, separated by commas. Any other would be a foreign site that was made to lead here."""
    own = _names_of_this_machine() if host in EVERY_ADDRESS else [shown_host(host)]
    named = [name.strip() for name in added.split(",")]
    return list(dict.fromkeys(filter(None, [*LOOPBACK, *own, *named])))


def _names_of_this_machine() -> list[str]:
    """Its name, bare and as its network's multicast DNS has it, and every address that it has at the moment."""
    import psutil  # takes a while: only where a studio listens everywhere

    name = socket.gethostname().lower()
    found = [entry for entries in psutil.net_if_addrs().values() for entry in entries]
    version4 = [entry.address for entry in found if entry.family == socket.AF_INET]
    version6 = [entry.address for entry in found if entry.family == socket.AF_INET6]
    bare = name.partition(".")[0]
    # An address with a scope (fe80::1%eth0) is none that a browser can be given.
    return [name, bare, f"{bare}.local", *version4, *(f"[{text}]" for text in version6 if "%" not in text)]


class Environment(dict[str, str]):
    """Variables for the children: what the user set, filled up with what an embedded studio needs."""

    def __init__(self, options: Options, port: int, given: Mapping[str, str]) -> None:
        super().__init__(given)
        data = options.data_dir
        self["DATA_DIR"] = str(data)
        self.has_own_redis = not self.is_given("REDIS_URL")
        self.has_own_engine = not self.is_given("ENGINE_URL")
        self.redis_port, self.redis_password = free_port(), secrets.token_urlsafe(32)
        engine_port = free_port()
        self.has_own_address = not self.is_given("SITE_URL")
        self._given_hosts = self.get("ALLOWED_HOSTS", "")
        self.move(options, port)
        self._fill("REDIS_URL", f"redis://:{self.redis_password}@127.0.0.1:{self.redis_port}/0")
        self._fill("ENGINE_URL", f"http://127.0.0.1:{engine_port}")
        self._fill("ENGINE_KEY", secrets.token_urlsafe(32))
        self._fill("SECRET_KEY", lambda: kept_secret(data / "secret_key"))
        self._fill("SETUP_TOKEN", lambda: kept_secret(data / "setup_token"))
        self._fill("STORAGE_URL", (data / "storage").as_uri())
        self._fill("CACHE_DIR", str(data / "cache"))
        self._allow_models_in(data / MODELS_FOLDER)
        self._fill("EMAIL_URL", "console:")
        # A studio on one machine rarely has an administrator at hand: invited people create their own accounts.
        self._fill("SIGN_UP", "invitation")
        if options.may_move and self.has_own_address:
            self["NETWORK_FILE"] = str(data / NETWORK_FILE)
        # Without a word of it uvicorn believes what any program of this machine says of a visitor's address.
        if not self.get("FORWARDED_ALLOW_IPS"):
            has_proxy = self.get("BEHIND_PROXY", "").lower() in ("1", "true", "yes", "on")
            self["FORWARDED_ALLOW_IPS"] = "127.0.0.1" if has_proxy else ""
        self["DJANGO_SETTINGS_MODULE"] = "studio.settings"
        self["ENGINE_HOST"], self["ENGINE_PORT"] = "127.0.0.1", str(engine_port)
        self["PYTHONUNBUFFERED"] = "1"
        self["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH")]))
        self["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", os.defpath)])

    def move(self, options: Options, port: int) -> None:
        """What depends on where the studio listens."""
        self.address = f"http://{shown_host(options.host)}:{port}"
        if self.has_own_address:
            self["SITE_URL"] = self.address
        self["ALLOWED_HOSTS"] = ",".join(hosts_of(options.host, self._given_hosts))

    def is_given(self, name: str) -> bool:
        return bool(self.get(name) or self.get(f"{name}_FILE"))

    def secret(self, name: str) -> str:
        """The value of a variable, given as such or as the file that holds it."""
        return self.get(name) or Path(self[f"{name}_FILE"]).read_text().strip()

    def _allow_models_in(self, folder: Path) -> None:
        """Let base models lie in a folder of the studio too, next to the roots that are given."""
        # The setting separates its folders with commas, so a path with one cannot be given.
        if "," not in str(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self["MODEL_ROOTS"] = ",".join(filter(None, [self.get("MODEL_ROOTS", ""), str(folder)]))

    def _fill(self, name: str, value: object) -> None:
        if not self.is_given(name):
            self[name] = str(value() if callable(value) else value)
