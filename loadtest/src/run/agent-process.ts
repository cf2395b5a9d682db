/*
 * The entry of an agent's process: takes its plan from the runner and talks with it until told to finish. Ends with the
 * runner, whatever becomes of it.
 */
import { Agent } from './agent.ts';
import type { FromAgent, ToAgent } from './agent-wire.ts';

let agent: Agent | null = null;
const tell = (message: FromAgent): void => {
  process.send?.(message);
};

process.on('message', (message: ToAgent) => {
  if (message.say === 'plan') {
    agent = new Agent(message.plan, tell);
    agent.start();
  } else void agent?.hear(message);
});
process.on('disconnect', () => process.exit(0));
// The runner decides when it is over; a terminal's Ctrl-C reaches the whole group.
process.on('SIGINT', () => {});
tell({ say: 'ready' });
