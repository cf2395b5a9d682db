/*
 * Kysely on node:sqlite: the small interface its own SQLite dialect asks for, over DatabaseSync. Used to migrate and
 * to compile queries; the store's worker thread alone holds the connection.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type DialectAdapter, SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely';

/** SQLite has transactional DDL; without saying so a failing migration would leave half a schema behind. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter();
  }
}

export function buildSqliteDialect(connection: DatabaseSync): SqliteDialect {
  const database: SqliteDatabase = {
    // The connection belongs to whoever opened it.
    close: () => undefined,
    prepare(text) {
      // A deferred transaction that upgrades its lock late can fail half way.
      const statement = connection.prepare(text === 'begin' ? 'begin immediate' : text);
      const bind = (values: readonly unknown[]) => values as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...bind(values)),
        run: (values) => statement.run(...bind(values)),
        iterate: (values) => statement.iterate(...bind(values)),
      };
    },
  };
  return new NodeSqliteDialect({ database });
}
