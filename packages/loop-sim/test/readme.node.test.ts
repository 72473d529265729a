import { describe, test } from 'vitest';
import { readmeExamples } from '../../tooling/src/readme.mjs';

describe('README', () => {
  for (const example of readmeExamples(`${import.meta.dirname}/..`)) {
    test(example.name, async () => {
      await example.run();
    });
  }
});
