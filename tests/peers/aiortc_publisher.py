"""A WHIP publisher that shares no code with us or with any browser: aiortc sends a moving test picture.

Arguments: the WHIP address and a bearer ticket. Prints one line of JSON when it is connected and one when it ends;
runs until its input closes, then ends its session with DELETE (RFC 9725 section 4.2).
"""

import asyncio
import fractions
import json
import sys
import urllib.parse
import urllib.request

import av
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack


class MovingPicture(VideoStreamTrack):
    """A bright bar that walks over a dark picture, 320x240."""

    def __init__(self):
        super().__init__()
        self.at = 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = av.VideoFrame(320, 240, "gray")
        plane = picture.planes[0]
        row = bytearray(b"\x20" * plane.line_size)
        left = (self.at * 4) % 280
        row[left : left + 40] = b"\xe0" * 40
        plane.update(bytes(row) * 240)
        self.at += 1
        picture = picture.reformat(format="yuv420p")
        picture.pts, picture.time_base = pts, fractions.Fraction(time_base)
        return picture


def request(method, url, ticket, body=None):
    headers = {"authorization": f"Bearer {ticket}"}
    if body is not None:
        headers["content-type"] = "application/sdp"
    call = urllib.request.Request(url, data=body, headers=headers, method=method)
    with urllib.request.urlopen(call, timeout=10) as answer:
        return answer.status, answer.headers.get("location"), answer.read().decode()


async def main(url, ticket):
    peer = RTCPeerConnection()
    peer.addTrack(MovingPicture())
    connected = asyncio.Event()

    @peer.on("connectionstatechange")
    async def changed():
        if peer.connectionState == "connected":
            connected.set()

    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.encode()
    status, location, sdp = await asyncio.to_thread(request, "POST", url, ticket, offer)
    await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
    await asyncio.wait_for(connected.wait(), 15)
    print(json.dumps({"connected": True, "status": status}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    resource = urllib.parse.urljoin(url, location)
    status, _, _ = await asyncio.to_thread(request, "DELETE", resource, ticket)
    await peer.close()
    print(json.dumps({"deleted": status}), flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2]))
