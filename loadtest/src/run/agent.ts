/*
 * A process full of virtual viewers: follows its plan, counts, and answers the runner's questions. One of them, the canary,
 * has few viewers and a process to itself: where its figures differ from the others', the others' are the harness's own.
 */
import { Distribution } from '../distribution.ts';
import { type Certificate, makeCertificate } from '../engine/certificate.ts';
import { ControlConnection } from '../viewer/control-connection.ts';
import { VirtualViewer } from '../viewer/virtual-viewer.ts';
import type { AgentPlan, FromAgent, SeenSession, Snapshot, ToAgent } from './agent-wire.ts';
import { HarnessHealth } from './harness-health.ts';
import { type Step, seededChance } from './schedule.ts';
import { Tally } from './tally.ts';

/** After a cut nothing may come any more; so long is listened. */
const LISTEN_AFTER_MS = 2_000;
/** Half of what a server takes of one address. */
const CONNECTIONS_PER_ADDRESS = 50;
/** What a server says to everyone who leaves at once. */
const SETTLE_WITHIN_MS = 5_000;
const SNAPSHOT_MS = 1_000;

export class Agent {
  readonly #plan: AgentPlan;
  readonly #tell: (message: FromAgent) => void;
  readonly #certificate: Certificate = makeCertificate(Date.now());
  readonly #health = new HarnessHealth();
  readonly #latencyMs = new Distribution();
  readonly #tally = new Tally(this.#latencyMs);
  readonly #connections: Promise<ControlConnection>[] = [];
  /** By viewer: who watches now or did last. */
  readonly #viewers = new Map<number, VirtualViewer>();
  /** Over, and still listening for what must not come. */
  readonly #listening = new Set<VirtualViewer>();
  readonly #sessions: SeenSession[] = [];
  readonly #drops: () => boolean;
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: 'running' | 'finishing' = 'running';

  constructor(plan: AgentPlan, tell: (message: FromAgent) => void) {
    this.#plan = plan;
    this.#tell = tell;
    const chance = seededChance(plan.seed);
    this.#drops = plan.loss === 0 ? () => false : () => chance() < plan.loss;
  }

  start(): void {
    // Node loads its HTTP client at the first use; no viewer should wait for that.
    fetch(new URL('/healthz', this.#plan.serverUrl)).catch(() => {});
    for (const step of this.#plan.steps) {
      const dueAtMs = this.#plan.startAtMs + step.atMs - performance.timeOrigin;
      this.#after(dueAtMs - performance.now(), () => this.#take(step, dueAtMs));
    }
    const snapshots = setInterval(() => this.#tell({ say: 'snapshot', snapshot: this.#snapshot() }), SNAPSHOT_MS);
    this.#timers.add(snapshots);
  }

  async hear(message: Exclude<ToAgent, { say: 'plan' }>): Promise<void> {
    if (message.say === 'last-packets') this.#tellLastPackets(message);
    else if (message.say === 'try-again') await this.#tryAgain(message.ask, message.camera);
    else if (message.say === 'come-back') this.#comeBack(message.camera, message.spreadMs);
    else await this.#finish(message.ask);
  }

  #after(delayMs: number, what: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        what();
      },
      Math.max(0, delayMs),
    );
    this.#timers.add(timer);
  }

  #take({ viewer, camera, action }: Step, dueAtMs: number): void {
    if (action === 'leave') this.#viewers.get(viewer)?.leave();
    else void this.#join(viewer, camera, dueAtMs);
  }

  async #join(number: number, camera: number, scheduledAtMs: number): Promise<void> {
    const { name, serverUrl, agencyKey, incidentId, cameraIds } = this.#plan;
    const before = this.#viewers.get(number);
    if (this.#state === 'finishing' || (before && before.ending === null)) return;
    this.#tally.counts.asked += 1;
    const begunAtMs = performance.now();
    await before?.settled;
    const connection = await this.#connectionOf(number).catch((fault: Error) => {
      this.#tally.fail(fault.message);
      return null;
    });
    if (!connection) return;
    const viewer = new VirtualViewer(
      {
        name: `${name}-${number}`,
        ...{ serverUrl, agencyKey, incidentId, scheduledAtMs, begunAtMs },
        cameraId: cameraIds[camera] ?? '',
        certificate: this.#certificate,
        latencyMs: this.#latencyMs,
        drops: this.#drops,
      },
      connection,
    );
    this.#viewers.set(number, viewer);
    void viewer.over.then(() => this.#retire(viewer));
    await viewer.watch();
  }

  /** One connection for so many viewers in a row; a lost one is replaced. */
  async #connectionOf(viewer: number): Promise<ControlConnection> {
    const at = Math.floor(viewer / this.#plan.feedsPerConnection);
    const known = await this.#connections[at]?.catch(() => null);
    if (known && !known.isOver) return known;
    const opening = ControlConnection.open(this.#plan.serverUrl, this.#addressOf(at));
    this.#connections[at] = opening;
    return opening;
  }

  /** Fifty connections to an address, in a network of its own for each agent's process. */
  #addressOf(connection: number): string | null {
    if (this.#plan.addresses === 'one') return null;
    const office = Math.floor(connection / CONNECTIONS_PER_ADDRESS);
    return `10.${process.pid & 0xff}.${(office >> 8) & 0xff}.${office & 0xff}`;
  }

  #retire(viewer: VirtualViewer): void {
    this.#listening.add(viewer);
    this.#after(LISTEN_AFTER_MS, () => this.#release(viewer));
  }

  #release(viewer: VirtualViewer): void {
    if (!this.#listening.delete(viewer)) return;
    viewer.release();
    this.#tally.close(viewer);
    if (viewer.sessionId === null) return;
    const { sessionId, ending, endReason: reason } = viewer;
    this.#sessions.push({ sessionId, cameraId: viewer.plan.cameraId, ending: ending ?? 'failed', reason });
  }

  #current(): readonly VirtualViewer[] {
    return [...new Set([...this.#viewers.values(), ...this.#listening])];
  }

  #snapshot(): Snapshot {
    const open = [...this.#viewers.values()].filter((viewer) => viewer.ending === null);
    const unreleased = [...new Set([...open, ...this.#listening])];
    this.#health.look(new Set(unreleased.map((viewer) => viewer.link?.localPort ?? 0)));
    return { agent: this.#plan.name, ...this.#tally.sum(unreleased), health: this.#health.read() };
  }

  #watchersOf(camera: number): readonly VirtualViewer[] {
    const cameraId = this.#plan.cameraIds[camera];
    return this.#current().filter((viewer) => viewer.plan.cameraId === cameraId);
  }

  #tellLastPackets({ ask, camera, sinceMs }: Extract<ToAgent, { say: 'last-packets' }>): void {
    const atMs = this.#watchersOf(camera)
      .filter((viewer) => viewer.moments.firstPacketAtMs > 0 && viewer.ending !== 'left')
      .map((viewer) => performance.timeOrigin + (viewer.link?.lastRtpAtMs ?? 0))
      // Whoever saw its last packet long before was not there to be cut.
      .filter((lastAtMs) => lastAtMs > sinceMs);
    this.#tell({ say: 'last-packets', ask, atMs });
  }

  async #tryAgain(ask: number, camera: number): Promise<void> {
    const cut = this.#watchersOf(camera).find((viewer) => viewer.ending === 'cut');
    const outcome = cut ? await cut.tryAgain().then(({ type }) => (type === 'offer' ? 'let-in' : 'refused')) : 'nobody';
    this.#tell({ say: 'tried-again', ask, outcome });
  }

  #comeBack(camera: number, spreadMs: number): void {
    const cameraId = this.#plan.cameraIds[camera];
    const cut = [...this.#viewers].filter(([, viewer]) => viewer.plan.cameraId === cameraId && viewer.ending === 'cut');
    const nowMs = performance.now();
    cut.forEach(([number], at) => {
      const delayMs = (at * spreadMs) / cut.length;
      this.#after(delayMs, () => void this.#join(number, camera, nowMs + delayMs));
    });
  }

  async #finish(ask: number): Promise<void> {
    this.#state = 'finishing';
    for (const timer of this.#timers) clearTimeout(timer);
    const snapshot = this.#snapshot();
    for (const viewer of this.#viewers.values()) viewer.leave();
    const settled = Promise.all([...this.#current()].map((viewer) => viewer.settled));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, SETTLE_WITHIN_MS))]);
    for (const viewer of [...this.#listening]) this.#release(viewer);
    const connections = await Promise.allSettled(this.#connections);
    for (const one of connections) if (one.status === 'fulfilled') one.value.close();
    const troubles = this.#tally.troubles();
    this.#tell({ say: 'finished', ask, snapshot, sessions: this.#sessions, troubles });
  }
}
