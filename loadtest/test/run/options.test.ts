/* The command line: what is read, what is refused, and in which words. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { describeOptions, type RunOptions, readOptions } from '../../src/run/options.ts';

function accepted(...args: string[]): RunOptions {
  const read = readOptions(args);
  if (read.kind !== 'run') throw new Error(JSON.stringify(read));
  return read.options;
}

t.test('the usual run', async (t) => {
  const options = accepted('--self', '--cameras', '4', '--viewers=100', '--duration', '30s');
  t.match(options, { target: 'self', cameras: 4, viewers: 100, duration: 30_000, scenario: 'steady', url: null });
  t.match(options, {
    size: { width: 1_280, height: 720 },
    gop: 4_000,
    bitrate: 1_500,
    'camera-loss': 0,
    arrivals: null,
  });
});

t.test('a run against a deployment', async (t) => {
  const options = accepted('--url', 'https://watch.example.org', '--operator-key', 'k', '--threshold', 'join_p95<1s');
  t.match(options, { target: 'deployment', url: 'https://watch.example.org', thresholds: [{ figure: 'join_p95' }] });
  t.match(accepted('--url', 'http://localhost:8080', '--agency-key', 'k', '--incident', 'inc_1'), {
    incident: 'inc_1',
  });
});

const refused: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [[], /say what to test: --self, or --url/],
  [['--self', '--url', 'http://localhost:1'], /choose one/],
  [['--url', 'http://localhost:1'], /needs --operator-key/],
  [['--url', 'http://localhost:1', '--agency-key', 'k'], /needs --incident/],
  [['--url', 'ftp://x', '--operator-key', 'k'], /must be the address of a deployment/],
  [['--self', '--viewers', '0'], /whole number from 1/],
  [['--self', '--viewers', 'many'], /--viewers many: must be a whole number/],
  [['--self', '--viewers', '2', '--cameras', '4'], /at least --cameras/],
  [['--self', '--duration', '30'], /a duration such as 30s/],
  [['--self', '--scenario', 'chaos'], /must be one of steady, ramp, storm/],
  [['--self', '--bitrate', 'fast'], /a bit rate such as/],
  [['--self', '--size', '1281x720'], /an even size/],
  [['--self', '--camera-loss', '200%'], /a share such as/],
  [['--self', '--arrivals', '20'], /joins a second such as 20\/s/],
  [['--self', '--threshold', 'nothing<1'], /there is no figure/],
  [['--self', '--colour', 'red'], /--colour: there is no such option/],
  [['--self', '--viewers'], /--viewers: needs a value/],
  [['--self', '--scenario', 'withdrawals', '--every', '500ms', '--cameras', '2'], /three seconds/],
  [['--self', '--json', '/nowhere/at/all.json'], /--json: its directory is not there/],
  [['--self', '--config', '/nowhere.json'], /--config \/nowhere.json/],
  [
    ['--url', 'http://localhost:1', '--agency-key', 'k', '--incident', 'i', '--scenario', 'withdrawals'],
    /need cameras of the harness/,
  ],
];
t.test('bad input is refused in words that say what to do', async (t) => {
  for (const [args, words] of refused) {
    const read = readOptions(args);
    t.equal(read.kind, 'problems', args.join(' '));
    if (read.kind === 'problems') t.match(read.problems.join('\n'), words, args.join(' '));
  }
});

t.test('every problem is told at once', async (t) => {
  const read = readOptions(['--self', '--viewers', '0', '--cameras', '0', '--what']);
  t.equal(read.kind === 'problems' && read.problems.length, 3);
});

t.test('a file holds the same names, and flags win', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-options-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'run.json');
  await writeFile(path, JSON.stringify({ self: true, viewers: 50, duration: '10s', thresholds: ['join_p95<1s'] }));
  t.match(accepted('--viewers', '60', '--config', path), { target: 'self', viewers: 60, duration: 10_000 });
  t.match(accepted('--config', path, '--viewers', '60'), { viewers: 60, thresholds: [{ figure: 'join_p95' }] });
  await writeFile(path, JSON.stringify({ self: true, speed: 9 }));
  t.match(readOptions(['--config', path]), { kind: 'problems', problems: [/there is no option "speed"/] });
});

t.test('help lists every option', async (t) => {
  t.equal(readOptions(['--help']).kind, 'help');
  t.match(describeOptions(), /--threshold/);
  t.match(describeOptions(), /--viewers +virtual viewers.*\(100\)/);
});
