#!/usr/bin/env python3
"""A WHIP publisher and a WHEP viewer that are no browser: aiortc.

  aiortc_client.py publish http://localhost:8080/whip/demo/hall --token ... --seconds 20
  aiortc_client.py view    http://localhost:8080/whep/demo/hall --token ... --frames 50

The viewer ends with one line of JSON: pictures decoded, how many differ from the one before, samples of sound, its loudness, and the strongest
frequency (to 50 Hz) where it was loudest.
The publisher writes "connected" as soon as it is, and ends after --seconds or on end of input.
"""

import argparse
import asyncio
import fractions
import json
import math
import sys
import urllib.parse
import urllib.request

import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack
from av import AudioFrame, VideoFrame

SAMPLE_RATE = 48000
SAMPLES = 960  # 20 ms


class MovingBar(VideoStreamTrack):
    """640x360: a bright bar that walks over a gradient."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = numpy.zeros((360, 640, 3), numpy.uint8)
        picture[:, :, 0] = numpy.linspace(20, 120, 640, dtype=numpy.uint8)[None, :]
        left = (pts // 600) % 600
        picture[:, left : left + 40] = 230
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(MediaStreamTrack):
    """440 Hz."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.sent = 0
        self.began = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self.began = self.began or loop.time()
        await asyncio.sleep(max(0.0, self.began + self.sent / SAMPLE_RATE - loop.time()))
        phase = 2 * math.pi * 440 / SAMPLE_RATE * (numpy.arange(SAMPLES) + self.sent)
        frame = AudioFrame.from_ndarray((numpy.sin(phase) * 8000).astype(numpy.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self.sent, fractions.Fraction(1, SAMPLE_RATE)
        self.sent += SAMPLES
        return frame


def request(method, address, token, body=None):
    headers = {"Authorization": f"Bearer {token}"}
    if body is not None:
        headers["Content-Type"] = "application/sdp"
    made = urllib.request.Request(address, body.encode() if body is not None else None, headers, method=method)
    return urllib.request.urlopen(made, timeout=10)


async def connect(connection, address, token):
    """Offers, takes the answer, waits for the connection; returns the session's address."""
    connected = asyncio.get_running_loop().create_future()

    @connection.on("connectionstatechange")
    def changed():
        if connection.connectionState == "connected" and not connected.done():
            connected.set_result(None)
        if connection.connectionState == "failed" and not connected.done():
            connected.set_exception(RuntimeError("the connection failed"))

    await connection.setLocalDescription(await connection.createOffer())
    response = await asyncio.to_thread(request, "POST", address, token, connection.localDescription.sdp)
    answer = response.read().decode()
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.wait_for(connected, 15)
    return urllib.parse.urljoin(address, response.headers["Location"])


async def publish(arguments):
    connection = RTCPeerConnection()
    connection.addTransceiver(Tone(), direction="sendonly")
    connection.addTransceiver(MovingBar(), direction="sendonly")
    session = await connect(connection, arguments.endpoint, arguments.token)
    print("connected", flush=True)
    try:
        await asyncio.wait_for(asyncio.to_thread(sys.stdin.read), arguments.seconds)
    except asyncio.TimeoutError:
        pass
    await asyncio.to_thread(request, "DELETE", session, arguments.token)
    await connection.close()


async def view(arguments):
    connection = RTCPeerConnection()
    seen = {"pictures": 0, "changed": 0, "samples": 0, "loudness": 0.0, "frequency": 0, "width": 0, "height": 0}
    done = asyncio.Event()
    tasks = []

    def look():
        if seen["pictures"] >= arguments.frames and seen["changed"] > 0 and seen["loudness"] > 0:
            done.set()

    async def watch(track):
        previous = None
        while True:
            frame = await track.recv()
            picture = frame.to_ndarray(format="gray")
            seen["pictures"] += 1
            seen["width"], seen["height"] = frame.width, frame.height
            if previous is not None and previous.shape == picture.shape:
                seen["changed"] += int(numpy.abs(picture.astype(int) - previous).max() > 40)
            previous = picture
            look()

    async def listen(track):
        while True:
            frame = await track.recv()
            samples = frame.to_ndarray().astype(float)[0, :: len(frame.layout.channels)]
            seen["samples"] += samples.size
            loudness = float(numpy.sqrt((samples**2).mean()))
            if loudness > seen["loudness"]:
                strongest = int(numpy.abs(numpy.fft.rfft(samples)).argmax())
                seen["loudness"], seen["frequency"] = loudness, round(strongest * frame.sample_rate / samples.size)
            look()

    @connection.on("track")
    def added(track):
        tasks.append(asyncio.ensure_future(watch(track) if track.kind == "video" else listen(track)))

    connection.addTransceiver("audio", direction="recvonly")
    connection.addTransceiver("video", direction="recvonly")
    session = await connect(connection, arguments.endpoint, arguments.token)
    try:
        await asyncio.wait_for(done.wait(), arguments.seconds)
    except asyncio.TimeoutError:
        pass
    print(json.dumps(seen), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.to_thread(request, "DELETE", session, arguments.token)
    await connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["publish", "view"])
    parser.add_argument("endpoint")
    parser.add_argument("--token", required=True)
    parser.add_argument("--seconds", type=float, default=30, help="the longest it stays")
    parser.add_argument("--frames", type=int, default=50, help="pictures after which a viewer is content")
    arguments = parser.parse_args()
    asyncio.run(publish(arguments) if arguments.what == "publish" else view(arguments))


if __name__ == "__main__":
    main()
