#!/usr/bin/python3
"""Pushes an RTSP camera out to a Sallyport server by WHIP, from a box beside the camera: no open port is needed there.

The camera's H.264 goes through as it is. Uses GStreamer's webrtcbin, in Debian 12 and later:
  apt install python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-nice gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  SALLYPORT_PUBLISH_KEY=sp_publisher_... ./rtsp_to_whip.py rtsp://user:password@camera/stream https://city.example/v1/whip/cam_...
The key and the camera's address are never printed. Comes back by itself, with back-off, after whatever happens.
"""
import os
import random
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstWebRTC', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

ANSWER_WITHIN_S = 10
CONNECT_WITHIN_MS = 20_000
BACK_OFF_S_MIN = 1
BACK_OFF_S_MAX = 30
# Statuses that another try does not change: the key, the camera or the offer is wrong.
FINAL = {400, 401, 403, 404, 415, 422}


class Refused(Exception):
    """The server's no, with its status."""

    def __init__(self, status, text):
        super().__init__(f'the server answered {status}: {text}')
        self.status = status


def launch_line(rtsp_url):
    """The pipeline: one H.264 track, parameter sets before each key picture, packets that fit."""
    location = rtsp_url.replace('\\', '\\\\').replace('"', '\\"')
    return (f'webrtcbin name=out bundle-policy=max-bundle'
            f' rtspsrc name=in location="{location}" protocols=tcp latency=0'
            ' ! rtph264depay ! h264parse config-interval=-1 ! rtph264pay pt=96 mtu=1200 aggregate-mode=zero-latency'
            ' ! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1'
            ' ! out.')


def post_offer(endpoint, key, sdp):
    """Posts the offer; answers the SDP answer and the session's URL."""
    headers = {'Authorization': f'Bearer {key}', 'Content-Type': 'application/sdp'}
    request = urllib.request.Request(endpoint, data=sdp.encode(), headers=headers, method='POST')
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
            location = urllib.parse.urljoin(answer.url, answer.headers['Location'])
            return answer.read().decode(), location
    except urllib.error.HTTPError as refusal:
        raise Refused(refusal.code, refusal.read(2_000).decode(errors='replace')) from None


def delete_session(url, key):
    request = urllib.request.Request(url, headers={'Authorization': f'Bearer {key}'}, method='DELETE')
    try:
        urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S).close()
    except OSError:
        pass  # The server notices by itself within ten seconds.


class Push:
    """One connection from the camera to the server, from its beginning to its end."""

    def __init__(self, rtsp_url, endpoint, key):
        self.endpoint, self.key = endpoint, key
        self.loop = GLib.MainLoop()
        self.failure = None
        self.session = None
        self.was_connected = False
        self.pipeline = Gst.parse_launch(launch_line(rtsp_url))
        self.out = self.pipeline.get_by_name('out')
        self.out.emit('get-transceiver', 0).set_property('direction', GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self.out.connect('on-negotiation-needed', lambda _: self.offer())
        self.out.connect('notify::ice-gathering-state', lambda *_: self.gathered())
        self.out.connect('notify::connection-state', lambda *_: GLib.idle_add(self.connection_changed))
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect('message::error', lambda _, message: self.end(f'the camera: {message.parse_error()[0].message}'))
        bus.connect('message::eos', lambda *_: self.end('the camera ended its stream'))

    def run(self):
        """Plays until something ends it; answers what did."""
        GLib.timeout_add(CONNECT_WITHIN_MS, self.too_late)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        if self.session:
            delete_session(self.session, self.key)
        return self.failure

    def too_late(self):
        if not self.was_connected:
            self.end('no connection within 20 s')
        return GLib.SOURCE_REMOVE

    def end(self, failure):
        self.failure = self.failure or failure
        self.loop.quit()

    def offer(self):
        self.out.emit('create-offer', None, Gst.Promise.new_with_change_func(self.offered))

    def offered(self, promise):
        # The description is a part of the reply, and gone with it.
        reply = promise.get_reply()
        offer = reply.get_value('offer')
        self.out.emit('set-local-description', offer, Gst.Promise.new())

    def gathered(self):
        if self.out.get_property('ice-gathering-state') != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return
        sdp = self.out.get_property('local-description').sdp.as_text()
        threading.Thread(target=self.ask, args=[sdp], daemon=True).start()

    def ask(self, sdp):
        try:
            text, self.session = post_offer(self.endpoint, self.key, sdp)
        except (OSError, Refused) as failure:
            GLib.idle_add(self.end, failure)
            return
        GLib.idle_add(self.answered, text)

    def answered(self, text):
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.out.emit('set-remote-description', answer, Gst.Promise.new())

    def connection_changed(self):
        state = self.out.get_property('connection-state')
        if state == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            self.was_connected = True
            print('connected', flush=True)
        if state in (GstWebRTC.WebRTCPeerConnectionState.FAILED, GstWebRTC.WebRTCPeerConnectionState.CLOSED):
            self.end('the server closed the connection')


def main():
    key = os.environ.get('SALLYPORT_PUBLISH_KEY', '')
    if len(sys.argv) != 3 or not key:
        print(__doc__, file=sys.stderr)
        return 2
    Gst.init(None)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    back_off_s = BACK_OFF_S_MIN
    while True:
        push = Push(sys.argv[1], sys.argv[2], key)
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGINT, lambda: push.end(KeyboardInterrupt()) or True)
        failure = push.run()
        if isinstance(failure, KeyboardInterrupt):
            return 0
        print(failure, file=sys.stderr, flush=True)
        if isinstance(failure, Refused) and failure.status in FINAL:
            return 1
        back_off_s = BACK_OFF_S_MIN if push.was_connected else min(BACK_OFF_S_MAX, back_off_s * 2)
        threading.Event().wait(back_off_s * random.uniform(0.5, 1))


if __name__ == '__main__':
    raise SystemExit(main())
