/*
 * What the HTTP edge stands on: the use cases and the few ports it reads itself. Types only; fulfilled by compose.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { ApiKeyDesk } from '../app/api-key-desk.ts';
import type { Cameras } from '../app/cameras.ts';
import type { Charters } from '../app/charters.ts';
import type { Consents } from '../app/consents.ts';
import type { Incidents } from '../app/incidents.ts';
import type { KeyRotation } from '../app/key-rotation.ts';
import type { Owners } from '../app/owners.ts';
import type { Clock } from '../app/ports/clock.ts';
import type { LedgerReader } from '../app/ports/store.ts';
import type { Nonces, TokenKeys } from '../app/ports/token-port.ts';
import type { PublishDesk } from '../app/publish-desk.ts';
import type { Sessions } from '../app/sessions.ts';
import type { TokenDesk } from '../app/token-desk.ts';
import type { WhepPlayers } from '../app/whep-players.ts';
import type { WhipPublishers } from '../app/whip-publishers.ts';
import type { HttpBounds } from './http-bounds.ts';

/** Each check says `ok`, or what is wrong in a few words fit for strangers. */
export type Readiness = { readonly ready: boolean; readonly checks: Readonly<Record<string, string>> };

export interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

/** What the rows of the table call. */
export type RouteDeps = {
  readonly charters: Pick<Charters, 'read' | 'put'>;
  readonly cameras: Pick<Cameras, 'discover' | 'enrol' | 'list' | 'read' | 'health' | 'change' | 'withdraw'>;
  readonly publishDesk: Pick<PublishDesk, 'issueToken' | 'createKey' | 'listKeys' | 'revokeKey'>;
  readonly owners: Pick<Owners, 'add'>;
  readonly consents: Pick<Consents, 'give' | 'readNewest' | 'withdraw' | 'setSharing'>;
  readonly incidents: Pick<Incidents, 'open' | 'read' | 'change'>;
  readonly tokenDesk: Pick<TokenDesk, 'issue' | 'listNearby'>;
  readonly sessions: Pick<Sessions, 'list'>;
  readonly apiKeys: Pick<ApiKeyDesk, 'authenticate' | 'create' | 'revoke'>;
  readonly keyRotation: Pick<KeyRotation, 'rotate'>;
  readonly tokenKeys: Pick<TokenKeys, 'jwks'>;
  readonly ledger: Pick<LedgerReader, 'checkpoint' | 'tile' | 'entryBundle' | 'proof' | 'verifierKey'>;
  readonly metrics: MetricsText;
  readonly readiness: () => Readiness;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
};

/** What standard players and publishers (WHEP, WHIP) are served with. */
export type RtcDeps = {
  readonly nonces: Nonces;
  /** Origins whose pages may play or publish, beside the server's own. */
  readonly allowedOrigins: readonly string[];
  /** Asked anew for each session: credentials in it may be short-lived. */
  readonly iceServers: () => readonly IceServer[];
};

export type IceServer = {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
};

export type HttpDeps = RouteDeps & {
  readonly rtc: RtcDeps;
  readonly whepPlayers: WhepPlayers;
  readonly whipPublishers: WhipPublishers;
  /** Where the built pages are. */
  readonly webRoot: string;
  /** How clients reach this server; `https` makes browsers insist on it. */
  readonly publicUrl: string;
  /** A pino logger as it is. */
  readonly log: FastifyBaseLogger;
  /** Addresses or networks whose `X-Forwarded-*` is believed; empty: nobody's. */
  readonly trustedProxies: readonly string[];
  /** PEM texts; null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Laid over the bounds of this edge; for a deployment or a test with other rates. */
  readonly bounds?: Partial<HttpBounds>;
};
