/*
 * A small town for end-to-end tests: a real server on a temporary data directory, a real simulated camera, a charter,
 * an owner, a consent and an incident, all set up through the HTTP routes. Times and places can be chosen.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Charter } from '@sallyport/protocol/charter';
import { decodeBundle } from '@sallyport/protocol/tile';
import { freePorts } from '../../src/cli/free-ports.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { type Parts, type RunningServer, startServer } from '../../src/compose.ts';

export const AGENCY = 'jackson.pd';
export const INCIDENT_PLACE = { lat: 32.2988, lon: -90.1848 };
export const NEAR = { lat: 32.2992, lon: -90.1848 };
export const FAR = { lat: 32.31, lon: -90.1848 };

export type Answer = { readonly status: number; readonly body: Record<string, never> & { [key: string]: unknown } };

export type TownOptions = {
  readonly charter?: Partial<Charter>;
  readonly env?: Readonly<Record<string, string>>;
  readonly parts?: Parts;
};

/** Calls a server's HTTP routes as one key. */
export class Caller {
  readonly #url: string;
  readonly #key: string | null;

  constructor(url: string, key: string | null) {
    this.#url = url;
    this.#key = key;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(new URL(path, this.#url), {
      method,
      headers: {
        ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  }

  /** As `call`, and throws unless the answer is a success. */
  async must(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

export async function makeEnv(extra: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  // Several test files run at once: each looks for its ports in a range of its own, below those the system hands out.
  const first = 20_000 + (process.pid % 200) * 60;
  const ports = await freePorts({ http: first, rtc: first + 30 });
  return {
    SALLYPORT_DATA_DIR: await mkdtemp(join(tmpdir(), 'sallyport-test-')),
    SALLYPORT_PORT: String(ports.http),
    SALLYPORT_RTC_PORT: String(ports.rtc),
    SALLYPORT_CAMERA_NETWORKS: '127.0.0.1/32',
    SALLYPORT_LOG_LEVEL: 'error',
    ...extra,
  };
}

export const buildCharter = (change: Partial<Charter> = {}) => ({
  title: 'Pilot',
  startsAtMs: Date.now() - 60_000,
  endsAtMs: Date.now() + 45 * 86_400_000,
  agencies: [AGENCY],
  incidentTypesAllowed: ['robbery'],
  cityCamerasMax: 5,
  privateCamerasMax: 5,
  feedsPerOfficerMax: 16,
  ...change,
});

const waiver = { version: 'v1', hash: createHash('sha256').update('waiver').digest('hex'), language: 'en' };
export const consentTerms = { waiver, purposes: ['any-incident'], agencies: [AGENCY] };

/** The people of a town and their keys, wherever its server runs. */
export class Townsfolk {
  readonly url: string;
  readonly operator: Caller;
  readonly dispatch: Caller;
  readonly agency: Caller;
  readonly agencyKey: string;
  readonly owner: Caller;
  readonly ownerKey: string;
  readonly ownerId: string;
  #incidents = 0;

  private constructor(
    url: string,
    keys: Record<'operator' | 'dispatch' | 'agency' | 'owner', string>,
    ownerId: string,
  ) {
    this.url = url;
    this.operator = new Caller(url, keys.operator);
    this.dispatch = new Caller(url, keys.dispatch);
    this.agency = new Caller(url, keys.agency);
    this.agencyKey = keys.agency;
    this.owner = new Caller(url, keys.owner);
    this.ownerKey = keys.owner;
    this.ownerId = ownerId;
  }

  static async settle(url: string, operatorKey: string, charter: Partial<Charter> = {}): Promise<Townsfolk> {
    const operator = new Caller(url, operatorKey);
    await operator.must('PUT', '/v1/charter', buildCharter(charter));
    const dispatch = await operator.must('POST', '/v1/keys', { role: 'dispatch', label: 'CAD' });
    const agency = await operator.must('POST', '/v1/keys', { role: 'agency', agency: AGENCY, label: 'RTCC' });
    const owner = await operator.must('POST', '/v1/owners', { name: 'Corner shop' });
    const keyOf = (body: Answer['body']) => String(body['apiKey']);
    const keys = { operator: operatorKey, dispatch: keyOf(dispatch), agency: keyOf(agency), owner: keyOf(owner) };
    return new Townsfolk(url, keys, String(owner['id']));
  }

  /** Enrols a camera; answers its id. Without consent nobody can watch it. */
  async enrol(rtspUrl: string, place = NEAR): Promise<string> {
    const enrolment = { name: 'Shop door', ownership: 'private', ownerId: this.ownerId, place, rtspUrl };
    return String((await this.operator.must('POST', '/v1/cameras', enrolment))['id']);
  }

  /** The owner signs; answers the consent's id. */
  async consent(cameraId: string, change: object = {}): Promise<string> {
    const given = await this.owner.must('POST', `/v1/cameras/${cameraId}/consents`, { ...consentTerms, ...change });
    return String((given['record'] as unknown as { id: string }).id);
  }

  /** Dispatch opens an incident; answers its id. */
  async report(change: object = {}): Promise<string> {
    this.#incidents += 1;
    const report = { externalId: `CAD-${this.#incidents}`, type: 'robbery', agencies: [AGENCY], place: INCIDENT_PLACE };
    return String((await this.dispatch.must('POST', '/v1/incidents', { ...report, ...change }))['id']);
  }

  /** The agency asks for a consent token for one viewer's key. */
  async token(incidentId: string, cameraIds: readonly string[], jkt: string, change: object = {}): Promise<string> {
    const request = { incidentId, cameraIds, jkt, viewer: 'officer-7', ...change };
    return String((await this.agency.must('POST', '/v1/tokens', request))['token']);
  }

  /** Every ledger entry, read as anybody can read it. */
  async readLedger(): Promise<readonly Record<string, unknown>[]> {
    const checkpoint = await (await fetch(new URL('/checkpoint', this.url))).text();
    const size = Number(checkpoint.split('\n')[1]);
    const entries: Record<string, unknown>[] = [];
    for (let at = 0; at * 256 < size; at += 1) {
      const width = Math.min(256, size - at * 256);
      const group = String(at).padStart(3, '0');
      const path = `/tile/entries/${group}${width === 256 ? '' : `.p/${width}`}`;
      const bundle = new Uint8Array(await (await fetch(new URL(path, this.url))).arrayBuffer());
      const decoded = decodeBundle(bundle);
      if (!decoded.ok) throw new Error(`entry bundle ${at} cannot be read`);
      for (const entry of decoded.value) entries.push(JSON.parse(new TextDecoder().decode(entry)));
    }
    return entries;
  }
}

export type Town = {
  readonly server: RunningServer;
  readonly folk: Townsfolk;
  readonly env: Readonly<Record<string, string>>;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
};

export async function openTown({ charter, env: extra, parts }: TownOptions = {}): Promise<Town> {
  const env = await makeEnv(extra);
  const server = await startServer(readConfig(env), parts);
  try {
    const operatorKey = await server.createKey({ role: 'operator', agency: null, label: 'test' });
    const folk = await Townsfolk.settle(server.url, operatorKey, charter);
    const close = async () => {
      await server.stop();
      await rm(env['SALLYPORT_DATA_DIR'] ?? '', { recursive: true, force: true });
    };
    return { server, folk, env, close };
  } catch (failure) {
    await server.stop();
    throw failure;
  }
}
