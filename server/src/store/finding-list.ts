/* What a check of the ledger found, in plain words, bounded. Pure; used by ledger-verify.ts and tree-check.ts. */

/** `index` is the entry it concerns, null for the ledger as a whole. */
export type Finding = { readonly index: number | null; readonly words: string };

/** A ledger that is wrong at one place is often wrong at all later ones; the first tell the story. */
const FINDINGS_MAX = 50;

export class FindingList {
  readonly #findings: Finding[] = [];
  #omitted = 0;

  add(index: number | null, words: string): void {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push({ index, words });
    else this.#omitted++;
  }

  outcome() {
    const sound = this.#findings.length === 0;
    return { sound, findings: this.#findings as readonly Finding[], findingsOmitted: this.#omitted };
  }
}
