/*
 * Benchmark: two hundred times a camera is pulled and let go and a viewer comes and goes, each time in another way; what
 * the server holds before and after, and how its memory runs. Usage: node server/bench/starts-and-stops.ts [rounds]
 */
import { openGrounds } from '../test/support/starts-and-stops.ts';

const ROUNDS = Number(process.argv[2] ?? 200);
const WARM_UP = 10;
const LOOKS = 10;

const grounds = await openGrounds();
try {
  for (let at = 0; at < WARM_UP; at += 1) await grounds.round(at);
  const startedAt = performance.now();
  console.log(`starts and stops, ${ROUNDS} rounds after ${WARM_UP} to warm up`);
  console.log('  before ', JSON.stringify(await grounds.count()));
  for (let at = 0; at <= ROUNDS; at += 1) {
    if (at % Math.ceil(ROUNDS / LOOKS) === 0) {
      const { scriptBytes, workerResidentBytes } = grounds.memory();
      const megabytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(2)} MB`;
      console.log(
        `  ${String(at).padStart(4)}  script ${megabytes(scriptBytes)}  worker ${megabytes(workerResidentBytes)}`,
      );
    }
    if (at < ROUNDS) await grounds.round(at);
  }
  console.log('  after  ', JSON.stringify(await grounds.count()));
  console.log(`  ${((performance.now() - startedAt) / ROUNDS).toFixed(0)} ms a round`);
} finally {
  await grounds.close();
}
