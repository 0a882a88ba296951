#!/usr/bin/env python3
"""What the comparison works out for itself: descriptions of sessions, CPU of others, tables."""
import io
import itertools
import pathlib
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from comparison.janus_adapter import Adapter, Description, JanusError, kind, mirrored  # noqa: E402
from comparison.machine import Sample, Watch  # noqa: E402
from comparison.rounds import Scenario, median_of  # noqa: E402
from comparison.tables import add_derived, capacity, storm_table, table  # noqa: E402
from comparison.websocket import TEXT, WebSocket, frame, read_frame  # noqa: E402

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


class FakeJanus:
    """A VideoRoom that answers publishers with their own offer, and offers subscribers what they ask for."""

    def __init__(self):
        self.handles = itertools.count(1)
        self.asked = []
        self.backwards = False

    def attach(self):
        return next(self.handles)

    def say(self, handle, body, jsep=None):
        self.asked.append(body)
        if body.get("ptype") == "publisher":
            return {"jsep": {"sdp": jsep["sdp"]}, "plugindata": {"data": {"id": 100 + handle}}}
        if body["request"] == "start":
            return {}
        given = body["streams"][::-1] if self.backwards else body["streams"]
        media = Description(OFFER).media
        lines = [line for stream in given for line in media[int(stream["mid"])]]
        streams = [{"feed_id": stream["feed"], "feed_mid": stream["mid"]} for stream in given]
        return {"jsep": {"sdp": "\r\n".join([*Description(OFFER).head, *lines])}, "plugindata": {"data": {"streams": streams}}}


def offer_of(*kinds):
    """A viewer's, with an m-line for each of `kinds`."""
    viewer = Description(VIEWER)
    sections = {kind(section): section for section in viewer.media}
    return "\r\n".join([*viewer.head, *(line for name in kinds for line in sections[name])])


class Subscriptions(unittest.TestCase):
    def setUp(self):
        self.janus = FakeJanus()
        self.adapter = Adapter(self.janus)
        for name in ("hall", "site"):
            self.adapter.publish(name, OFFER)

    def test_the_nth_line_of_a_kind_receives_the_nth_name(self):
        _, answer = self.adapter.view(["site", "hall"], offer_of("video", "audio", "video", "audio"))
        subscribed = next(body for body in self.janus.asked if body.get("ptype") == "subscriber")
        self.assertEqual(subscribed["streams"], [{"feed": 102, "mid": "1"}, {"feed": 102, "mid": "0"},
                                                 {"feed": 101, "mid": "1"}, {"feed": 101, "mid": "0"}])
        self.assertEqual([kind(section) for section in Description(answer).media], ["video", "audio", "video", "audio"])

    def test_who_only_listens_is_sent_no_pictures(self):
        self.adapter.view(["hall", "site"], offer_of("audio", "audio"))
        subscribed = next(body for body in self.janus.asked if body.get("ptype") == "subscriber")
        self.assertEqual(subscribed["streams"], [{"feed": 101, "mid": "0"}, {"feed": 102, "mid": "0"}])

    def test_what_nobody_publishes_and_lines_in_another_order_are_failures(self):
        with self.assertRaises(JanusError):
            self.adapter.view(["hall", "nobody"], offer_of("audio", "audio"))
        with self.assertRaises(JanusError):
            self.adapter.view(["hall"], offer_of("audio", "audio"))
        self.janus.backwards = True
        with self.assertRaises(JanusError):
            self.adapter.view(["hall", "site"], offer_of("audio", "audio"))


class WebSockets(unittest.TestCase):
    def test_frames_of_all_lengths_are_read_as_written(self):
        for size in (0, 125, 126, 65535, 65536):
            written = frame(TEXT, b"x" * size)
            mask_at = len(written) - size - 4
            unmasked = bytes([written[0], written[1] & 0x7F]) + written[2:mask_at] + written[mask_at + 4:]
            self.assertEqual(read_frame(io.BytesIO(unmasked)), (True, TEXT, b"x" * size))
        self.assertIsNone(read_frame(io.BytesIO(unmasked[:-1])))

    def test_a_text_may_come_in_pieces_between_pings(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as stream:
                    while stream.readline().strip():
                        pass
                    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"\x01\x02ab" + b"\x89\x00" + b"\x80\x01c" + b"\x88\x00")
                    self.heard = stream.read(6)

            serving = threading.Thread(target=serve)
            serving.start()
            client = WebSocket(server.getsockname()[1], "janus-protocol")
            self.assertEqual(client.receive(), "abc")
            self.assertIsNone(client.receive())
            serving.join()
            client.stream.close()
            client.socket.close()
            self.assertEqual(self.heard, b"\x8a\x80\0\0\0\0", "a pong")


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
    def test_memory_is_that_of_each_viewer_after_the_first(self):
        self.assertEqual(a_run(1, joined=11)["kib_per_viewer"], 100)

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
        theirs[600] = [{**a_run(9), "packets": {}}]  # nobody was lost, and nothing came
        theirs[800] = [{"failed": "it did"}]
        text = capacity({"ours": ours, "theirs": theirs}, 1e-4)
        self.assertIn("ours 400, theirs 200", text)
        self.assertIn("ours / theirs: 2.0", text)


if __name__ == "__main__":
    unittest.main()
