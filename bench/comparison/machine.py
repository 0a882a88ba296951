"""What this machine did while something was measured, from /proc: CPU time of the processes that were meant to run,
of all others, and of softirqs, which the kernel does not charge to any process."""
import bisect
import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
INTERVAL = 0.2


class Sample:
    def __init__(self, pids):
        self.at = time.monotonic()
        self.busy = self.softirq = 0.0
        with open("/proc/stat") as stat:
            for line in stat:
                if line.startswith("cpu") and line[3].isdigit():
                    user, nice, system, _, _, irq, softirq, *_ = (int(word) / TICK for word in line.split()[1:])
                    self.busy += user + nice + system + irq
                    self.softirq += softirq
        self.meant = sum(process_seconds(pid) for pid in pids)


def process_seconds(pid):
    """User and system time of a process, with that of its children that have ended."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / TICK
    except FileNotFoundError:
        return 0.0


class Watch:
    """A context that samples; `between` tells afterwards what was used in a part of it, in seconds of CPU."""

    def __init__(self, pids):
        self.pids = [*pids, os.getpid()]
        self.samples = [Sample(self.pids)]
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def _run(self):
        while not self.done.wait(INTERVAL):
            self.samples.append(Sample(self.pids))

    def between(self, begin, end):
        times = [sample.at for sample in self.samples]
        first = self.samples[max(bisect.bisect_right(times, begin) - 1, 0)]
        last = self.samples[min(bisect.bisect_left(times, end), len(times) - 1)]
        busy, meant = last.busy - first.busy, last.meant - first.meant
        return {"others": max(busy - meant, 0.0), "softirq": last.softirq - first.softirq, "seconds": last.at - first.at}
