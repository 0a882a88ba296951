"""The servers that are compared: each a process pinned to one CPU, in the network namespace of this process."""
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from comparison import janus_adapter

ADDRESS = "198.18.0.1"  # RFC 2544 keeps this range for benchmarks; it is on an interface of the namespace that leads nowhere
PATIENCE = 20
JANUS_FOLDERS = [pathlib.Path("/usr/lib") / triple / "janus" for triple in ("x86_64-linux-gnu", "aarch64-linux-gnu")]


class ServerFailed(Exception):
    """It did not start."""


class Server:
    """A started server: `pid`, `url` for WHIP and WHEP, and the generator's `access` to it. A context."""

    name = ""

    def __init__(self, cpu):
        self.folder = tempfile.TemporaryDirectory(prefix=f"bridgehall-compare-{self.name}-")
        self.path = pathlib.Path(self.folder.name)
        self.log = open(self.path / "log", "w")
        self.process = subprocess.Popen(["taskset", "-c", str(cpu), *self.command()], stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        try:
            until(lambda: self.process.poll() is not None or self.is_up(), f"{self.name} does not start")
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.name} ended at once: {self.said()}")
            self.after_start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def said(self):
        return "".join((self.path / "log").read_text(errors="replace").splitlines()[-1:])

    def after_start(self):
        pass

    def trains(self):
        """How datagrams were sent so far; empty where that is not counted."""
        return {}


class Bridgehall(Server):
    name = "bridgehall"
    program = None

    def command(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.access = ["--data", str(self.path / "data")]
        return [str(self.program), "demo", "--port", str(self.port), "--data", str(self.path / "data"),
                "--media-shards", "1", "--media-addresses", ADDRESS, "--limits-sessions", "20000",
                "--media-max-peers", "20000"]

    def is_up(self):
        return answers(f"{self.url}/healthz")

    def trains(self):
        """Of the datagrams that went out: sends so far ("count"), datagrams ("sum"), sends of at most so many."""
        found = {}
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=PATIENCE) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("bridgehall_train_datagrams"):
                    name, value = line.removeprefix("bridgehall_train_datagrams_").rsplit(" ", 1)
                    found[name.replace("bucket", "").strip('{}').replace('"', "")] = float(value)
        return found


class Janus(Server):
    """Set as its users set it for many viewers: one event loop instead of a thread for each session (half the cost),
    ICE-lite, no other plugin, nothing logged."""

    name = "janus"

    version = None  # known once one has run

    def command(self):
        self.access = ["--token", "none"]
        self.port = free_port()
        self.settings()
        return ["janus", "--configs-folder", str(self.path)]

    def settings(self):
        folder = next(path for path in JANUS_FOLDERS if path.exists())
        others = [path.name for path in (folder / "plugins").glob("*.so") if "videoroom" not in path.name]
        transports = [path.name for path in (folder / "transports").glob("*.so") if "websockets" not in path.name]
        (self.path / "janus.jcfg").write_text(f"""
general: {{ debug_level = 2, session_timeout = 0, event_loops = 1, allow_loop_indication = false }}
nat: {{ ice_lite = true, ice_tcp = false, full_trickle = false }}
media: {{ ipv6 = false, rtp_port_range = "20000-60000", slowlink_threshold = 0 }}
plugins: {{ disable = "{','.join(others)}" }}
transports: {{ disable = "{','.join(transports)}" }}
""")
        (self.path / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")
        (self.path / "janus.transport.websockets.jcfg").write_text(
            f'general: {{ json = "compact", ws = true, ws_ip = "127.0.0.1", ws_port = {self.port} }}\n')

    def is_up(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def after_start(self):
        line = next(line for line in (self.path / "log").read_text().splitlines() if line.startswith("Janus version:"))
        Janus.version = line.partition(":")[2].strip()
        self.url = f"http://127.0.0.1:{janus_adapter.serve(self.port)}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (OSError, urllib.error.URLError):
        return False


def until(condition, complaint):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise ServerFailed(complaint)
        time.sleep(0.05)
