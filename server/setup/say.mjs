// What provisioning tells the person who waits: one line for what is done and why, one moving line for
// progress, and a stop with the reason. Writes to stderr, so that a command's own output stays clean.

/** A provisioning step that cannot be done; its message says what the person can do about it. */
export class SetupFault extends Error {}

/** Prints one line that says what is done, and why. */
export function say(text) {
  process.stderr.write(`sallyport: ${text}\n`);
}

/**
 * Shows the progress of one long step: a single moving line on a terminal, elsewhere a line for every tenth.
 * @returns a function (done, total) to call as often as one likes, and `end()` for when the step is over.
 */
export function progressOf(title) {
  const terminal = process.stderr.isTTY === true;
  let lastTenth = 0;
  return {
    step(done, total) {
      if (terminal) {
        process.stderr.write(`\rsallyport: ${title} ${done}/${total} `);
        return;
      }
      const tenth = Math.floor((10 * done) / total);
      if (tenth > lastTenth) say(`${title} ${done}/${total}`);
      lastTenth = Math.max(lastTenth, tenth);
    },
    end() {
      if (terminal) process.stderr.write('\n');
    },
  };
}
