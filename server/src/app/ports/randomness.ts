/* Random bytes as a port; fulfilled by the operating system's generator, fixed in tests. */
export interface Randomness {
  bytes(count: number): Uint8Array;
}
