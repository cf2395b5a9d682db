// Holds what `npm start` and `npm run demo` owe to whoever stops them: the signal reaches the command, and its exit
// code comes back. Real processes: a parent that runs a child in the foreground, and signals sent to the parent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';

const processes = new URL('../../setup/processes.mjs', import.meta.url).href;
type Asked = { readonly ok: boolean; readonly code: number | null; readonly stdout: string; readonly stderr: string };
type LineOptions = { readonly onLine: (line: string) => void; readonly timeoutMs: number };
const setup: {
  ask: (program: string, args: readonly string[]) => Asked;
  runLines: (program: string, args: readonly string[], options: LineOptions) => Promise<number>;
} = await import(processes);

/** Starts a parent that runs `childCode` in the foreground and exits with its code. */
function startParent(childCode: string) {
  const parentCode = `
    import { runForeground } from ${JSON.stringify(processes)};
    process.exit(await runForeground(process.execPath, ['-e', ${JSON.stringify(childCode)}]));
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', parentCode], { stdio: ['pipe', 'pipe', 'inherit'] });
}

const waitsForSignals = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => { console.log(signal); process.exit(7); });
  }
  setInterval(() => {}, 1000);
  console.log('ready');
`;

t.test('a signal reaches the command, and its exit code comes back', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const parent = startParent(waitsForSignals);
    let output = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(parent.stdout, 'data');
    parent.kill(signal);
    const [code] = (await once(parent, 'close')) as [number | null];
    t.equal(code, 7, `${signal}: the child's code`);
    t.equal(output, `ready\n${signal}\n`, `${signal}: once`);
  }
});

t.test('a child that a signal ends gives 128 and the signal', async (t) => {
  const parent = startParent("process.kill(process.pid, 'SIGKILL')");
  const [code] = (await once(parent, 'exit')) as [number | null];
  t.equal(code, 137);
});

t.test('a question to a program that is not there is answered with no', async (t) => {
  t.match(setup.ask('/nowhere/program', []), { ok: false, code: null, stderr: /ENOENT/ });
  t.match(setup.ask('/bin/sh', ['-c', 'echo yes; exit 41']), { ok: false, code: 41, stdout: 'yes\n' });
});

t.test('a long step gives its lines, its code, and ends when it takes too long', async (t) => {
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  const script = 'printf "one\\ntwo\\r\\n"; printf three >&2; exit 3';
  t.equal(await setup.runLines('/bin/sh', ['-c', script], { onLine, timeoutMs: 10_000 }), 3);
  t.same([...lines].sort(), ['one', 'three', 'two'], 'whole lines of both outputs, the last one unfinished');
  t.equal(await setup.runLines('sleep', ['60'], { onLine, timeoutMs: 50 }), 124, 'too long');
  t.equal(await setup.runLines('/nowhere/program', [], { onLine, timeoutMs: 10_000 }), 127, 'not there');
});
