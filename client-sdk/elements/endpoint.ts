/*
 * How an element reads its attributes: ids and the address of the control connection. Pure but for the document's own
 * address, which relative endpoints start from.
 */
import type { CameraId } from '../src/index.ts';

const CAMERA = /^cam_[a-z2-7]{26}$/;
const isCameraId = (text: string): text is CameraId => CAMERA.test(text);

/** The path of the control connection on a Sallyport server. */
const SIGNAL_PATH = '/v1/signal';

/** Reads one camera id; null where there is none. */
export function parseCamera(text: string | null): CameraId | null {
  const id = text?.trim() ?? '';
  return isCameraId(id) ? id : null;
}

/** Reads ids between white space, each once; what is no id is left out. */
export function parseCameras(text: string | null): readonly CameraId[] {
  return [...new Set((text ?? '').split(/\s+/).filter(isCameraId))];
}

/** Makes a server's address of an `endpoint` attribute; without one it is the page's own server. */
export function toServerUrl(endpoint: string | null, base: string): string | null {
  return URL.canParse(endpoint ?? '', base) ? new URL('/', new URL(endpoint ?? '', base)).href : null;
}

/**
 * Makes a control address of an `endpoint` attribute: absolute or relative, http and https read as ws and wss. Without
 * one it is the page's own server. Null where the text is no address.
 */
export function toSignalUrl(endpoint: string | null, base: string): string | null {
  const text = endpoint ?? '';
  if (!URL.canParse(text === '' ? SIGNAL_PATH : text, base)) return null;
  const url = new URL(text === '' ? SIGNAL_PATH : text, base);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.protocol === 'ws:' || url.protocol === 'wss:' ? url.href : null;
}
