import { deepStrictEqual } from 'node:assert/strict';
import type { Contender } from './contender.js';

/**
 * Lets every contender do the work once, and compares what came out.
 *
 * @throws {Error} If a contender's result differs from the first one's, or if there is no result to compare.
 */
export async function verify(contenders: readonly Contender[]): Promise<void> {
  const [first, ...others] = contenders;
  if (first === undefined) throw new Error('expected at least one contender, got none');
  const expected = await first.check();
  if (expected === undefined) throw new Error(`${first.name} gave no result to compare`);
  for (const contender of others) {
    const actual = await contender.check();
    try {
      deepStrictEqual(actual, expected);
    } catch (error) {
      throw new Error(`${contender.name} and ${first.name} disagree`, { cause: error });
    }
  }
}
