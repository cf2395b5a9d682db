/*
 * The process of the loop cameras: takes a shape as JSON in its argument, prints its port, answers each line it is
 * written with the number of open connections, and ends with its input, so that it outlives nobody.
 */
import { createInterface } from 'node:readline';
import { encodeLoop, type LoopShape } from './encode-loop.ts';
import { LoopServer } from './loop-server.ts';

const shape = JSON.parse(process.argv[2] ?? '{}') as LoopShape;
const server = new LoopServer(await encodeLoop(shape), shape.fps);
console.log(JSON.stringify({ port: await server.listen() }));
createInterface({ input: process.stdin })
  .on('line', () => console.log(JSON.stringify({ connections: server.connections })))
  .on('close', () => process.exit(0));
