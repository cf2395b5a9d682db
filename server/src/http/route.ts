/*
 * A row of the table of routes: what it takes, who may ask, which use case answers. Reading the input is part of the
 * row, so that a use case only ever sees what its schema let through. Pure; rows are registered by register-routes.ts.
 */
import { z } from 'zod';
import type { Actor } from '../app/actor.ts';
import type { Outcome, Refusal } from '../app/outcome.ts';
import type { MonotonicMs } from '../app/ports/clock.ts';
import type { Role } from '../app/ports/store.ts';
import { toInputFaults, toStrayFaults } from './input-faults.ts';
import type { InputFault } from './problem.ts';

/** What a row reads; a part without a schema is not looked at. */
export type InputShape = { readonly params?: z.ZodType; readonly query?: z.ZodType; readonly body?: z.ZodType };

/** What goes out where it is not JSON that nobody may keep. */
export type Produces = { readonly type: string; readonly cacheControl: string };

/** A request as it arrived, nothing of it read. */
export type RawInput = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Known and of one of the row's roles, or null on a public row. */
  readonly actor: Actor | null;
  /** When the request arrived. */
  readonly askedAt: MonotonicMs;
};

export type RouteRefusal = Refusal & { readonly errors?: readonly InputFault[] };
export type RouteAnswer = { readonly ok: true; readonly value: unknown; readonly status: number } | RouteRefusal;

type Described<S extends InputShape> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/v1/cameras/{id}`; a trailing `*` takes the rest of the path. */
  readonly path: string;
  readonly summary: string;
  readonly input: S;
  /** What a success says, for people. */
  readonly answers: string;
  /** 200 unless given. */
  readonly status?: 200 | 201;
  readonly produces?: Produces;
  /** `stop` for what ends a look: its rate is its own. */
  readonly pace?: 'usual' | 'stop';
};

export type Route = Described<InputShape> & {
  readonly access: 'public' | readonly Role[];
  /** Reads the input and asks the use case. Rejects only with what the use case rejects with. */
  answer(raw: RawInput): Promise<RouteAnswer>;
};

type Asked<S extends InputShape, A> = z.output<z.ZodObject<S>> & { readonly actor: A; readonly askedAt: MonotonicMs };
type Spec<S extends InputShape, A, V> = Described<S> & {
  call(asked: Asked<S, A>): Promise<Outcome<V>> | Outcome<V>;
  /** The status of a success, where its value decides that. */
  toStatus?(value: V): number;
};

/** A row anybody may ask. */
export function publicRoute<S extends InputShape, V>(spec: Spec<S, null, V>): Route {
  return buildRoute(spec, 'public', () => null);
}

/** A row for keys of the given roles. */
export function guardedRoute<S extends InputShape, V>(roles: readonly Role[], spec: Spec<S, Actor, V>): Route {
  return buildRoute(spec, roles, (actor) => {
    if (actor === null) throw new Error(`${spec.method} ${spec.path} was reached without a key`);
    return actor;
  });
}

function buildRoute<S extends InputShape, A, V>(
  spec: Spec<S, A, V>,
  access: Route['access'],
  toActor: (actor: Actor | null) => A,
): Route {
  const { call, toStatus, ...described } = spec;
  const schema = z.object(spec.input);
  const refusesStrays = access !== 'public' && spec.input.query === undefined;
  return {
    ...described,
    access,
    async answer({ params, query, body, actor, askedAt }) {
      const strays = refusesStrays ? toStrayFaults(query) : [];
      const read = schema.safeParse({ params, query, body });
      if (!read.success) return toBadInput([...strays, ...toInputFaults(read.error.issues)]);
      if (strays.length > 0) return toBadInput(strays);
      const outcome = await call({ ...read.data, actor: toActor(actor), askedAt });
      if (!outcome.ok) return outcome;
      return { ...outcome, status: toStatus?.(outcome.value) ?? spec.status ?? 200 };
    },
  };
}

function toBadInput(errors: readonly InputFault[]): RouteRefusal {
  const [first] = errors;
  const detail = first === undefined ? 'The request is not valid.' : `${first.path || 'the body'}: ${first.message}`;
  return { ok: false, code: 'bad-request', detail, errors };
}
