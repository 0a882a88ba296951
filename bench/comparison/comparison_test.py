#!/usr/bin/env python3
"""What the comparison works out for itself: descriptions of sessions, CPU of others, tables."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from comparison.janus_adapter import Description, kind, mirrored  # noqa: E402
from comparison.machine import Sample, Watch  # noqa: E402
from comparison.rounds import Scenario, median_of  # noqa: E402
from comparison.tables import add_derived, capacity, storm_table, table  # noqa: E402

OFFER = "\r\n".join([
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=fingerprint:sha-256 AA", "a=ice-lite",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-ufrag:theirs", "a=ice-pwd:secret", "a=setup:actpass",
    "a=sendonly", "a=extmap:4 urn:level", "a=candidate:1 1 udp 1 198.18.0.1 5000 typ host", "a=ssrc:1 cname:x",
    "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=ice-ufrag:theirs", "a=ice-pwd:secret", "a=setup:actpass",
    "a=sendonly", "a=candidate:1 1 udp 1 198.18.0.1 5000 typ host", ""])
VIEWER = OFFER.replace("theirs", "ours").replace("AA", "BB").replace(" 5000 ", " 6000 ")


class Descriptions(unittest.TestCase):
    def test_an_answer_takes_everything_with_the_other_sides_transport(self):
        answer = Description(mirrored(Description(OFFER), Description(VIEWER), "active", "recvonly",
                                      lambda line, number: not line.startswith("a=ssrc")))
        self.assertEqual([kind(section) for section in answer.media], ["audio", "video"])
        self.assertIn("a=group:BUNDLE 0 1", answer.head)
        self.assertNotIn("a=ice-lite", answer.head)
        for section in answer.media:
            self.assertEqual([line for line in section if line.startswith(("a=ice-ufrag", "a=setup", "a=fingerprint"))],
                             ["a=ice-ufrag:ours", "a=fingerprint:sha-256 BB", "a=setup:active"])
            self.assertEqual([line.split()[5] for line in section if line.startswith("a=candidate")], ["6000"])
            self.assertIn("a=recvonly", section)
            self.assertNotIn("a=sendonly", section)
        self.assertIn("a=extmap:4 urn:level", answer.media[0])
        self.assertFalse(any(line.startswith("a=ssrc") for line in answer.media[0]))


class Machine(unittest.TestCase):
    def test_others_are_whoever_was_not_meant(self):
        watch = Watch([])
        watch.samples = []
        for at, busy, meant, softirq in ((0, 0, 0, 0), (1, 1.5, 1.0, 0.1), (2, 3.0, 2.0, 0.3), (3, 9.0, 2.0, 0.3)):
            sample = Sample([])
            sample.at, sample.busy, sample.meant, sample.softirq = at, busy, meant, softirq
            watch.samples.append(sample)
        used = watch.between(1, 2)
        self.assertAlmostEqual(used["others"] / used["seconds"], 0.5)
        self.assertAlmostEqual(used["softirq"], 0.2)


def a_run(cost, gaps=0.0, joined=200):
    return add_derived({"options": {"viewers": 200}, "viewers_joined": joined, "viewers_lost": 0, "seconds": 10,
                        "packets": {"gap_ratio": gaps}, "latency_ms": {"p99": 2}, "cipher": "AEAD_AES_128_GCM",
                        "server": {"cpu_us_per_packet": cost, "cpu_seconds": 2, "resident_kib": 2000, "resident_kib_before": 1000}})


class Tables(unittest.TestCase):
    def test_medians_pass_over_runs_that_failed(self):
        runs = [a_run(1), a_run(3), {"failed": "it did"}, a_run(50)]
        self.assertEqual(median_of(runs, "server.cpu_us_per_packet"), 3)
        self.assertIsNone(median_of([{"failed": "it did"}], "server.cpu_us_per_packet"))

    def test_a_table_has_ratios_and_says_what_failed(self):
        text = table(Scenario("1 → 200", 1, 200), {"ours": [a_run(2)], "theirs": [a_run(16), {"failed": "no answer"}]},
                     [{"server": {"cpu_us_per_packet": 1.6}}])
        self.assertRegex(text, r"CPU per forwarded packet, µs +2\.00 +16\.00 +0\.125")
        self.assertRegex(text, r"ours / floor +1\.25")
        self.assertIn("theirs failed: no answer", text)

    def test_a_storm_that_broke_a_server_is_told_and_spoils_no_median(self):
        storm = {"peace": a_run(2), "watchers": a_run(2), "crowd": a_run(2)}
        text = storm_table({"ours": [storm, {"failed": "it went away"}]})
        self.assertRegex(text, r"joined +200\n")
        self.assertIn("ours failed: it went away", text)

    def test_a_server_holds_what_it_held_in_most_rounds(self):
        ours = {200: [a_run(2)], 400: [a_run(2), a_run(2), a_run(2, gaps=1e-2)]}
        theirs = {200: [a_run(9)], 400: [a_run(9, gaps=1e-2), a_run(9, joined=150), a_run(9)]}
        text = capacity({"ours": ours, "theirs": theirs}, 1e-4)
        self.assertIn("ours 400, theirs 200", text)
        self.assertIn("ours / theirs: 2.0", text)


if __name__ == "__main__":
    unittest.main()
