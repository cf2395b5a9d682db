/*
 * Where the TypeScript compiler's own program is. It is run directly: its JavaScript front would load whatever hooks
 * the calling process has set up for Node, such as those of a test runner. Called by declarations.ts and the tests.
 */
import getExePath from '../../node_modules/typescript/lib/getExePath.js';

/** The compiler's executable on this platform. Throws where it is not installed. */
export const compilerPath = (): string => getExePath();
