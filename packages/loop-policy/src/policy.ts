import type { Loop } from './loop.js';
import { nodePolicy } from './node/node-policy.js';

/** Decides which loop code gets that does not name one. */
export interface LoopPolicy {
  readonly name: string;
  /** The current loop; the same one each time, as long as it is open. */
  getLoop(): Loop;
  /** A loop of one's own. */
  newLoop(): Loop;
}

// Under a registered symbol, so that two copies of this package in one process agree.
const KEY = Symbol.for('millrace.loop-policy');
const DEFAULT_KEY = Symbol.for('millrace.loop-policy.default');
const registry = globalThis as { [KEY]?: LoopPolicy | undefined; [DEFAULT_KEY]?: LoopPolicy | undefined };

/** The loop of the current policy; without a policy, the one on `node:net`. */
export function getLoop(): Loop {
  return (registry[KEY] ?? (registry[DEFAULT_KEY] ??= nodePolicy)).getLoop();
}

/**
 * Sets the policy for the whole process, also for other copies of this package.
 *
 * @param policy - `null` restores the default. Loops that were handed out before stay as they are.
 * @throws {TypeError} If `policy` lacks a method; the policy stays as it was.
 */
export function setLoopPolicy(policy: LoopPolicy | null): void {
  if (policy !== null && (typeof policy.getLoop !== 'function' || typeof policy.newLoop !== 'function')) {
    throw new TypeError('expected a loop policy (an object with getLoop() and newLoop()), or null for the default');
  }
  registry[KEY] = policy ?? undefined;
}
