import fc from 'fast-check';
import { describe, test } from 'vitest';
import { explore } from '../src/index.js';
import type { Step } from '../src/index.js';

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
const product = (numbers: readonly number[]): number => numbers.reduce((result, factor) => result * factor, 1);
const sum = (numbers: readonly number[]): number => numbers.reduce((result, term) => result + term, 0);

describe('explore', () => {
  test('runs as many schedules as there are ways to merge the tasks, each once', async () => {
    const taskLengths = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        taskLengths.filter((lengths) => sum(lengths) <= 6),
        fc.boolean(),
        async (lengths, symmetric) => {
          const step: Step<null> = { name: 'step', run: () => {} };
          const schedules = new Set<string>();
          const explored = await explore(
            {
              setup: () => null,
              tasks: lengths.map((length) => Array.from({ length }, () => step)),
              atEnd: (_, run) => void schedules.add(run.schedule),
            },
            { symmetric },
          );
          const merges = factorial(sum(lengths)) / product(lengths.map(factorial));
          const twins = product(
            [1, 2, 3].map((length) => factorial(lengths.filter((other) => other === length).length)),
          );
          const expected = (merges / (symmetric ? twins : 1)) * 2 ** (sum(lengths) - 1);
          return explored.schedules === expected && schedules.size === expected && explored.longest === sum(lengths);
        },
      ),
      { numRuns: 50 },
    );
  });
});
