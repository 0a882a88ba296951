"""The figures of a comparison, as a table for people."""
from comparison.rounds import median_of, value_of

MILLISECONDS = "{:.1f}"
# Title, where it is in a run's JSON, how it is written, whether a ratio means something.
FIGURES = [
    ("CPU per forwarded packet, µs", "server.cpu_us_per_packet", "{:.2f}", True),
    ("CPU per viewer and second, µs", "us_per_viewer_second", "{:.0f}", True),
    ("server's share of its CPU", "share", "{:.0%}", False),
    ("softirqs, CPUs", "machine.softirq", "{:.2f}", False),
    ("sequence gaps", "packets.gap_ratio", "{:.1e}", False),
    ("latency p50, ms", "latency_ms.p50", "{:.2f}", True),
    ("latency p95, ms", "latency_ms.p95", "{:.2f}", True),
    ("latency p99, ms", "latency_ms.p99", "{:.2f}", True),
    ("memory per viewer, KiB", "kib_per_viewer", "{:.0f}", True),
    ("join p95, ms", "join_ms.p95", MILLISECONDS, True),
    ("first frame p95, ms", "first_frame_ms.p95", MILLISECONDS, True),
    ("datagrams per send", "train", "{:.1f}", False),
    ("generator's share of its CPU", "generator.cpu_share", "{:.0%}", False),
]


def add_derived(run):
    """Figures that follow from others of the run."""
    if "packets" in run:
        server, added = run["server"], max(run["viewers_joined"] - 1, 1)  # the first was there when memory was read before
        run["share"] = server["cpu_seconds"] / run["seconds"]
        run["us_per_viewer_second"] = run["share"] / max(run["viewers_joined"], 1) * 1e6
        run["kib_per_viewer"] = (server["resident_kib"] - server["resident_kib_before"]) / added
        if trains := run.get("trains"):
            run["train"] = trains["sum"] / max(trains["count"], 1)
    return run


LONGEST = 2000  # ms that the generator tells apart


def written(form, value):
    if value is None:
        return ""
    return "≥ 2000" if form == MILLISECONDS and value >= LONGEST else form.format(value)


def table(scenario, runs, floors, singles=()):
    """Medians of all rounds of one scenario. `runs`: by server, ours first."""
    names = list(runs)
    rows = [[scenario.name, *names, *(f"{names[0]} / {other}" for other in names[1:])]]
    for title, path, form, comparable in FIGURES:
        values = [median_of(runs[name], path) for name in names]
        ratios = [f"{values[0] / other:.3f}" if comparable and values[0] is not None and other else "" for other in values[1:]]
        rows.append([title, *(written(form, value) for value in values), *ratios])
    own = median_of(runs[names[0]], "server.cpu_us_per_packet")
    for title, compared, alone in (("floor: seal and send alone, µs", "ours / floor", floors),
                                   ("the same with a send for each packet, µs", "ours / that", singles)):
        if not (cost := median_of(alone, "server.cpu_us_per_packet")):
            continue
        rows.append([title, f"{cost:.2f}"] + [""] * (len(rows[0]) - 2))
        if own:
            rows.append([compared, f"{own / cost:.2f}"] + [""] * (len(rows[0]) - 2))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                       for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], *remarks(runs)]) + "\n"


def remarks(runs):
    """What a reader of the figures has to know: ciphers, failures, and whose limit it was."""
    for name, all_runs in runs.items():
        if ciphers := {cipher for run in all_runs if (cipher := value_of(run, "cipher"))}:
            yield f"{name}: {', '.join(sorted(ciphers))}"
        for why in sorted({run["failed"] for run in all_runs if "failed" in run}):
            yield f"{name} failed: {why}"
        lost = [run for run in all_runs if value_of(run, "viewers_lost") or
                value_of(run, "viewers_joined") != value_of(run, "options.viewers")]
        if lost and "failed" not in lost[0]:
            yield f"{name} fell over: {lost[0]['viewers_joined']} joined, {lost[0]['viewers_lost']} of them lost"
        if any(value_of(run, "generator.was_limit") for run in all_runs):
            yield f"{name}: the generator was the limit, not the server"


def storm_table(storms):
    """`storms`: by server, those of all rounds."""
    figures = [
        ("watchers' p99 in peace, ms", "peace.latency_ms.p99"),
        ("watchers' p99 while others join, ms", "watchers.latency_ms.p99"),
        ("watchers' sequence gaps", "watchers.packets.gap_ratio"),
        ("joined", "crowd.viewers_joined"),
        ("join p95, ms", "crowd.join_ms.p95"),
        ("first frame p95, ms", "crowd.first_frame_ms.p95"),
    ]
    lines = [f"{'join storm':36}" + "".join(f"{server:>14}" for server in storms)]
    for title, path in figures:
        values = [median_of(all_storms, path) for all_storms in storms.values()]
        lines.append(f"{title:36}" + "".join(f"{'' if value is None else format(value, '.4g'):>14}" for value in values))
    for server, all_storms in storms.items():
        lines += [f"{server} failed: {storm['failed']}" for storm in all_storms if "failed" in storm]
    return "\n".join(lines) + "\n"


def held(run, gaps):
    """Did everyone get everything, but for so small a share?"""
    missing = value_of(run, "packets.gap_ratio")  # None: nothing came at all
    return (value_of(run, "viewers_joined") == value_of(run, "options.viewers") and not value_of(run, "viewers_lost")
            and missing is not None and missing <= gaps)


def capacity(runs, gaps):
    """The most viewers that each server held in most of its rounds. `runs`: by server, by viewers."""
    most = {}
    for server, by_viewers in runs.items():
        fine = [viewers for viewers, rounds in by_viewers.items()
                if sum(held(run, gaps) for run in rounds) * 2 > len(rounds)]
        most[server] = max(fine, default=0)
    said = [f"held with at most {gaps:.0e} of the packets missing: " +
            ", ".join(f"{server} {viewers}" for server, viewers in most.items())]
    first, *others = most
    said += [f"{first} / {other}: {most[first] / most[other]:.1f}" for other in others if most[other]]
    return "\n".join(said) + "\n"
