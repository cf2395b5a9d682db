/*
 * Reads the texts of options: numbers within bounds, durations, sizes, rates. Pure; a problem is a sentence that says what
 * to write instead.
 */

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };
export type Reader<T> = (text: string) => Read<T>;

const fine = <T>(value: T): Read<T> => ({ ok: true, value });
const wrong = (problem: string): Read<never> => ({ ok: false, problem });

export const readInteger =
  (min: number, max: number): Reader<number> =>
  (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? fine(value) : wrong(`must be a whole number from ${min} to ${max}`);
  };

/** `30s`, `500ms`, `2m`, in milliseconds. */
export const readDuration =
  (minMs: number, maxMs: number): Reader<number> =>
  (text) => {
    const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
    const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 'ms'] ?? 1;
    const value = match ? Number(match[1]) * unit : Number.NaN;
    if (value >= minMs && value <= maxMs) return fine(value);
    return wrong(`must be a duration such as 30s, from ${minMs} ms to ${maxMs / 60_000} minutes`);
  };

/** `20/s`. */
export const readRate: Reader<number> = (text) => {
  const value = Number(/^(\d{1,5}(?:\.\d{1,3})?)\/s$/.exec(text)?.[1] ?? Number.NaN);
  return value > 0 ? fine(value) : wrong('must be joins a second such as 20/s');
};

/** `0.01` or `1%`, as a share. */
export const readShare: Reader<number> = (text) => {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text);
  const value = match ? Number(match[1]) / (match[2] === '%' ? 100 : 1) : Number.NaN;
  return value >= 0 && value <= 1 ? fine(value) : wrong('must be a share such as 0.01 or 1%');
};

export type Size = { readonly width: number; readonly height: number };

/** `1280x720`. */
export const readSize: Reader<Size> = (text) => {
  const match = /^(\d{3,4})x(\d{3,4})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  const isEven = width % 2 === 0 && height % 2 === 0;
  return match && isEven && width <= 3_840 ? fine({ width, height }) : wrong('must be an even size such as 1280x720');
};

/** `700k` or `2.5M` bits a second, in kilobits. */
export const readBitrate: Reader<number> = (text) => {
  const match = /^(\d{1,5}(?:\.\d{1,3})?)([kM])$/.exec(text);
  const value = match ? Number(match[1]) * (match[2] === 'M' ? 1_000 : 1) : Number.NaN;
  return value >= 50 && value <= 50_000 ? fine(value) : wrong('must be a bit rate such as 700k or 2M');
};

export const readWord =
  <const W extends string>(...words: readonly W[]): Reader<W> =>
  (text) => {
    const found = words.find((word) => word === text);
    return found === undefined ? wrong(`must be one of ${words.join(', ')}`) : fine(found);
  };

export const readUrl: Reader<string> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url && /^https?:$/.test(url.protocol) && (url.pathname === '/' || url.pathname === '');
  return isPlain ? fine(url.origin) : wrong('must be the address of a deployment such as https://watch.example.org');
};

export const readText: Reader<string> = (text) => (text === '' ? wrong('must not be empty') : fine(text));
