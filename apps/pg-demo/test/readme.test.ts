import { describe, test } from 'vitest';
import { readmeExamples } from '../../../packages/tooling/src/readme.mjs';

// The front page's example needs a server, which this app's tests have.
describe('the README of the repository', () => {
  for (const example of readmeExamples(`${import.meta.dirname}/..`, '../../README.md'))
    test(example.name, () => example.run());
});
