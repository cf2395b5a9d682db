/*
 * The table of settings: the name of each SALLYPORT_* variable, how its text is read, what stands when it is absent, and
 * what it is for. The configuration and its help text are both read off this table. Pure but for looking at named files.
 */
import { availableParallelism } from 'node:os';
import {
  parseAnnounced,
  parseFile,
  parseHosts,
  parseIceServers,
  parseInteger,
  parseNetworks,
  parseOrigins,
  parsePortRange,
  parseProxies,
  parsePublicUrl,
  parseText,
  parseWord,
  type Refuse,
  refuseAny,
} from './config-values.ts';

type Setting = {
  readonly name: `SALLYPORT_${string}`;
  readonly parse: (text: string, refuse: Refuse) => unknown;
  /** The text read when the variable is absent or empty. */
  readonly fallback: string;
  /** What stands then, where that is not the fallback itself. */
  readonly absent?: string;
  readonly help: string;
};

const LOG_LEVELS = ['info', 'debug', 'warn', 'error', 'silent'] as const;
/** As many as the media adapter takes. */
const WORKERS_MAX = 64;
const TRANSCODERS_MAX = 256;

export const settings = {
  hosts: {
    name: 'SALLYPORT_HOST',
    parse: parseHosts,
    fallback: '127.0.0.1',
    help: 'Address to listen on, for HTTP and media; one of each IP version, comma separated.',
  },
  port: {
    name: 'SALLYPORT_PORT',
    parse: parseInteger(1, 65_535),
    fallback: '8080',
    help: 'TCP port of HTTP and the control connection.',
  },
  publicUrl: {
    name: 'SALLYPORT_PUBLIC_URL',
    parse: parsePublicUrl,
    fallback: '',
    absent: 'http://localhost:<port> on loopback, else needed',
    help: 'How browsers reach it: https, or localhost.',
  },
  dataDirectory: {
    name: 'SALLYPORT_DATA_DIR',
    parse: parseText,
    fallback: './data',
    help: 'The one directory that holds everything.',
  },
  databaseUrl: {
    name: 'SALLYPORT_DATABASE_URL',
    parse: refuseAny('only the embedded database is there yet; leave this setting out'),
    fallback: '',
    absent: 'the embedded database',
    help: 'A database that several nodes share; not there yet.',
  },
  rtcPort: {
    name: 'SALLYPORT_RTC_PORT',
    parse: parseInteger(1, 65_535),
    fallback: '44000',
    help: 'One UDP and TCP port for each media worker from here up.',
  },
  announcedAddresses: {
    name: 'SALLYPORT_ANNOUNCED_ADDRESS',
    parse: parseAnnounced,
    fallback: '',
    absent: 'the host, unless that is every address',
    help: 'The address or name viewers send media to; one of each IP version. Not loopback while the host is: media then listens on every address.',
  },
  iceServers: {
    name: 'SALLYPORT_ICE_SERVERS',
    parse: parseIceServers,
    fallback: '[]',
    absent: 'none',
    help: 'JSON list of ICE servers handed to viewers; "secret" and "ttlS" make short-lived TURN credentials.',
  },
  workers: {
    name: 'SALLYPORT_WORKERS',
    parse: parseInteger(1, WORKERS_MAX),
    fallback: '1',
    help: 'Media workers, one core each.',
  },
  transcodersMax: {
    name: 'SALLYPORT_TRANSCODERS_MAX',
    parse: parseInteger(0, TRANSCODERS_MAX),
    // A 720p camera at 15 pictures a second takes a seventh of a core, a 1080p one at 30 most of one.
    fallback: String(Math.min(TRANSCODERS_MAX, 2 * availableParallelism())),
    absent: 'two for each core',
    help: 'Cameras that do not send H.264 and are transcoded at once, at most; 0 for none.',
  },
  tlsCert: {
    name: 'SALLYPORT_TLS_CERT',
    parse: parseFile,
    fallback: '',
    absent: 'no TLS',
    help: 'PEM file of the certificate chain.',
  },
  tlsKey: { name: 'SALLYPORT_TLS_KEY', parse: parseFile, fallback: '', absent: 'no TLS', help: 'PEM file of its key.' },
  trustedIssuers: {
    name: 'SALLYPORT_TRUSTED_ISSUERS',
    parse: parseText,
    fallback: '',
    absent: 'none',
    help: 'Outside issuers of consent tokens: a JSON list, or the path of a file that holds one.',
  },
  cameraNetworks: {
    name: 'SALLYPORT_CAMERA_NETWORKS',
    parse: parseNetworks,
    fallback: '',
    absent: 'none',
    help: 'Networks cameras may be pulled from, CIDR, comma separated.',
  },
  allowedOrigins: {
    name: 'SALLYPORT_ALLOWED_ORIGINS',
    parse: parseOrigins,
    fallback: '',
    absent: 'none',
    help: 'Further origins whose pages may connect, comma separated.',
  },
  cameraUdpPorts: {
    name: 'SALLYPORT_CAMERA_UDP_PORTS',
    parse: parsePortRange,
    fallback: '46000-46999',
    help: 'UDP ports that cameras which do not send over TCP send to, two for each track.',
  },
  bearerPlayers: {
    name: 'SALLYPORT_ALLOW_BEARER_PLAYERS',
    parse: parseWord(['false', 'true']),
    fallback: 'false',
    help: 'Whether standard players may bring a token without proof of its key: true or false.',
  },
  trustedProxies: {
    name: 'SALLYPORT_TRUSTED_PROXIES',
    parse: parseProxies,
    fallback: '',
    absent: 'none',
    help: 'Addresses or networks of proxies whose X-Forwarded-For is believed, comma separated.',
  },
  logLevel: {
    name: 'SALLYPORT_LOG_LEVEL',
    parse: parseWord(LOG_LEVELS),
    fallback: 'info',
    help: 'How much is logged: debug, info, warn, error or silent.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Key = keyof typeof settings;
export type SettingName = (typeof settings)[Key]['name'];
export type Values = { readonly [K in Key]: ReturnType<(typeof settings)[K]['parse']> };

const rows: readonly (readonly [string, Setting])[] = Object.entries(settings);

/** Reads every row; objections go to `refuse` under the name of their setting. Empty text counts as absent. */
export function readSettings(env: NodeJS.ProcessEnv, refuse: (name: string, why: string) => void): Values {
  const known = new Set(rows.map(([, { name }]) => name as string));
  for (const name of Object.keys(env)) {
    if (name.startsWith('SALLYPORT_') && !known.has(name))
      refuse(name, `there is no such setting; did you mean ${nearest(name, [...known])}?`);
  }
  const values = rows.map(([key, { name, parse, fallback }]) => {
    return [key, parse(env[name]?.trim() || fallback, (why) => refuse(name, why))];
  });
  // Each key holds what its own row has read.
  return Object.fromEntries(values) as Values;
}

/** The settings as lines of text: name, what it is for, what stands when it is absent. */
export function describeConfig(): readonly string[] {
  return rows.map(([, { name, help, fallback, absent }]) => `${name}  ${help} Default: ${absent ?? fallback}.`);
}

/** The known name that differs least, by single-letter edits. */
function nearest(name: string, known: readonly string[]): string {
  // No name of ours is half as long.
  const text = name.slice(0, 64);
  return known.reduce((best, one) => (editDistance(text, one) < editDistance(text, best) ? one : best));
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swapped = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
