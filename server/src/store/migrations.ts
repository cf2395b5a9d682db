/*
 * The schema, as the ordered list of migrations that builds it. Only types that mean the same on every engine: text,
 * integer, real, blob; STRICT, so that a wrong type is refused instead of stored. Run by open-database.ts.
 */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Tables } from './schema.ts';

type Db = Kysely<Tables>;
const strict = <T extends string, C extends string>(table: CreateTableBuilder<T, C>) =>
  table.modifyEnd(sql`strict`).execute();

const integer = sql`integer`;
const blob = sql`blob`;
const real = sql`real`;

/** A row once written stays as it is; the log, the boundaries and the history rest on that. */
const APPEND_ONLY = [
  'ledger_entry',
  'ledger_node',
  'ledger_checkpoint',
  'session_start',
  'session_end',
  'consent_change',
];

async function createLedger({ schema }: Db): Promise<void> {
  await strict(
    schema
      .createTable('identity')
      .addColumn('one', integer, (c) => c.primaryKey().check(sql`one = 1`))
      .addColumn('node_id', 'text', (c) => c.notNull())
      .addColumn('origin', 'text', (c) => c.notNull()),
  );
  await strict(
    schema
      .createTable('ledger_entry')
      .addColumn('idx', integer, (c) => c.primaryKey())
      .addColumn('entry', blob, (c) => c.notNull())
      .addColumn('leaf', blob, (c) => c.notNull().check(sql`length(leaf) = 32`)),
  );
  await strict(
    schema
      .createTable('ledger_node')
      .addColumn('level', integer, (c) => c.notNull())
      .addColumn('idx', integer, (c) => c.notNull())
      .addColumn('hash', blob, (c) => c.notNull().check(sql`length(hash) = 32`))
      .addPrimaryKeyConstraint('ledger_node_key', ['level', 'idx']),
  );
  await strict(
    schema
      .createTable('ledger_checkpoint')
      .addColumn('size', integer, (c) => c.primaryKey())
      .addColumn('note', 'text', (c) => c.notNull()),
  );
  await strict(
    schema
      .createTable('opening')
      .addColumn('idx', integer, (c) => c.primaryKey().references('ledger_entry.idx'))
      .addColumn('salt', blob, (c) => c.notNull().check(sql`length(salt) = 32`))
      .addColumn('fields', 'text', (c) => c.notNull()),
  );
  await strict(
    schema
      .createTable('node_epoch')
      .addColumn('epoch', integer, (c) => c.primaryKey())
      .addColumn('started_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('started_ms', integer, (c) => c.notNull())
      .addColumn('alive_ms', integer, (c) => c.notNull()),
  );
}

async function createFacts({ schema }: Db): Promise<void> {
  const table = (name: string) => schema.createTable(name).addColumn('id', 'text', (c) => c.primaryKey().notNull());
  await strict(
    schema
      .createTable('fact_revision')
      .addColumn('one', integer, (c) => c.primaryKey().check(sql`one = 1`))
      .addColumn('value', integer, (c) => c.notNull()),
  );
  await strict(
    table('charter')
      .addColumn('record', 'text', (c) => c.notNull())
      .addColumn('set_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('ended_index', integer, (c) => c.unique().references('ledger_entry.idx'))
      .addColumn('revision', integer, (c) => c.notNull()),
  );
  await strict(
    table('owner')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .addColumn('added_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx')),
  );
  await strict(
    table('camera')
      .addColumn('owner_id', 'text', (c) => c.notNull().references('owner.id'))
      .addColumn('ownership', 'text', (c) => c.notNull().check(sql`ownership in ('city', 'private')`))
      .addColumn('lat', real, (c) => c.notNull())
      .addColumn('lon', real, (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('enrolled', 'withdrawn')`))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('enrolled_at_ms', integer, (c) => c.notNull())
      .addColumn('enrolled_by', 'text', (c) => c.notNull())
      .addColumn('sealed_url', 'text', (c) => c.notNull())
      .addColumn('added_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('revision', integer, (c) => c.notNull()),
  );
  await strict(
    table('incident')
      .addColumn('external_id', 'text', (c) => c.notNull().unique())
      .addColumn('record', 'text', (c) => c.notNull())
      .addColumn('added_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('revision', integer, (c) => c.notNull()),
  );
  await strict(
    table('api_key')
      .addColumn('role', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull().unique())
      .addColumn('agency', 'text')
      .addColumn('owner_id', 'text', (c) => c.references('owner.id'))
      .addColumn('label', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .addColumn('added_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('revoked_index', integer, (c) => c.unique().references('ledger_entry.idx')),
  );
  await schema.createIndex('camera_owner').on('camera').column('owner_id').execute();
}

async function createConsents({ schema }: Db): Promise<void> {
  await strict(
    schema
      .createTable('consent')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('camera_id', 'text', (c) => c.notNull().references('camera.id'))
      .addColumn('owner_id', 'text', (c) => c.notNull().references('owner.id'))
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('record', 'text', (c) => c.notNull())
      .addColumn('added_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('revision', integer, (c) => c.notNull()),
  );
  await strict(
    schema
      .createTable('consent_change')
      .addColumn('changed_index', integer, (c) => c.primaryKey().references('ledger_entry.idx'))
      .addColumn('consent_id', 'text', (c) => c.notNull().references('consent.id'))
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('at_ms', integer, (c) => c.notNull()),
  );
  await schema.createIndex('consent_camera').on('consent').columns(['camera_id', 'added_index']).execute();
  await schema.createIndex('consent_change_consent').on('consent_change').column('consent_id').execute();
}

async function createSessions({ schema }: Db): Promise<void> {
  await strict(
    schema
      .createTable('session_start')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('epoch', integer, (c) => c.notNull().references('node_epoch.epoch'))
      .addColumn('started_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('started_at_ms', integer, (c) => c.notNull())
      .addColumn('camera_id', 'text', (c) => c.notNull().references('camera.id'))
      .addColumn('consent_id', 'text', (c) => c.notNull().references('consent.id'))
      .addColumn('incident_id', 'text', (c) => c.notNull().references('incident.id'))
      .addColumn('charter_id', 'text', (c) => c.notNull().references('charter.id'))
      .addColumn('incident_type', 'text', (c) => c.notNull())
      .addColumn('agency', 'text', (c) => c.notNull()),
  );
  await strict(
    schema
      .createTable('session_end')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull().references('session_start.id'))
      .addColumn('ended_index', integer, (c) => c.notNull().unique().references('ledger_entry.idx'))
      .addColumn('ended_at_ms', integer, (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('last_packet_at_ms', integer),
  );
  await strict(
    schema
      .createTable('session_open')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull().references('session_start.id'))
      .addColumn('epoch', integer, (c) => c.notNull()),
  );
  await schema.createIndex('session_camera').on('session_start').columns(['camera_id', 'started_index']).execute();
}

async function forbidRewriting(db: Db): Promise<void> {
  for (const name of APPEND_ONLY) {
    for (const verb of ['update', 'delete']) {
      const trigger = sql.raw(
        `create trigger ${name}_no_${verb} before ${verb} on ${name} begin select raise(abort, 'append only'); end`,
      );
      await trigger.execute(db);
    }
  }
}

/** Cameras that are published to the server have no address; a publish key feeds one camera. */
async function publishCameras({ schema }: Db): Promise<void> {
  await schema
    .alterTable('camera')
    .addColumn('source', 'text', (c) => c.notNull().defaultTo('pulled').check(sql`source in ('pulled', 'published')`))
    .execute();
  await schema
    .alterTable('api_key')
    .addColumn('camera_id', 'text', (c) => c.references('camera.id'))
    .execute();
}

const migrations: Record<string, Migration> = {
  '001-first-tables': {
    async up(db: Db) {
      await createLedger(db);
      await createFacts(db);
      await createConsents(db);
      await createSessions(db);
      await forbidRewriting(db);
    },
  },
  '002-published-cameras': { up: publishCameras },
};

/** Brings the schema up to date, all or nothing; rejects with what went wrong. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
