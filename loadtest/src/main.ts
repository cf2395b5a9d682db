/*
 * The command line of the load harness: reads the options, runs, reports, and ends with the code scripts act on.
 */
import { writeFile } from 'node:fs/promises';
import { buildHtmlReport } from './report/html-report.ts';
import { Progress } from './report/progress.ts';
import { buildSummary } from './report/summary.ts';
import { exitCodeOf, type RunResult } from './run/conclusion.ts';
import { describeOptions, type RunOptions, readOptions } from './run/options.ts';
import { runLoad } from './run/runner.ts';
import type { Point } from './run/sampler.ts';

async function report(result: RunResult): Promise<void> {
  console.log(buildSummary(result));
  const { json, html } = result.options;
  if (json !== null) await writeFile(json, toJson(result));
  if (html !== null) await writeFile(html, buildHtmlReport(result));
}

/** Everything but the keys, which belong to nobody who reads a report. */
function toJson({ options, ...rest }: RunResult): string {
  const shown = { ...options, 'operator-key': undefined, 'agency-key': undefined, 'camera-login': undefined };
  return `${JSON.stringify({ options: shown, ...rest }, null, 2)}\n`;
}

/** Fires at the first Ctrl-C or stop from the system, so that servers and cameras are not left behind. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stop.abort(new Error(`stopped by ${signal}; everything that was started is being ended`)));
  }
  return stop.signal;
}

async function run(options: RunOptions): Promise<number> {
  const progress = new Progress((text) => process.stderr.write(text), process.stderr.isTTY ? 'terminal' : 'plain');
  try {
    const reporter = {
      say: (line: string) => progress.say(line),
      show: (point: Point, viewers: number) => progress.show(point, viewers),
    };
    const result = await runLoad(options, reporter, stopSignal());
    progress.say('');
    await report(result);
    return exitCodeOf(result);
  } catch (fault) {
    progress.say('');
    console.error(fault instanceof Error ? fault.message : String(fault));
    return 1;
  }
}

const read = readOptions(process.argv.slice(2));
if (read.kind === 'help') console.log(describeOptions());
else if (read.kind === 'problems') {
  for (const problem of read.problems) console.error(problem);
  process.exitCode = 2;
} else {
  // What the reports say is written by now; nothing that lingers may keep a script waiting.
  process.exit(await run(read.options));
}
