"""WHIP and WHEP for the load generator, Janus's VideoRoom behind it.

A VideoRoom answers a publisher's offer, but makes the offer to a subscriber itself. So of a viewer's offer and Janus's
offer an answer to each is made here, from the other's transport and what both have in common. Janus is reached by its
WebSocket: its Unix sockets drop a message of more than 8 KiB, which an answer with 24 m-lines is.
"""
import collections
import dataclasses
import itertools
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from comparison.websocket import WebSocket

ROOM = 1
PATIENCE = 15  # seconds for Janus to answer


class JanusError(Exception):
    pass


class Janus:
    """One session at Janus; a handle in it for each publisher and subscriber."""

    def __init__(self, port):
        self.socket = WebSocket(port, "janus-protocol")
        self.numbers = itertools.count(1)
        self.asked = {}
        threading.Thread(target=self._read, daemon=True).start()
        self.session = self._ask({"janus": "create"})["data"]["id"]

    def _read(self):
        """Takes everything that comes, so that what nobody waits for does not hold Janus up."""
        while text := self.socket.receive():
            message = json.loads(text)
            if message["janus"] != "ack" and (waiting := self.asked.get(message.get("transaction"))):
                waiting.put(message)

    def _ask(self, message):
        transaction = str(next(self.numbers))
        self.asked[transaction] = queue.SimpleQueue()
        try:
            self.socket.send(json.dumps(message | {"transaction": transaction}))
            answer = self.asked[transaction].get(timeout=PATIENCE)
        except queue.Empty:
            raise JanusError(f"Janus did not answer within {PATIENCE} s") from None
        finally:
            del self.asked[transaction]
        if answer["janus"] == "error":
            raise JanusError(answer["error"]["reason"])
        if problem := answer.get("plugindata", {}).get("data", {}).get("error"):
            raise JanusError(problem)
        return answer

    def attach(self):
        message = {"janus": "attach", "session_id": self.session, "plugin": "janus.plugin.videoroom"}
        return self._ask(message)["data"]["id"]

    def detach(self, handle):
        self._ask({"janus": "detach", "session_id": self.session, "handle_id": handle})

    def say(self, handle, body, jsep=None):
        message = {"janus": "message", "session_id": self.session, "handle_id": handle, "body": body}
        return self._ask(message | ({"jsep": jsep} if jsep else {}))


@dataclasses.dataclass(frozen=True)
class Feed:
    """A publisher in the room, and on which of its m-lines it sends what."""

    number: int
    mids: dict  # by kind


class Description:
    """An SDP as its head and its m-lines, each a list of lines."""

    def __init__(self, text):
        self.sections = [[]]
        for line in text.splitlines():
            if line.startswith("m="):
                self.sections.append([])
            self.sections[-1].append(line)

    @property
    def head(self):
        return self.sections[0]

    @property
    def media(self):
        return self.sections[1:]

    def first(self, name):
        """Value of the first attribute of that name, wherever it stands."""
        return next(line.partition(":")[2] for lines in self.sections for line in lines if line.startswith(f"a={name}:"))


def kind(section):
    return section[0].removeprefix("m=").split()[0]


def mid(section):
    return next(line.removeprefix("a=mid:") for line in section if line.startswith("a=mid:"))


def wanted_streams(feeds, viewers):
    """What each m-line of a viewer's offer receives: the n-th of a kind what the n-th feed sends of it."""
    used = collections.Counter()
    wanted = []
    for section in viewers.media:
        feed = feeds[used[kind(section)]]
        used[kind(section)] += 1
        wanted.append({"feed": feed.number, "mid": feed.mids[kind(section)]})
    return wanted


def extensions(section):
    return {line.split()[1] for line in section if line.startswith("a=extmap:")}


def mirrored(offer, transport, setup, direction, keep):
    """An answer that takes all of `offer`, with the credentials of `transport`; `keep(line, number)` for m-lines."""
    ours = [f"a={name}:{transport.first(name)}" for name in ("ice-ufrag", "ice-pwd", "fingerprint")]
    candidates = [line for line in transport.media[0] if line.startswith("a=candidate:")]
    dropped = ("a=candidate:", "a=end-of-candidates", "a=ice-", "a=fingerprint:", "a=setup:", "a=sendonly", "a=recvonly", "a=sendrecv")
    lines = [line for line in offer.head if not line.startswith(dropped)]
    for number, section in enumerate(offer.media):
        lines += [line for line in section if not line.startswith(dropped) and keep(line, number)]
        lines += [*ours, *candidates, f"a=setup:{setup}", f"a={direction}"]
    return "\r\n".join(lines) + "\r\n"


class Adapter:
    def __init__(self, janus):
        self.janus = janus
        self.feeds = {}  # by publication

    def publish(self, name, offer):
        handle = self.janus.attach()
        # Janus would be the DTLS client otherwise; the generator is one.
        jsep = {"type": "offer", "sdp": offer.replace("a=setup:actpass", "a=setup:active")}
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": ROOM, "display": name}
        answer = self.janus.say(handle, body, jsep)
        mids = {kind(section): mid(section) for section in Description(offer).media}
        self.feeds[name] = Feed(answer["plugindata"]["data"]["id"], mids)
        return handle, answer["jsep"]["sdp"]

    def view(self, names, offer):
        handle = self.janus.attach()
        viewers = Description(offer)
        try:
            wanted = wanted_streams([self.feeds[name] for name in names], viewers)
        except LookupError as missing:
            raise JanusError(f"nobody publishes for all of the m-lines: {missing!r}") from None
        body = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": wanted}
        joined = self.janus.say(handle, body)
        theirs = Description(joined["jsep"]["sdp"])
        given = [{"feed": stream["feed_id"], "mid": stream["feed_mid"]} for stream in joined["plugindata"]["data"]["streams"]]
        if given != wanted or [kind(section) for section in theirs.media] != [kind(section) for section in viewers.media]:
            raise JanusError("Janus offers other m-lines than were asked for")

        known = [extensions(section) for section in viewers.media]
        own = ("a=ssrc", "a=msid:")

        def keep(line, number):
            return not line.startswith(own) and (not line.startswith("a=extmap:") or line.split()[1] in known[number])

        answer = mirrored(theirs, viewers, "active", "recvonly", keep)
        self.janus.say(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        return handle, mirrored(theirs, theirs, "passive", "sendonly", lambda *_: True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    adapter = None

    def do_POST(self):
        _, protocol, _, names = self.path.split("/")
        offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            if protocol == "whip":
                handle, answer = self.adapter.publish(names, offer)
            else:
                handle, answer = self.adapter.view(names.split(","), offer)
        except JanusError as problem:
            return self.reply(503, str(problem))
        self.reply(201, answer, {"Content-Type": "application/sdp", "Location": f"{self.path}/{handle}"})

    def do_DELETE(self):
        try:
            self.adapter.janus.detach(int(self.path.rpartition("/")[2]))
        except JanusError as problem:
            return self.reply(404, str(problem))
        self.reply(200)

    def reply(self, status, body="", headers=()):
        self.send_response(status)
        for name, value in dict(headers, **{"Content-Length": len(body.encode())}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def serve(janus_port):
    """Starts answering on a free port of this machine's loopback and returns it."""
    janus = Janus(janus_port)
    created = {"request": "create", "room": ROOM, "publishers": 1000, "audiocodec": "opus", "videocodec": "vp8",
               "bitrate": 0, "transport_wide_cc_ext": True, "notify_joining": False}
    janus.say(janus.attach(), created)
    handler = type("Handler", (Handler,), {"adapter": Adapter(janus)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port
