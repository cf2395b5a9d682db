/*
 * The rules of the house, held by code: floors, homes of packages, sizes, the clock ban, the valve rule, no cycles, and
 * documents that name only what exists.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { type Import, listFiles, listImports, measureFunctions, readText, root } from './support/source-tree.ts';

const files = listFiles();
const sources = files.filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.d.ts'));
const server = sources.filter((path) => path.startsWith('server/src/'));
const shipped = sources.filter((path) => /^(protocol|server|client-sdk|loadtest)\/(src|web|elements)\//.test(path));

/** The command line is part of the main floor. */
const folderOf = (path: string): string => /^server\/src\/(?!cli\/)([^/]+)\//.exec(path)?.[1] ?? 'main';
const adapters = ['store', 'media', 'ingest', 'tokens', 'telemetry'];
const edges = ['http', 'signalling'];

/** Which folders of server/src a folder may import; an adapter sees of app/ the port types alone. */
function mayImport(from: string, to: string, { isTypeOnly, resolved }: Import): boolean {
  if (from === to || from === 'main') return true;
  if (from === 'domain') return false;
  if (to === 'domain') return true;
  if (from === 'app') return false;
  if (adapters.includes(from)) return to === 'app' && isTypeOnly && resolved?.includes('/app/ports/') === true;
  return edges.includes(from) && to === 'app';
}

t.test('imports go down, never sideways, never up', async (t) => {
  for (const path of server) {
    for (const one of listImports(path)) {
      if (one.resolved === null || !one.resolved.startsWith('server/')) continue;
      t.ok(mayImport(folderOf(path), folderOf(one.resolved), one), `${path} -> ${one.resolved}`);
    }
  }
  for (const path of sources.filter((one) => one.startsWith('protocol/src/'))) {
    for (const one of listImports(path)) {
      t.ok(one.resolved === null || one.resolved.startsWith('protocol/src/'), `${path} -> ${one.specifier}`);
      t.notMatch(one.specifier, /^node:/, `${path} runs in browsers too`);
    }
  }
  for (const path of sources.filter((one) => one.startsWith('client-sdk/src/'))) {
    for (const one of listImports(path))
      t.notMatch(one.specifier, /^(node:|.*server\/)/, `${path} -> ${one.specifier}`);
  }
  // The harness measures what a stranger would meet: the wire and the command line.
  for (const path of sources.filter((one) => one.startsWith('loadtest/src/'))) {
    for (const one of listImports(path)) {
      t.ok(one.resolved === null || /^(loadtest|protocol)\/src\//.test(one.resolved), `${path} -> ${one.specifier}`);
      t.match(one.specifier, /^(node:|\.|@sallyport\/protocol\/|playwright-core$)/, `${path} brings ${one.specifier}`);
    }
  }
});

const homes: Readonly<Record<string, readonly string[]>> = {
  mediasoup: ['media'],
  'sdp-transform': ['media'],
  ws: ['signalling'],
  jsonwebtoken: ['tokens'],
  'prom-client': ['telemetry'],
  pino: ['telemetry'],
  'fluent-ffmpeg': ['ingest'],
  saxes: ['ingest'],
  kysely: ['store'],
  'node:sqlite': ['store'],
  fastify: ['http'],
  '@fastify/helmet': ['http'],
  '@fastify/rate-limit': ['http'],
  '@fastify/static': ['http'],
  // Cameras' transcoders; and the watchdog that outlives a hung server, which only media/ can point at its workers.
  'node:child_process': ['ingest', 'media', 'main'],
};

t.test('every outside package has one home', async (t) => {
  for (const path of server) {
    for (const { specifier } of listImports(path)) {
      const name = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : (specifier.split('/')[0] ?? '');
      const home = homes[specifier] ?? homes[name];
      if (home) t.ok(home.includes(folderOf(path)), `${path} imports ${specifier}; its home is ${home.join(' or ')}`);
    }
  }
});

t.test('no import cycles', async (t) => {
  const graph = new Map(shipped.map((path) => [path, listImports(path).flatMap((one) => one.resolved ?? [])]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) t.fail(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of shipped) visit(path, []);
  t.ok(done.size >= shipped.length);
});

t.test('files have at most 300 lines, functions at most 60', async (t) => {
  for (const path of sources) {
    const lines = readText(path).split('\n').length;
    t.ok(lines <= 301, `${path} has ${lines} lines`);
    if (!shipped.includes(path)) continue;
    for (const one of measureFunctions(path)) t.ok(one.lines <= 60, `${path}:${one.line} has ${one.lines} lines`);
  }
});

t.test('names say what a thing is', async (t) => {
  const empty = /(^|-)(manager|handler|service|helper|helpers|util|utils|common|info|data|misc)(-|\.|$)/;
  for (const path of sources) {
    t.match(basename(path), /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.(ts|mjs)$/, `${path} is kebab-case`);
    t.notMatch(basename(path), empty, path);
  }
});

t.test('every source opens with what it is responsible for', async (t) => {
  for (const path of shipped) t.match(readText(path), /^(#![^\n]*\n)?\/\*/, path);
});

t.test('domain and use cases know no clock, no chance and no timer of their own', async (t) => {
  const banned = /\b(Date\.now|new Date\(|performance\.|Math\.random|setTimeout|setInterval|setImmediate|crypto\.)/;
  for (const path of server.filter((one) => ['domain', 'app'].includes(folderOf(one)))) {
    t.notMatch(readText(path), banned, path);
  }
});

t.test('the valve alone lets packets through', async (t) => {
  // A publisher's packets come into this process through a transport that has no address.
  const tap = 'server/src/media/publisher-tap.ts';
  t.match(readText(tap), /\.createDirectTransport\(/);
  t.notMatch(
    readText(tap),
    /create(?!Direct)\w*Transport\(|\.(consumeData|pipeToRouter)\(|consumer\w*\.resume\(/i,
    tap,
  );
  for (const path of server) {
    if (path === 'server/src/media/valve.ts' || path === tap) continue;
    t.notMatch(readText(path), /\.(consume|consumeData)\(|consumer\w*\.resume\(/i, path);
    // A pipe leads from one router of ours to another and to no viewer; it has one home too.
    if (path !== 'server/src/media/payload-routers.ts') t.notMatch(readText(path), /\.pipeToRouter\(/, path);
  }
  t.match(readText('server/src/media/valve.ts'), /\.resume\(/, 'and it does');
});

t.test('only the store makes a receipt of a start', async (t) => {
  for (const path of server.filter((one) => !one.startsWith('server/src/store/'))) {
    t.notMatch(readText(path), /as StartReceipt\b|as unknown as StartReceipt/, path);
  }
});

t.test('nothing is left behind', async (t) => {
  const left = /\b(TODO|FIXME|XXX|HACK)\b|\b(t|test)\.(only|skip|todo)\(|debugger;/;
  for (const path of sources.filter((one) => !one.endsWith('tidy.test.ts'))) t.notMatch(readText(path), left, path);
  const commandLines = /^(server\/src\/cli|loadtest\/src\/main\.ts)/;
  for (const path of shipped.filter((one) => !commandLines.test(one))) {
    t.notMatch(readText(path), /\bconsole\.(log|info|debug)\(/, path);
    t.notMatch(readText(path), /\bexport \*|\bexport default (?!defineConfig)/, path);
  }
});

t.test('the project speaks of the project alone', async (t) => {
  const hosts = new RegExp(['registry', '\\.npmjs|', 'deb', '\\.debian\\.org|', '/wo', 'rk/'].join(''));
  for (const path of files.filter((one) => /\.(ts|mjs|md|json|py|ya?ml|html|css)$/.test(one))) {
    if (/package-lock\.json$|worker-overlay/.test(path)) continue;
    t.notMatch(readText(path), hosts, path);
  }
});

t.test('documents name only files that exist', async (t) => {
  for (const path of files.filter((one) => one.endsWith('.md') && !one.includes('worker-overlay'))) {
    const named = readText(path).matchAll(/`((?:protocol|server|client-sdk|loadtest|docker|\.ci)\/[\w./-]+)`/g);
    for (const [, target = ''] of named) t.ok(existsSync(join(root, target)), `${path} names ${target}`);
    for (const [, target = ''] of readText(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)) {
      t.ok(existsSync(join(root, path, '..', target)), `${path} links to ${target}`);
    }
  }
  t.ok(readText('README.md').split('\n').length <= 121, 'the README stays short');
});
