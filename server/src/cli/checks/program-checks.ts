/* Checks of the programs the server runs: Node itself, the media worker, ffmpeg. */
import { MediaFault } from '../../media/media-fault.ts';
import { tryWorker } from '../../media/try-worker.ts';
import { systemClock } from '../../system-clock.ts';
import { type Check, mend, ok, warn } from './check.ts';

const NODE_MAJOR_MIN = 22;
/** What Debian 12 has; older ones know other options. */
const FFMPEG_MAJOR_MIN = 5;

export const nodeCheck: Check = {
  about: 'Node',
  when: 'doctor',
  look: async (_, { nodeVersion }) => {
    if (Number(nodeVersion.split('.')[0]) >= NODE_MAJOR_MIN) return [ok(`Node ${nodeVersion}`)];
    return [
      mend(`Node ${nodeVersion} is too old`, 'Start through the npm scripts; they bring the right Node with them.'),
    ];
  },
};

export const workerCheck: Check = {
  about: 'the media worker',
  // A start makes its workers itself, and says the same.
  when: 'doctor',
  look: async (_, { workerPath }) => {
    try {
      await tryWorker(systemClock, workerPath);
      return [ok(`media worker ${workerPath} starts`)];
    } catch (fault) {
      if (!(fault instanceof MediaFault)) throw fault;
      const isThere = fault.code === 'worker-broken';
      return [mend(`media worker ${workerPath} ${isThere ? 'does not start' : 'is missing'}`, 'Run: npm run setup')];
    }
  },
};

export const ffmpegCheck: Check = {
  about: 'ffmpeg',
  when: 'doctor',
  look: async ({ transcodersMax }, { run }) => {
    if (transcodersMax === 0) return [ok('ffmpeg is not needed: SALLYPORT_TRANSCODERS_MAX is 0')];
    const install = 'Run: apt-get install ffmpeg; or set SALLYPORT_TRANSCODERS_MAX=0 when every camera sends H.264.';
    const version = /^ffmpeg version (\S{1,60})/.exec((await run('ffmpeg', ['-version'])) ?? '')?.[1];
    if (version === undefined) return [mend('ffmpeg is missing; it transcodes cameras that send no H.264', install)];
    // Builds from a repository call themselves N-12345-g0123abc and have no such number.
    const major = /^n?(\d+)\./.exec(version)?.[1];
    if (major !== undefined && Number(major) < FFMPEG_MAJOR_MIN)
      return [mend(`ffmpeg ${version} is too old; ${FFMPEG_MAJOR_MIN} or newer is needed`, install)];
    const encoders = (await run('ffmpeg', ['-hide_banner', '-encoders'])) ?? '';
    if (!/\blibx264\b/.test(encoders))
      return [mend(`ffmpeg ${version} cannot make H.264: it is built without libx264`, install)];
    if (!/\blibopus\b/.test(encoders))
      return [warn(`ffmpeg ${version} is built without libopus: no sound from cameras that send AAC`, install)];
    return [ok(`ffmpeg ${version} with libx264 and libopus`)];
  },
};
