#!/usr/bin/python3
"""Simulated RTSP cameras for the demo and the tests: moving pictures with a burnt-in clock, on the loopback address.

Prints one JSON line {"ready": true, "port": N, "paths": [...], "cameras": [{"path", "port"}]} when the cameras can be
watched, then one line per event (pulled, released, key-frame-request). Ends when its input closes, so that nothing
outlives its parent. Locked cameras beside open ones are served on a port of their own.

The clock is there twice: as text, and as 40 blocks in the top 16 rows, each a fortieth of the width, which are
the milliseconds since 1970 modulo 2^40 in binary, highest bit first, white for 1.

  cameras.py --port 8554 --gop 60 --ignore-pli --auth user:secret --name 'Main Street'
  cameras.py --camera '{"path": "/a", "scene": "day"}' --camera '{"path": "/b", "locked": true}' --auth user:secret
"""
import argparse
import json
import os
import signal
import sys

from gi.repository import GLib

from pipelines import AUDIO, ENCODERS
from scene import CLOCK_BITS, SCENES


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--port', type=int, default=0, help='0 takes any free one')
    parser.add_argument('--auth', default='', metavar='USER:PASSWORD')
    parser.add_argument('--auth-method', choices=('digest', 'basic'), default='digest')
    parser.add_argument('--camera', action='append', default=[], metavar='JSON',
                        help='one camera; its keys (with _) go before the options below; may be repeated')
    parser.add_argument('--path', default='/live')
    parser.add_argument('--name', default='Camera', help='title drawn into the picture')
    parser.add_argument('--scene', choices=tuple(SCENES), default='day')
    parser.add_argument('--codec', choices=tuple(ENCODERS), default='h264')
    parser.add_argument('--profile', choices=('constrained-baseline', 'main', 'high'), default='constrained-baseline')
    parser.add_argument('--audio', choices=tuple(AUDIO), default='none')
    parser.add_argument('--clapper', action='store_true', help='a white picture and a tick at each full second, to see lip sync')
    parser.add_argument('--size', default='1280x720', metavar='WxH', help='width a multiple of 80, height of 4')
    parser.add_argument('--fps', type=int, default=15)
    parser.add_argument('--gop', type=int, default=60, help='frames from one key frame to the next')
    parser.add_argument('--bitrate-kbps', type=int, default=1500)
    parser.add_argument('--mtu', type=int, default=1400, help='largest RTP packet in bytes')
    parser.add_argument('--config-interval', type=int, default=-1, help='-1: SPS and PPS with each key frame, 0: in the SDP only')
    parser.add_argument('--ignore-pli', action='store_true', help='send no key frame on request, as many cameras do')
    parser.add_argument('--transport', choices=('any', 'udp'), default='any',
                        help='udp: refuse RTP inside the RTSP connection, as some cameras do')
    parser.add_argument('--locked', action='store_true', default=None, help='ask for credentials (default with --auth)')
    return parser, parser.parse_args(arguments)


def cameras_of(parser, options):
    """Gives the cameras as dicts with every key set; ends the program on a wrong one."""
    defaults = {key: value for key, value in vars(options).items() if key not in ('port', 'auth', 'auth_method', 'camera')}
    if options.locked is None:
        defaults['locked'] = options.auth != '' and not options.camera
    cameras = []
    for text in options.camera or ['{}']:
        camera = {**defaults, **json.loads(text)}
        unknown = set(camera) - set(defaults)
        if unknown:
            parser.error(f'unknown camera keys: {", ".join(sorted(unknown))}')
        camera['width'], camera['height'] = (int(part) for part in camera.pop('size').split('x'))
        if camera['width'] % (2 * CLOCK_BITS) or camera['height'] % 4:
            parser.error('--size: the width must be a multiple of 80, the height of 4')
        cameras.append(camera)
    if options.auth.count(':') < 1 and any(camera['locked'] for camera in cameras):
        parser.error('a locked camera needs --auth USER:PASSWORD')
    if len({camera['path'] for camera in cameras}) < len(cameras):
        parser.error('two cameras have the same path')
    return cameras


def say(line):
    try:
        # Streaming threads speak too: one write a line, so that two lines never run into each other.
        os.write(sys.stdout.fileno(), (json.dumps(line) + "\n").encode())
    except BrokenPipeError:
        sys.exit(0)


def clean_sessions(servers):
    for server in servers:
        server.get_session_pool().cleanup()
    return True


def main():
    parser, options = parse_options(sys.argv[1:])
    cameras = cameras_of(parser, options)
    from rtsp_mounts import SESSION_CLEANUP_S, Gst, serve
    Gst.init(None)
    credentials = (*options.auth.split(':', 1), options.auth_method) if options.auth else None
    servers, ports = [], {}
    for locked in (False, True):
        group = [camera for camera in cameras if camera['locked'] == locked]
        if group:
            server, port = serve(group, 0 if servers else options.port, credentials if locked else None, say)
            servers.append(server)
            ports.update((camera['path'], port) for camera in group)
    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    GLib.timeout_add_seconds(SESSION_CLEANUP_S, lambda: clean_sessions(servers))
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_HIGH, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                      lambda *_: bool(sys.stdin.buffer.raw.read(4096)) or loop.quit())
    paths = [camera['path'] for camera in cameras]
    say({'ready': True, 'port': ports[paths[0]], 'paths': paths,
         'cameras': [{'path': path, 'port': ports[path]} for path in paths]})
    loop.run()


main()
