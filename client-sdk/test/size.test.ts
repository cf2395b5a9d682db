/*
 * The built package: how large its files are, that they stand alone, and that a stranger's project type-checks against
 * its declarations, with both ways of resolving modules and nothing else installed.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { compilerPath } from '../build/compiler.ts';
import { ALL_BYTES_MAX, measure, VIEWER_BYTES_MAX } from '../build/measure.ts';
import { makePackage } from './support/built-package.ts';

const run = promisify(execFile);

const built = await makePackage();
t.teardown(() => built.remove());

t.test('the viewer is at most 15 kB minified and compressed, and so is each other entry', async (t) => {
  const { gzipBytes } = measure(join(built.dir, 'index.js'));
  t.ok(gzipBytes > 1_000 && gzipBytes <= VIEWER_BYTES_MAX, `${gzipBytes} bytes`);
  for (const name of ['elements.js', 'publisher.js', 'publisher-element.js', 'sallyport.js']) {
    const size = measure(join(built.dir, name));
    t.comment(`${name}: ${size.minifiedBytes} bytes, ${size.gzipBytes} gzip`);
    t.ok(size.gzipBytes <= (name === 'sallyport.js' ? ALL_BYTES_MAX : VIEWER_BYTES_MAX), name);
  }
});

t.test('who only watches loads no publisher, and what is not used is shaken off', async (t) => {
  for (const name of ['index.js', 'elements.js']) {
    t.notMatch(await readFile(join(built.dir, name), 'utf8'), /getUserMedia|trickle-ice/, name);
  }
  t.notMatch(await readFile(join(built.dir, 'publisher.js'), 'utf8'), /WebSocket|requestVideoFrameCallback/);
});

t.test('what is built stands alone and has its sources mapped', async (t) => {
  const imports: Readonly<Record<string, readonly string[]>> = {
    'index.js': [],
    'elements.js': ['./index.js'],
    'publisher.js': [],
    'publisher-element.js': ['./publisher.js'],
    'sallyport.js': [],
  };
  for (const [name, expected] of Object.entries(imports)) {
    const code = await readFile(join(built.dir, name), 'utf8');
    const named = [...code.matchAll(/\b(?:from|import)\s*["'`]([^"'`]+)["'`]/g)].map(([, specifier]) => specifier);
    t.same(named, expected, name);
    t.match(code, new RegExp(`//# sourceMappingURL=${name}\\.map\\n?$`));
    const map = JSON.parse(await readFile(join(built.dir, `${name}.map`), 'utf8'));
    t.ok(map.sources.length > 5 && map.sourcesContent.length === map.sources.length, 'with the sources in it');
  }
  const manifest = JSON.parse(await readFile(join(built.dir, 'package.json'), 'utf8'));
  t.equal(manifest.dependencies, undefined, 'nothing comes with it');
  const files = await readdir(built.dir, { recursive: true });
  for (const face of Object.values<{ types: string; default: string }>(manifest.exports)) {
    for (const path of [face.types, face.default]) t.ok(files.includes(path.replace('./', '')), path);
  }
});

const program = `import { Publisher, publishReasonText } from '@sallyport/client/publisher';
import { PublishingRefused } from '@sallyport/client/publisher-element';
import { type FeedState, Viewer, ViewingRefused } from '@sallyport/client';
import { type SallyportWall, toStateWords } from '@sallyport/client/elements';
const viewer = new Viewer({ url: '/v1/signal', getToken: async ({ cameraId, jkt }) => cameraId + jkt });
const one = document.createElement('sallyport-viewer');
one.viewer = viewer;
one.words = (state: FeedState, tickMs) => ({ ...toStateWords(state, tickMs), state: 'Now' });
const wall: SallyportWall = document.createElement('sallyport-wall');
wall.getToken = async () => { throw new ViewingRefused('no'); };
wall.addEventListener('sallyport-state', ({ cameraId, state }) => wall.removeCamera(state.name === 'live' ? cameraId : 'cam_x'));
document.addEventListener('click', () => wall.addCamera('cam_b'));
const publisher = new Publisher({ url: '/', cameraId: 'cam_a', getPublishToken: async ({ jkt }) => jkt, simulcast: true });
publisher.addEventListener('state', () => { if (publisher.state.name === 'published') publisher.mute('audio', publisher.state.watched !== 'yes'); });
const sender = document.createElement('sallyport-publisher');
sender.getPublishToken = async () => { throw new PublishingRefused('no'); };
sender.addEventListener('sallyport-publish', ({ state }) => { if (state.name === 'off') document.title = publishReasonText(state.reason); });
`;
const mistake = `import '@sallyport/client/elements';
document.createElement('sallyport-wall').addCamera('not a camera');
document.createElement('sallyport-viewer').addEventListener('sallyport-cut', (cut) => cut.reason === 'no such reason');
`;

const check = async (module: string, moduleResolution: string, file: string) => {
  const config = {
    compilerOptions: { target: 'es2022', lib: ['es2022', 'dom'], module, moduleResolution, types: [], strict: true },
    files: [file],
  };
  const path = join(built.consumerDir, 'tsconfig.json');
  const options = { ...config.compilerOptions, noEmit: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  await writeFile(path, JSON.stringify({ ...config, compilerOptions: options }));
  return run(compilerPath(), ['-p', path], { timeout: 60_000 });
};

t.test('a consumer type-checks against the declarations', async (t) => {
  await writeFile(join(built.consumerDir, 'package.json'), '{ "type": "module" }');
  await writeFile(join(built.consumerDir, 'page.ts'), program);
  await writeFile(join(built.consumerDir, 'mistake.ts'), mistake);
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    t.equal((await check(module, resolution, 'page.ts')).stdout, '', resolution);
    const refused = await check(module, resolution, 'mistake.ts').catch((failure) => String(failure.stdout));
    t.match(refused, /mistake\.ts\(2,.*mistake\.ts\(3,/s, 'and both mistakes are found');
  }
});
