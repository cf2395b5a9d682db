/* What a command of the command line is; each file beside this one holds one, and cli.ts the table of them. */
export type Command = {
  readonly usage: string;
  readonly about: string;
  /** Resolves with the process's exit code when the command is over. */
  readonly run: (args: readonly string[]) => Promise<number>;
};
