import type { SeededRandom } from '@millrace/testkit';

/** One of `things`, each as likely as the others. */
export function pick<T>(random: SeededRandom, things: readonly T[]): T {
  const i = random.int(0, things.length - 1);
  if (!(i in things)) throw new RangeError('nothing to pick from');
  return things[i] as T;
}
