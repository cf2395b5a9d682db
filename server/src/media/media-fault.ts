/*
 * What can go wrong in the media adapter, as one error type with a stable code. Pure; thrown by media/ alone.
 */
export type MediaFaultCode =
  /** The worker's binary is not there, or may not be executed. */
  | 'worker-missing'
  /** The binary is there but does not start or does not answer. */
  | 'worker-broken'
  /** Another program has the port. */
  | 'port-taken'
  /** The listen address cannot be used on this machine. */
  | 'address-unusable'
  /** An option that cannot be right. */
  | 'bad-option'
  /** No worker is alive at the moment; a replacement is on its way. */
  | 'no-worker'
  /** The watchdog does not answer, so a hung server would go on showing pictures: nothing opens. */
  | 'unguarded'
  /** The receipt was not made by the store, or has opened a valve before. */
  | 'bad-receipt'
  /** The feed is not one of ours, is closed or has died. */
  | 'feed-gone'
  /** A publisher's offer that cannot be taken. */
  | 'bad-offer'
  | 'too-many'
  | 'timed-out'
  | 'closed';

/** A fault of the media adapter; `message` is for the operator, says what to do, and never reaches a viewer. */
export class MediaFault extends Error {
  readonly code: MediaFaultCode;

  constructor(code: MediaFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MediaFault';
    this.code = code;
  }
}

/** Gives the text of anything thrown. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
