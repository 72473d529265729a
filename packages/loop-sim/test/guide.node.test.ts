import { describe, test } from 'vitest';
import { readmeExamples } from '../../tooling/src/readme.mjs';

describe('the guide', () => {
  for (const example of readmeExamples(`${import.meta.dirname}/..`, '../../docs/guides/test-under-faults.md')) {
    test(example.name, async () => {
      await example.run();
    });
  }
});
