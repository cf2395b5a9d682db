/* The command line's words and exit codes, each command run as a process as an operator runs it. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from './support/server-process.ts';
import { makeEnv } from './support/town.ts';

t.test('help, and what is not a command', async (t) => {
  const help = await runCli(['help']);
  t.equal(help.code, 0);
  for (const word of [
    'serve',
    'demo',
    'doctor',
    'key create',
    'ledger verify',
    'ledger prove',
    'SALLYPORT_CAMERA_NETWORKS',
  ]) {
    t.match(help.stdout, word);
  }
  const none = await runCli(['sing']);
  t.equal(none.code, 2);
  t.match(none.stderr, 'There is no command "sing"');
});

t.test('a bad configuration stops the start and lists every problem', async (t) => {
  const env = { SALLYPORT_PROT: '1', SALLYPORT_PORT: 'x', SALLYPORT_HOST: 'everywhere' };
  const { code, stderr } = await runCli(['serve'], env);
  t.equal(code, 1);
  t.match(stderr, /SALLYPORT_PROT.*SALLYPORT_PORT/);
  t.match(stderr, /SALLYPORT_PORT: /);
  t.match(stderr, /SALLYPORT_HOST: /);
});

t.test('keys are made on a data directory that no server holds', async (t) => {
  const env = await makeEnv();
  t.teardown(() => rm(env['SALLYPORT_DATA_DIR'] ?? '', { recursive: true, force: true }));
  const made = await runCli(['key', 'create', '--role', 'agency', '--agency', 'jackson.pd'], env);
  t.equal(made.code, 0, made.stderr);
  t.match(made.stdout, /^sp_agency_[\w-]{43}\n$/, 'the key alone on standard output, for scripts');
  const bad: readonly [string, readonly string[], RegExp][] = [
    ['a role nobody has', ['key', 'create', '--role', 'king'], /--role/],
    ['an owner, who is added otherwise', ['key', 'create', '--role', 'owner'], /--role/],
    ['an agency without its code', ['key', 'create', '--role', 'agency'], /--agency/],
    ['no verb', ['key'], /Usage/],
    ['an option that is none', ['key', 'create', '--rol', 'x'], /rol/],
  ];
  for (const [name, args, words] of bad) {
    const { code, stderr } = await runCli(args, env);
    t.not(code, 0, name);
    t.match(stderr, words, name);
  }
  const verified = await runCli(['ledger', 'verify', env['SALLYPORT_DATA_DIR'] ?? ''], env);
  t.equal(verified.code, 0, verified.stdout);
});

t.test('ledger verify says what it cannot read', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'sallyport-empty-'));
  t.teardown(() => rm(empty, { recursive: true, force: true }));
  t.match(await runCli(['ledger', 'verify', empty]), { code: 2 });
  t.match(await runCli(['ledger', 'verify', 'http://127.0.0.1:1']), { code: 2 });
  t.match(await runCli(['ledger', 'verify']), { code: 2, stderr: /Usage/ });
  t.match(await runCli(['ledger', 'prove', 'ses_x']), { code: 2, stderr: /Usage/ });
});

t.test('doctor names what is missing and how to mend it', async (t) => {
  const env = await makeEnv();
  const directory = env['SALLYPORT_DATA_DIR'] ?? '';
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const sound = await runCli(['doctor'], env);
  t.equal(sound.code, 0, sound.stdout);
  t.match(sound.stdout, /\n {2}0 to mend, \d+ warnings/);
  const notAProgram = join(directory, 'worker');
  await writeFile(notAProgram, '');
  const ill = await runCli(['doctor'], { ...env, MEDIASOUP_WORKER_BIN: notAProgram });
  t.equal(ill.code, 1);
  t.match(ill.stdout, /MEND {2}media worker[\s\S]*npm run setup[\s\S]*1 to mend/);
});

t.test('a start is stopped by what doctor would mend, in the same words', async (t) => {
  const env = await makeEnv();
  const directory = env['SALLYPORT_DATA_DIR'] ?? '';
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const taken = createServer().listen(Number(env['SALLYPORT_PORT']), '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const away = { SALLYPORT_PUBLIC_URL: 'https://cams.example', SALLYPORT_HOST: '0.0.0.0' };
  const rows: readonly (readonly [change: Readonly<Record<string, string>>, words: RegExp])[] = [
    [{}, /TCP 127\.0\.0\.1 port \d+ is taken by another program/],
    [{ ...away, SALLYPORT_PORT: '1', SALLYPORT_ANNOUNCED_ADDRESS: '127.0.0.1' }, /127\.0\.0\.1 is loopback/],
    [{ ...away, SALLYPORT_PORT: '1', SALLYPORT_ANNOUNCED_ADDRESS: 'no.invalid' }, /name no\.invalid has no address/],
  ];
  for (const [change, words] of rows) {
    const refused = await runCli(['serve'], { ...env, ...change });
    const told = await runCli(['doctor'], { ...env, ...change });
    t.match(refused, { code: 1, stderr: words });
    t.match(told, { code: 1, stdout: words });
  }
});
