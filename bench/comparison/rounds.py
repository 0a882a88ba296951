"""One measurement of one server in one scenario, and many of them in turn."""
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from comparison.machine import Watch
from comparison.servers import ADDRESS, ServerFailed

SERVER_CPU, GENERATOR_CPU = 0, 1
TRIES = 4
# Janus leaves out its store for retransmission when it measures a round trip of next to nothing.
ROUND_TRIP_MS = 20
SLACK = 180
WARM_UP, JOINS_PER_SECOND = 3, 100  # the generator's


def say(words):
    """Progress, beside the tables."""
    print(words, file=sys.stderr, flush=True)


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    publishers: int
    viewers: int
    flags: tuple = ()
    gro: bool = False

    def load(self, duration):
        return ["--publishers", str(self.publishers), "--viewers", str(self.viewers), "--duration", f"{duration}s",
                "--warm-up", f"{WARM_UP}s", "--cpu", str(GENERATOR_CPU), "--gro" if self.gro else "--no-gro",
                "--feign-round-trip", str(ROUND_TRIP_MS), "--candidate", ADDRESS, *self.flags]


@dataclasses.dataclass
class Bench:
    programs: pathlib.Path  # folder of `bridgehall` and `bench/floor`
    duration: int  # seconds measured in each run
    others: float  # share of a CPU that other processes may use before a run is thrown away
    storm_flags: tuple = ()  # how the one whom all watch publishes

    def measure(self, server_class, scenario):
        """A run that nothing else disturbed: the generator's figures, or {"failed": why}."""
        for _ in range(TRIES):
            try:
                result = self._run(server_class, scenario)
            except ServerFailed as why:
                say(f"  {why}")
                continue
            others = result.get("machine", {}).get("others", 0)
            if others <= self.others:
                return result
            say(f"  thrown away: other processes used {others:.0%} of a CPU")
        return {"failed": "the server did not start, or other processes kept using CPU"}

    def _run(self, server_class, scenario):
        with server_class(SERVER_CPU) as server, tempfile.NamedTemporaryFile(suffix=".json") as file:
            command = [self.programs / "bridgehall", "load", "--server", server.url, *server.access, "--server-pid",
                       str(server.pid), "--json", file.name, *scenario.load(self.duration)]
            generator = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            before = server.trains()
            with Watch([server.pid, generator.pid]) as watch:
                try:
                    _, complaint = generator.communicate(timeout=self.duration + scenario.viewers / 50 + SLACK)
                except subprocess.TimeoutExpired:
                    generator.kill()
                    generator.communicate()
                    return {"failed": "the run did not end"}
            text = pathlib.Path(file.name).read_text()
            if not text:
                return {"failed": complaint.strip().splitlines()[-1] if complaint.strip() else "no result"}
            result = json.loads(text)
            if "server" not in result:
                return {"failed": f"the server ended while it was measured, with {scenario.viewers} viewers"}
            used = watch.between(result["began"], result["began"] + result["seconds"])
            result["machine"] = {name: used[name] / used["seconds"] for name in ("others", "softirq")}
            if after := server.trains():
                result["trains"] = {name: after[name] - before[name] for name in after}
            return result

    def storm(self, server_class, joiners, per_second):
        """200 watch in peace; then in as many seconds as it takes `joiners` come. Their watching and the others' joining,
        each as the generator that did it tells, or {"failed": why}."""
        try:
            return self._storm(server_class, joiners, per_second)
        except (ServerFailed, subprocess.TimeoutExpired) as why:
            return {"failed": str(why)}

    def _storm(self, server_class, joiners, per_second):
        watching = Scenario("", 1, 200, self.storm_flags)
        with server_class(SERVER_CPU) as server, tempfile.TemporaryDirectory() as folder:
            # The crowd's generator stands behind the other, which also publishes: what they take from each other on the
            # CPU that they share is not the server's.
            def start(name, flags, priority=0):
                file = pathlib.Path(folder) / name
                command = ["nice", "-n", str(priority), self.programs / "bridgehall", "load", "--server", server.url,
                           *server.access, "--json", file, *flags]
                return file, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def finish(file, process):
                process.wait(self.duration + SLACK)
                return json.loads(file.read_text()) if file.exists() else {"failed": "the run broke off"}

            peace = finish(*start("peace", watching.load(self.duration)))
            watchers = start("watchers", watching.load(max(joiners // per_second, 2)))
            time.sleep(watching.viewers / JOINS_PER_SECOND + WARM_UP)  # until they are measured
            crowd = dataclasses.replace(watching, publishers=0, viewers=joiners, flags=("--joins-per-second", str(per_second)))
            crowd = finish(*start("crowd", crowd.load(1), priority=15))
            return {"peace": peace, "watchers": finish(*watchers), "crowd": crowd}

    def floor(self, scenario, like, train=None):
        """What the bare cipher and the kernel take for the packets of `like`, a run of ours, in its trains or in those of
        `train` packets."""
        seconds, packets = like["seconds"], like["packets"]
        each = packets["datagrams"] / seconds / scenario.viewers
        trains = like["trains"]
        command = [self.programs / "bench/floor", ADDRESS, scenario.viewers, f"{each:.3f}",
                   f"{train or trains['sum'] / trains['count']:.3f}", round(packets["bytes"] / packets["datagrams"]),
                   self.duration, SERVER_CPU, GENERATOR_CPU, int(scenario.gro)]
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False)
        return {"server": json.loads(done.stdout)} if done.returncode == 0 else {"failed": "the floor's program failed"}


def value_of(run, path):
    for name in path.split("."):
        if not isinstance(run, dict) or name not in run:
            return None
        run = run[name]
    return run


def median_of(runs, path):
    values = [value for run in runs if (value := value_of(run, path)) is not None]
    return statistics.median(values) if values else None
