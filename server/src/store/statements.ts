/*
 * Synchronous statements on the one connection: raw texts for the hot path, Kysely queries for the rest, both prepared
 * once. Synchronous because a batch is one transaction and nothing else may run inside it.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Compilable, Kysely } from 'kysely';
import type { Tables } from './schema.ts';
import { buildSqliteDialect } from './sqlite-dialect.ts';
import { storeLimits } from './store-limits.ts';

type Row<Q> = Q extends Compilable<infer R> ? R : never;

export class Statements {
  readonly connection: DatabaseSync;
  /** Builds queries; `compile()` them through the methods below. */
  readonly query: Kysely<Tables>;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(connection: DatabaseSync) {
    this.connection = connection;
    this.query = new Kysely<Tables>({ dialect: buildSqliteDialect(connection) });
  }

  /** A statement prepared once per text. */
  raw(text: string): StatementSync {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    if (this.#prepared.size >= storeLimits.statementsMax) this.#prepared.clear();
    const statement = this.connection.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }

  all<Q extends Compilable>(query: Q): Row<Q>[] {
    const { sql, parameters } = query.compile();
    return this.raw(sql).all(...(parameters as SQLInputValue[])) as Row<Q>[];
  }

  first<Q extends Compilable>(query: Q): Row<Q> | null {
    const { sql, parameters } = query.compile();
    return (this.raw(sql).get(...(parameters as SQLInputValue[])) as Row<Q> | undefined) ?? null;
  }

  /** Runs a writing query; answers the number of rows it touched. */
  run(query: Compilable): number {
    const { sql, parameters } = query.compile();
    return Number(this.raw(sql).run(...(parameters as SQLInputValue[])).changes);
  }
}
