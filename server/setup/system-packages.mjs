// Programs of the operating system that the commands need: one table of what is needed, how to see that it is
// there, and which Debian packages bring it. Installs them where that is allowed, else prints the one command.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ask, runLines } from './processes.mjs';
import { SetupFault, say } from './say.mjs';

const installTimeoutMs = 30 * 60_000;
const python = '/usr/bin/python3';
const gstreamerProbe = `
import gi
gi.require_version('GstRtspServer', '1.0'); gi.require_version('GstApp', '1.0')
from gi.repository import Gst, GstApp, GstRtspServer
Gst.init(None)
elements = ('x264enc', 'rtph264pay', 'h264parse', 'textoverlay', 'videotestsrc', 'jpegenc', 'rtpjpegpay', 'x265enc')
raise SystemExit(0 if all(Gst.ElementFactory.find(name) for name in elements) else 1)
`;

const webrtcProbe = `
import gi
gi.require_version('Gst', '1.0'); gi.require_version('GstWebRTC', '1.0'); gi.require_version('GstSdp', '1.0')
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
raise SystemExit(0 if all(Gst.ElementFactory.find(name) for name in ('webrtcbin', 'nicesink', 'rtspsrc')) else 1)
`;

/** What can be needed: for whom, how to tell that it is there, the packages, and why. */
const needs = [
  {
    name: 'ffmpeg',
    why: 'to transcode cameras that do not speak H.264, and to encode those of the load test',
    groups: ['server'],
    present: () => inPath('ffmpeg'),
    packages: ['ffmpeg'],
  },
  {
    name: 'Chromium',
    why: 'to look at pictures in a real browser',
    groups: ['tests'],
    present: () => inPath('chromium'),
    packages: ['chromium', 'fonts-dejavu-core'],
  },
  {
    name: 'Firefox',
    why: 'to see how the viewer does in a browser of another make',
    groups: ['tests'],
    present: () => inPath('firefox-esr'),
    packages: ['firefox-esr'],
  },
  {
    name: 'git',
    why: 'to list the files the tests look at',
    groups: ['tests'],
    present: () => inPath('git'),
    packages: ['git'],
  },
  {
    name: 'the ip, unshare and nsenter programs',
    why: 'to put a browser into a network of its own',
    groups: ['tests'],
    present: () => ['ip', 'unshare', 'nsenter'].every(inPath),
    packages: ['iproute2', 'util-linux'],
  },
  {
    name: 'a TURN server (coturn)',
    why: 'to see short-lived TURN credentials accepted and refused',
    groups: ['tests'],
    present: () => inPath('turnserver'),
    packages: ['coturn'],
    // Else its package would open a TURN server on this machine.
    keepStopped: 'coturn.service',
  },
  {
    name: 'a GStreamer RTSP server',
    why: 'to play the cameras of the demo and the tests',
    groups: ['cameras', 'tests'],
    present: () => ask(python, ['-c', gstreamerProbe]).ok,
    packages: [
      'python3-gi',
      'gir1.2-gst-rtsp-server-1.0',
      'gir1.2-gst-plugins-base-1.0',
      'gstreamer1.0-plugins-base',
      'gstreamer1.0-plugins-good',
      'gstreamer1.0-plugins-bad',
      'gstreamer1.0-plugins-ugly',
      'gstreamer1.0-libav',
      // Holds the plugin that draws text into the picture.
      'gstreamer1.0-x',
      'fonts-dejavu-core',
    ],
  },
  {
    name: 'VLC',
    why: 'to test with an RTSP server that sends over UDP alone',
    groups: ['tests'],
    present: () => inPath('vlc'),
    packages: ['vlc-bin', 'vlc-plugin-base'],
  },
  {
    name: "GStreamer's WebRTC",
    why: 'to publish a camera as a box at its owner does',
    groups: ['tests'],
    present: () => ask(python, ['-c', webrtcProbe]).ok,
    packages: ['python3-gi', 'gir1.2-gst-plugins-bad-1.0', 'gstreamer1.0-plugins-bad', 'gstreamer1.0-nice'],
  },
  {
    name: 'the openssl program',
    why: 'to test DTLS handshakes against, and to make certificates for tests',
    groups: ['smoke', 'tests'],
    present: () => inPath('openssl'),
    packages: ['openssl'],
  },
  {
    name: 'a C++ compiler and libraries',
    why: 'to build the media worker',
    groups: ['worker-build'],
    present: () =>
      ['meson', 'ninja', 'g++', 'pkg-config', 'flatc'].every(inPath) &&
      ask('pkg-config', ['--exists', 'libuv', 'openssl', 'libsrtp2', 'absl_flat_hash_map', 'flatbuffers']).ok,
    packages: [
      'meson',
      'ninja-build',
      'pkg-config',
      'g++',
      'libuv1-dev',
      'libssl-dev',
      'libsrtp2-dev',
      'libabsl-dev',
      'libflatbuffers-dev',
      'flatbuffers-compiler',
    ],
  },
];

/** Makes sure that everything of these groups is there; throws a SetupFault with the command to run if it may not. */
export async function provideSystemPackages(...groups) {
  const missing = needs.filter((need) => need.groups.some((group) => groups.includes(group)) && !need.present());
  if (missing.length === 0) return;
  for (const need of missing) say(`${need.name} is missing; it is needed ${need.why}`);
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  const prefix = installerPrefix();
  if (prefix === undefined) {
    throw new SetupFault(`Please run this, then start again:\n\n  ${commandFor(packages)}\n`);
  }
  for (const { keepStopped } of missing) if (keepStopped !== undefined) await keepFromStarting(prefix, keepStopped);
  await install(prefix, packages);
  const still = missing.filter((need) => !need.present()).map((need) => need.name);
  if (still.length > 0) throw new SetupFault(`Installed ${packages.join(' ')}, but still missing: ${still.join(', ')}`);
}

/** Services of a package would start with its installation; where nobody runs services there is nothing to do. */
async function keepFromStarting(prefix, unit) {
  if (!existsSync('/run/systemd/system')) return;
  say(`systemctl mask ${unit}`);
  const [program, ...rest] = [...prefix, 'systemctl', 'mask', unit];
  await runLines(program, rest, { env: process.env, timeoutMs: installTimeoutMs, onLine: () => undefined });
}

async function install(prefix, packages) {
  const aptGet = [...prefix, 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300'];
  const steps = [
    ['update', ['update']],
    [`install ${packages.join(' ')}`, ['install', '-y', '--no-install-recommends', ...packages]],
  ];
  for (const [title, args] of steps) {
    say(`apt-get ${title}`);
    const [program, ...rest] = [...aptGet, ...args];
    const lines = [];
    const code = await runLines(program, rest, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: installTimeoutMs,
      onLine: (line) => lines.push(line),
    });
    // A failed update (one mirror of several down) may still leave usable lists; a failed install is final.
    if (code !== 0 && args[0] === 'install') {
      throw new SetupFault(
        `${lines.slice(-8).join('\n')}\nPlease run this, then start again:\n\n  ${commandFor(packages)}\n`,
      );
    }
  }
}

/** How apt-get may be run here: as root, by a sudo that asks for no password, or (undefined) not at all. */
function installerPrefix() {
  if (!inPath('apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  return inPath('sudo') && ask('sudo', ['-n', 'true']).ok
    ? ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
    : undefined;
}

function commandFor(packages) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return inPath('apt-get')
    ? `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${packages.join(' ')}`
    : `(your system's package installer, for what Debian calls) ${packages.join(' ')}`;
}

function inPath(program) {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => dir !== '' && existsSync(join(dir, program)));
}
