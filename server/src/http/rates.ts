/*
 * How often who may ask. Four counts that do not share a budget: public reads and strangers by address, keys by key,
 * and stops by key, so that nothing else an owner's programs do can use up their withdrawals.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpBounds } from './http-bounds.ts';
import { sendRefusal } from './refusals.ts';

export type Rate = 'public-read' | 'stranger' | 'key' | 'stop';

export interface Rates {
  /** Counts the request; true when it may go on, else the refusal has been sent. */
  admit(rate: Rate, request: FastifyRequest, reply: FastifyReply): Promise<boolean>;
  /** True when the rate is used up; counts nothing. */
  isExhausted(rate: Rate, request: FastifyRequest): Promise<boolean>;
}

/** Registers the counting; the rates can be made once that has loaded. */
export function registerRateCounting(app: FastifyInstance, bounds: HttpBounds): void {
  app.register(rateLimit, { global: false, cache: bounds.ratedMax });
}

/** Builds the four counts. `key` and `stop` MUST be asked only for requests with an actor. */
export function buildRates(app: FastifyInstance, bounds: HttpBounds): Rates {
  const timeWindow = bounds.rateWindowMs;
  const keyGenerator = ({ actor }: FastifyRequest): string => {
    if (actor === null) throw new Error('a rate of keys was asked for a request without one');
    return actor.id;
  };
  const limiters = {
    'public-read': app.createRateLimit({ max: bounds.publicReadsMax, timeWindow }),
    stranger: app.createRateLimit({ max: bounds.strangerRequestsMax, timeWindow }),
    key: app.createRateLimit({ max: bounds.keyRequestsMax, timeWindow, keyGenerator }),
    stop: app.createRateLimit({ max: bounds.keyStopsMax, timeWindow, keyGenerator }),
  };
  return {
    async admit(rate, request, reply) {
      const counted = await limiters[rate](request);
      if (counted.isAllowed || !counted.isExceeded) return true;
      reply.header('Retry-After', String(counted.ttlInSeconds));
      sendRefusal(reply, {
        code: 'rate-limited',
        detail: `Too many requests; try again in ${counted.ttlInSeconds} s.`,
      });
      return false;
    },
    async isExhausted(rate, request) {
      const counted = await limiters[rate](request, { increment: false });
      return !counted.isAllowed && counted.remaining === 0;
    },
  };
}
