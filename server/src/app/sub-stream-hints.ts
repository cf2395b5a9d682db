/*
 * Where the smaller stream of a camera is, by the form of its URL: for advice only. A path nobody named is never asked for,
 * since cameras lock accounts and owners read logs. Pure.
 */

type Family = {
  /** Matches the path of a main stream; its groups hold digits alone, so that no hint repeats a secret. */
  readonly main: RegExp;
  readonly toHint: (groups: readonly string[]) => string;
};

const families: readonly Family[] = [
  {
    main: /\/Streaming\/Channels\/(\d{1,3})01\b/i,
    toHint: ([channel]) => `/Streaming/Channels/${channel}02 (Hikvision and its brands)`,
  },
  {
    main: /\/(?:h264|mpeg-?4)\/ch(\d{1,3})\/main\/av_stream\b/i,
    toHint: ([channel]) => `/h264/ch${channel}/sub/av_stream (older Hikvision and its brands)`,
  },
  {
    main: /\/cam\/realmonitor\?(?:.*&)?subtype=0\b/i,
    toHint: () => 'the same path with subtype=1 (Dahua, Amcrest and their brands)',
  },
  {
    main: /\/(?:h26[45])?preview_(\d{1,2})_main\b/i,
    toHint: ([channel]) => `/h264Preview_${channel}_sub (Reolink)`,
  },
  {
    main: /\/axis-media\/media\.amp\b/i,
    toHint: () => '/axis-media/media.amp?videocodec=h264&resolution=1280x720&fps=15 (Axis makes streams to measure)',
  },
  { main: /:\d+\/stream1\b|\/\/[^/]+\/stream1\b/i, toHint: () => '/stream2 (TP-Link Tapo and others)' },
];

/** Where to look for a smaller stream; null when the URL tells no family, or is a sub-stream already. */
export function hintSubStream(url: string): string | null {
  for (const { main, toHint } of families) {
    const found = main.exec(url);
    if (found) return toHint(found.slice(1));
  }
  return null;
}
