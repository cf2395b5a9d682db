/*
 * The one failure of the ingest floor: a stable word, a sentence for people, and whether trying again soon can help.
 * Pure. Thrown by the conversation with a camera, caught by the source and the probe.
 */
import type { SourceFaultCode } from '../app/ports/camera-source.ts';

/** These need a person: a setting, a password, another codec. Trying again soon only locks accounts and fills logs. */
const NEEDS_A_PERSON: ReadonlySet<SourceFaultCode> = new Set<SourceFaultCode>([
  'bad-url',
  'not-onvif',
  'not-allowed',
  'tls-untrusted',
  'credentials-needed',
  'credentials-wrong',
  'no-tcp',
  'no-udp',
  'codec-unsupported',
  'too-many-redirects',
]);

/** A camera cannot be pulled. `message` is for people and MUST NOT hold credentials. */
export class IngestFault extends Error {
  readonly code: SourceFaultCode;

  constructor(code: SourceFaultCode, text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : { cause });
    this.name = 'IngestFault';
    this.code = code;
  }

  /** True when only a change by a person will help. */
  get needsPerson(): boolean {
    return NEEDS_A_PERSON.has(this.code);
  }
}

/** Any thrown thing as a fault; what is not one is the given word, with its own cause kept. */
export function toIngestFault(thrown: unknown, code: SourceFaultCode, text: string): IngestFault {
  return thrown instanceof IngestFault ? thrown : new IngestFault(code, text, thrown);
}
