import { describe, inject, test } from 'vitest';
import { readmeExamples } from '../../tooling/src/readme.mjs';

process.env['DATABASE_URL'] = inject('databaseUrl');

describe('README', () => {
  for (const example of readmeExamples(`${import.meta.dirname}/..`)) test(example.name, () => example.run());
});
