/* Checks of the ICE servers viewers are told of: whether their names resolve and whether they answer, seen from here. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import type { Finding } from '../../finding.ts';
import { type Check, ok, warn } from './check.ts';
import type { Machine } from './machine.ts';

const ANSWER_WITHIN_MS = 2_000;
/** RFC 7064 and 7065: scheme, host, port, transport. */
const ICE_URL = /^(stun|turn)(s?):(\[[0-9a-f:.]+\]|[^:?[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;
const SETTING = 'SALLYPORT_ICE_SERVERS';

export const iceCheck: Check = {
  about: 'the ICE servers',
  when: 'doctor',
  look: async ({ iceServers }, machine) => {
    const urls = iceServers.flatMap((server) => server.urls);
    if (urls.length === 0) return [ok(`no ICE servers: viewers reach this server by themselves`)];
    return Promise.all(urls.map((url) => judge(url, machine)));
  },
};

async function judge(url: string, { surroundings }: Machine): Promise<Finding> {
  const [, , secure = '', named = '', port = secure === '' ? '3478' : '5349', transport] = ICE_URL.exec(url) ?? [];
  const host = named.replace(/[[\]]/g, '');
  if (host === '') return warn(`${SETTING}: ${url} is no ICE URL`, 'Write it as turn:turn.example:3478?transport=udp.');
  const addresses = isIP(host) === 0 ? await surroundings.resolveName(host).catch(() => []) : [host];
  const [address] = addresses;
  if (address === undefined)
    return warn(`${SETTING}: the name ${host} has no address here`, 'Correct the name, or make it resolve.');
  const isTcp = transport === 'tcp' || secure !== '';
  const answers = await (isTcp ? acceptsTcp(address, Number(port)) : answersStun(address, Number(port)));
  if (answers) return ok(`${url} answers`);
  const where = `${isTcp ? 'TCP' : 'UDP'} port ${port}`;
  return warn(
    `${SETTING}: ${url} does not answer from here`,
    `See that it runs and that its ${where} is open, also here.`,
  );
}

async function acceptsTcp(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS });
  socket.once('timeout', () => socket.destroy(new Error('late')));
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return accepted;
}

/** Sends a binding request (RFC 8489, 5), three times since it is UDP, and waits for the answer to it. */
async function answersStun(host: string, port: number): Promise<boolean> {
  const id = randomBytes(12);
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), id]);
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  const answered = Promise.withResolvers<boolean>();
  socket.on('message', (message) => {
    if (message.length >= 20 && message.subarray(8, 20).equals(id)) answered.resolve(true);
  });
  socket.on('error', () => answered.resolve(false));
  const send = () => socket.send(request, port, host, () => undefined);
  send();
  const again = setInterval(send, ANSWER_WITHIN_MS / 3);
  const late = setTimeout(() => answered.resolve(false), ANSWER_WITHIN_MS);
  try {
    return await answered.promise;
  } finally {
    clearInterval(again);
    clearTimeout(late);
    socket.close();
  }
}
