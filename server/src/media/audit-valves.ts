/*
 * Compares what the worker says it sends with the valves we know (invariant I1): a consumer without a valve would be
 * a picture without a gate. Asked by tests and, now and then, by the running server.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { Clock } from '../app/ports/clock.ts';
import type { MediaFeed } from './feed.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';
import type { MediaPublisher } from './publisher.ts';
import { within } from './within.ts';

/** A consumer in the worker that belongs to no open valve. */
export type StrayConsumer = { readonly cameraId: CameraId; readonly consumerId: string };

/**
 * Lists the consumers without an open valve. Throws MediaFault `timed-out` when the worker of a living feed does not
 * say: not knowing is not the same as none.
 */
export async function auditFeed(feed: MediaFeed, clock: Clock): Promise<readonly StrayConsumer[]> {
  for (let round = 0; round < mediaLimits.auditRoundsMax; round += 1) {
    await Promise.allSettled(feed.openings);
    const known = new Set([...feed.outlets].flatMap((outlet) => outlet.consumerIds));
    const taps = await feed.payloadRouters.list();
    // A pipe ends in a router of ours; what leaves that router is looked at like the rest.
    for (const { pipeConsumerIds } of taps) for (const id of pipeConsumerIds) known.add(id);
    const routers = [feed.router, ...taps.map(({ router }) => router)].filter(({ closed }) => !closed);
    const dumping = Promise.all(routers.map((router) => router.dump()));
    const waited = await within(clock, mediaLimits.requestMs, dumping);
    if (feed.state === 'gone') return [];
    if (waited.how !== 'done') throw new MediaFault('timed-out', 'a media worker does not say what it sends');
    for (const id of [...feed.outlets].flatMap((outlet) => outlet.consumerIds)) known.add(id);
    const consumerIds = waited.value.flatMap(({ mapConsumerIdProducerId }) =>
      mapConsumerIdProducerId.map(({ key }) => key),
    );
    const strays = consumerIds.filter((consumerId) => !known.has(consumerId));
    // A valve that was just being opened is not a stray yet: look again.
    if (strays.length === 0 || feed.openings.size === 0) {
      return strays.map((consumerId) => ({ cameraId: feed.cameraId, consumerId }));
    }
  }
  throw new MediaFault('timed-out', 'valves open faster than they can be audited');
}

/** As auditFeed: of a publisher's router nothing leaves but through the one tap that is open. */
export async function auditPublisher(publisher: MediaPublisher, clock: Clock): Promise<readonly StrayConsumer[]> {
  const { cameraId, router } = publisher;
  if (router.closed) return [];
  const known = [...(await publisher.tapConsumerIds())];
  const waited = await within(clock, mediaLimits.requestMs, router.dump());
  if (router.closed) return [];
  if (waited.how !== 'done') throw new MediaFault('timed-out', 'a media worker does not say what it takes');
  known.push(...(await publisher.tapConsumerIds()));
  const consumerIds = waited.value.mapConsumerIdProducerId.map(({ key }) => key);
  return consumerIds.filter((id) => !known.includes(id)).map((consumerId) => ({ cameraId, consumerId }));
}
