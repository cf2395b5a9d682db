/*
 * The options of a run: one table of flags with their readers, defaults and help; a JSON file may hold the same names, and
 * flags win over it. Every problem is told at once. Pure but for looking at files.
 */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { FIGURE_NAMES } from './figures.ts';
import {
  type Reader,
  readBitrate,
  readDuration,
  readInteger,
  readRate,
  readShare,
  readSize,
  readText,
  readUrl,
  readWord,
} from './option-values.ts';
import { SCENARIOS } from './schedule.ts';
import { parseThreshold, type Threshold } from './thresholds.ts';

const HOUR_MS = 3_600_000;
const AGENTS_MAX = 32;
const VIEWERS_MAX = 20_000;

type Flag<T = unknown, D extends string | null = string | null> = {
  readonly read: Reader<T>;
  /** Null for an option that may be left out. */
  readonly fallback: D;
  readonly help: string;
};
const flag = <T, D extends string | null>(read: Reader<T>, fallback: D, help: string): Flag<T, D> => ({
  read,
  fallback,
  help,
});

/** Half of a small machine is the server's in a run on one machine. */
const agentsUsual = String(Math.max(1, Math.floor(availableParallelism() / 2)));

const flags = {
  url: flag(readUrl, null, 'the running deployment to test'),
  'operator-key': flag(readText, null, 'its operator key: cameras, owner, incident are set up and taken away again'),
  'agency-key': flag(readText, null, 'instead: its agency key, with --incident, to watch cameras that are there'),
  incident: flag(readText, null, 'the incident whose cameras are watched'),
  scenario: flag(readWord(...SCENARIOS), 'steady', `what happens: ${SCENARIOS.join(', ')}`),
  cameras: flag(readInteger(1, 1_000), '4', 'virtual cameras'),
  viewers: flag(readInteger(1, VIEWERS_MAX), '100', 'virtual viewers, dealt out over the cameras'),
  duration: flag(readDuration(2_000, 24 * HOUR_MS), '30s', 'how long it runs after the cameras are up'),
  arrivals: flag(readRate, null, 'joins a second; the scenario has its own otherwise'),
  every: flag(readDuration(500, HOUR_MS), '5s', 'between withdrawals, reboots, or a flapping viewer’s comings'),
  loss: flag(readShare, '0', 'share of packets the network loses on the way to the virtual viewers'),
  browsers: flag(readInteger(0, 20), '0', 'real Chromium viewers beside them'),
  agents: flag(readInteger(1, AGENTS_MAX), agentsUsual, 'processes the viewers are spread over'),
  workers: flag(readInteger(1, 16), '1', 'media workers of the server of --self'),
  'feeds-per-connection': flag(readInteger(1, 18), null, 'viewers that share a control connection, as on a wall'),
  codec: flag(readWord('h264', 'h265'), 'h264', 'what the cameras send: h264, h265'),
  size: flag(readSize, '1280x720', 'their picture'),
  fps: flag(readInteger(1, 60), '15', 'their pictures a second'),
  gop: flag(readDuration(200, 20_000), '4s', 'from one key picture to the next'),
  bitrate: flag(readBitrate, '1500k', 'their bit rate'),
  'camera-loss': flag(readShare, '0', 'share of packets they lose on the way'),
  'camera-start': flag(readWord('key-picture', 'mid-group'), 'key-picture', 'where a pull begins'),
  'camera-host': flag(readText, '127.0.0.1', 'the address they listen on and the server pulls from'),
  'camera-login': flag(readText, null, 'user:password they ask for by Digest'),
  seed: flag(readInteger(0, 999_999_999), '1', 'of all chance; the same seed gives the same run'),
  json: flag(readText, null, 'file for the figures as JSON'),
  html: flag(readText, null, 'file for the report as one HTML page'),
} as const;

type FlagName = keyof typeof flags;
type ValueOf<F> = F extends Flag<infer T, infer D> ? (D extends null ? T | null : T) : never;
type Values = { readonly [N in FlagName]: ValueOf<(typeof flags)[N]> };

export type RunOptions = Values & {
  readonly target: 'self' | 'deployment';
  readonly thresholds: readonly Threshold[];
};
export type ReadOptions =
  | { readonly kind: 'run'; readonly options: RunOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

type Given = { readonly texts: Map<string, string>; readonly thresholds: string[]; readonly problems: string[] };

export function describeOptions(): string {
  const width = Math.max(...Object.keys(flags).map((name) => name.length)) + 4;
  const row = (name: string, help: string): string => `  ${`--${name}`.padEnd(width)}${help}`;
  const rows = Object.entries(flags).map(([name, { fallback, help }]) =>
    row(name, fallback === null ? help : `${help} (${fallback})`),
  );
  return [
    'npm run loadtest -- --self --cameras 4 --viewers 100 --duration 30s',
    '',
    row('self', 'start a server of its own on this machine and test that'),
    ...rows,
    row('threshold', "may be repeated: 'first_frame_p95<500ms'; see loadtest/README.md for the figures"),
    row('config', 'JSON file with the same names; flags win over it'),
    '',
    'Exit codes: 0 passed, 99 a threshold failed, 3 the harness was saturated, 2 bad input, 1 the run broke.',
  ].join('\n');
}

/** Reads the command line. Flags are `--name value` or `--name=value`; `--self` has none. */
export function readOptions(args: readonly string[]): ReadOptions {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  const given = collect(args);
  const values: Record<string, unknown> = {};
  for (const [name, { read, fallback }] of Object.entries(flags) as [FlagName, Flag][]) {
    const text = given.texts.get(name) ?? fallback;
    values[name] = null;
    if (text === null) continue;
    const result = read(text);
    if (result.ok) values[name] = result.value;
    else given.problems.push(`--${name} ${text}: ${result.problem}`);
  }
  const thresholds = given.thresholds.flatMap((text) => {
    const parsed = parseThreshold(text, FIGURE_NAMES);
    if ('problem' in parsed) given.problems.push(parsed.problem);
    return 'problem' in parsed ? [] : parsed;
  });
  const target = given.texts.has('self') ? 'self' : 'deployment';
  const options = { ...values, target, thresholds } as unknown as RunOptions;
  const problems = [...given.problems, ...(given.problems.length === 0 ? contradictions(options) : [])];
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'run', options };
}

function collect(args: readonly string[]): Given {
  const given: Given = { texts: new Map(), thresholds: [], problems: [] };
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(args[at] ?? '');
    const name = match?.[1] ?? '';
    const isKnown = name === 'self' || name === 'threshold' || name === 'config' || Object.hasOwn(flags, name);
    if (!match || !isKnown) {
      given.problems.push(`${args[at]}: there is no such option; --help lists them`);
      continue;
    }
    if (name === 'self') {
      given.texts.set('self', 'yes');
      continue;
    }
    let text = match[2];
    if (text === undefined) {
      at += 1;
      text = args[at];
    }
    if (text === undefined) given.problems.push(`--${name}: needs a value`);
    else if (name === 'threshold') given.thresholds.push(text);
    else if (name === 'config') readFile(text, given);
    else given.texts.set(name, text);
  }
  return given;
}

function readFile(path: string, given: Given): void {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content !== 'object' || content === null || Array.isArray(content)) throw new Error('must be an object');
    for (const [name, value] of Object.entries(content)) {
      if (name === 'thresholds' && Array.isArray(value)) given.thresholds.push(...value.map(String));
      else if (name === 'self' && value === true) given.texts.set('self', 'yes');
      else if (!Object.hasOwn(flags, name)) given.problems.push(`${path}: there is no option "${name}"`);
      else if (!given.texts.has(name)) given.texts.set(name, String(value));
    }
  } catch (fault) {
    given.problems.push(`--config ${path}: ${(fault as Error).message}`);
  }
}

const hasPlace = (path: string | null): boolean => path === null || existsSync(dirname(resolve(path)));

/** From a withdrawal to the next of the same camera: seen to be dark, tried, signed again, and watched again. */
const AGAIN_MS = 3_000;
const isTroubled = (scenario: string): boolean => scenario === 'withdrawals' || scenario === 'reboots';

type Contradiction = readonly [when: (options: RunOptions) => boolean, problem: string];

const contradictionRows: readonly Contradiction[] = [
  [({ target, url }) => target === 'self' && url !== null, '--self and --url: choose one'],
  [({ target, url }) => target === 'deployment' && url === null, 'say what to test: --self, or --url with a key'],
  [
    (options) => options.url !== null && options['operator-key'] === null && options['agency-key'] === null,
    '--url needs --operator-key, or --agency-key with --incident',
  ],
  [
    (options) => options['agency-key'] !== null && options.incident === null,
    '--agency-key needs --incident: the incident whose cameras are watched',
  ],
  [
    (options) => options['agency-key'] !== null && isTroubled(options.scenario),
    'withdrawals and reboots need cameras of the harness: --self, or --url with --operator-key',
  ],
  [({ viewers, cameras }) => viewers < cameras, '--viewers must be at least --cameras'],
  [
    ({ scenario, every, cameras }) => isTroubled(scenario) && every * cameras < AGAIN_MS,
    '--every: a camera needs three seconds from one withdrawal or reboot to the next; take a longer one or more cameras',
  ],
  // Found out after the run, it would cost the run.
  [({ json }) => !hasPlace(json), '--json: its directory is not there'],
  [({ html }) => !hasPlace(html), '--html: its directory is not there'],
];

function contradictions(options: RunOptions): readonly string[] {
  return contradictionRows.flatMap(([when, problem]) => (when(options) ? problem : []));
}
