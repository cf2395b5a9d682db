"""Serves simulated cameras by RTSP: one mount per camera, drawn and encoded only while somebody watches.

Called by cameras.py. `report` gets one dict per thing that happens, so that tests can count pulls and requests.
"""
import threading
import time

import gi

for library in ('Gst', 'GstApp', 'GstRtsp', 'GstRtspServer'):
    gi.require_version(library, '1.0')
from gi.repository import Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402  GstApp: appsrc's methods

from pipelines import launch_line  # noqa: E402
from scene import LOOP_FRAMES, WHITE, draw_loop, stamp_row  # noqa: E402

CLOCK_MASK = (1 << 40) - 1
SESSION_CLEANUP_S = 2
BASE_TIME_LOOK_S = 0.002
ROLE = 'user'
METHODS = {'digest': GstRtsp.RTSPAuthMethod.DIGEST, 'basic': GstRtsp.RTSPAuthMethod.BASIC}


class Pusher(threading.Thread):
    """Pushes frames into one appsrc at the camera's rate, each stamped with the moment it is pushed."""

    def __init__(self, source, camera, frames):
        super().__init__(daemon=True)
        self.source, self.camera, self.frames, self.alive = source, camera, frames, True

    def run(self):
        # A frame pushed between the pipeline's choice of a clock and of a base time is stamped with the machine's uptime,
        # and the sink would wait that long before it shows anything.
        while self.alive and self.source.get_base_time() == 0:
            time.sleep(BASE_TIME_LOOK_S)
        if self.camera['clapper']:
            time.sleep(self.until_next_frame_s())
        pushed, due = 0, time.monotonic()
        while self.alive:
            luma, u, v = self.frames[pushed % LOOP_FRAMES]
            if self.camera['clapper'] and self.claps():
                luma = bytes((WHITE,)) * len(luma)
            stamp = stamp_row(self.camera['width'], time.time_ns() // 1_000_000 & CLOCK_MASK)
            buffer = Gst.Buffer.new_wrapped(b''.join((stamp, luma, u, v)))
            if self.source.emit('push-buffer', buffer) != Gst.FlowReturn.OK:
                return
            pushed += 1
            due += 1 / self.camera['fps']
            time.sleep(max(0, due - time.monotonic()))


    def claps(self):
        """Whether this is the first frame of a second of the pipeline's own time, which the tick keeps to the sample."""
        return self.running_ns() % Gst.SECOND < Gst.SECOND // self.camera['fps']

    def until_next_frame_s(self):
        """How long until a frame that is pushed at the camera's rate falls on each full second, and just after it."""
        frame_ns = Gst.SECOND // self.camera['fps']
        return (frame_ns - self.running_ns() % frame_ns) / Gst.SECOND + 0.002

    def running_ns(self):
        return self.source.get_clock().get_time() - self.source.get_base_time()


class Mount:
    """One camera at one path."""

    def __init__(self, camera, report):
        self.camera, self.report = camera, report
        # Drawn now rather than at the first pull, which would have to wait for it.
        self.frames = draw_loop(camera['scene'], camera['width'], camera['height'], camera['path'])
        self.factory = GstRtspServer.RTSPMediaFactory()
        self.factory.set_launch(launch_line(camera))
        self.factory.set_shared(True)
        self.factory.set_latency(0)
        if camera['transport'] == 'udp':
            self.factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        self.factory.connect('media-configure', self.configure)

    def configure(self, _factory, media):
        element = media.get_element()
        pusher = Pusher(element.get_by_name('src'), self.camera, self.frames)
        probe = (Gst.PadProbeType.EVENT_UPSTREAM, self.on_upstream_event)
        element.get_by_name('enc').get_static_pad('src').add_probe(*probe)
        sound = element.get_by_name('pay1')
        if sound is not None:
            sound.get_static_pad('src').add_probe(Gst.PadProbeType.QUERY_UPSTREAM, hide_seeking)
        media.connect('prepared', report_capture_time)
        media.connect('unprepared', lambda _media: self.stop(pusher))
        self.report({'event': 'pulled', 'path': self.camera['path']})
        pusher.start()

    def stop(self, pusher):
        pusher.alive = False
        self.report({'event': 'released', 'path': self.camera['path']})

    def on_upstream_event(self, _pad, probe):
        structure = probe.get_event().get_structure()
        if structure is None or 'ForceKeyUnit' not in structure.get_name():
            return Gst.PadProbeReturn.OK
        ignored = self.camera['ignore_pli']
        self.report({'event': 'key-frame-request', 'path': self.camera['path'], 'ignored': ignored})
        return Gst.PadProbeReturn.DROP if ignored else Gst.PadProbeReturn.OK


def report_capture_time(media):
    """Has sender reports tell when a thing was seen or heard; they would tell when it was sent, whatever was late."""
    pipeline = media.get_element().get_parent()
    found = pipeline.iterate_all_by_element_factory_name('rtpbin')
    done, rtpbin = found.next()
    if done == Gst.IteratorResult.OK:
        rtpbin.set_property('rtcp-sync-send-time', False)


def hide_seeking(_pad, probe):
    """Keeps the test tone from offering to seek; a player's "Range: npt=0-" would then be a seek, and fail."""
    seeking = probe.get_query().type == Gst.QueryType.SEEKING
    return Gst.PadProbeReturn.DROP if seeking else Gst.PadProbeReturn.OK


def build_auth(user, password, method):
    """Gives the one account that may see the cameras of a locked server."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(METHODS[method])
    token = GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', ROLE)
    if method == 'digest':
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    return auth


def serve(cameras, port, credentials, report):
    """Starts one RTSP server on the loopback address; gives (server, port). The caller runs a GLib main loop.

    Credentials are asked for by a whole server: gst-rtsp-server answers 404, not 401, for a single locked path.
    """
    server = GstRtspServer.RTSPServer()
    server.set_address('127.0.0.1')
    server.set_service(str(port))
    if credentials is not None:
        server.set_auth(build_auth(*credentials))
    points = server.get_mount_points()
    for camera in cameras:
        factory = Mount(camera, report).factory
        if credentials is not None:
            permission = f'{ROLE}, media.factory.access=true, media.factory.construct=true'
            factory.add_role_from_structure(Gst.Structure.from_string(permission)[0])
        points.add_factory(camera['path'], factory)
    if server.attach(None) == 0:
        raise SystemExit(f'cameras: port {port} is taken')
    return server, server.get_bound_port()
