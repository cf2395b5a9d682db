// Running other programs: collected (for questions), line by line (for long steps) and in the foreground
// (for the command itself). Always an argument list, never a shell.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

// A question to a program (is it there, which version) is answered in milliseconds; 20 s covers a cold disk.
const askTimeoutMs = 20_000;

/** Asks a program and gives {ok, code, stdout, stderr}; never throws, a missing program is `ok: false`. */
export function ask(program, args, options = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: askTimeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  return {
    ok: result.status === 0,
    code: result.status,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? String(result.error ?? ''),
  };
}

/** Runs a long step, handing each line of its output to `onLine`; resolves with its exit code (124 on timeout). */
export function runLines(program, args, { onLine, timeoutMs, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        const lines = (rest + chunk).split(/\r?\n/);
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
      stream.on('end', () => rest !== '' && onLine(rest));
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      onLine(String(error));
      resolve(127);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(timedOut ? 124 : (code ?? 1));
    });
  });
}

/**
 * Runs a program in the foreground with our own input and output and resolves with its exit code. SIGTERM and
 * SIGHUP are passed on. So is SIGINT, except on a terminal, where Ctrl-C already reaches the whole group.
 */
export function runForeground(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const release = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
