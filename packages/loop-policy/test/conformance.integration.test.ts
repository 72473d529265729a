import { expect, test } from 'vitest';
import { nodePolicy } from '../src/index.js';
import { checkLoopPolicy, conformanceCases } from '../src/testing.js';

test.each(conformanceCases.map(({ name }) => [name] as const))('the node loop, %s', async (name) => {
  const report = await checkLoopPolicy(nodePolicy, { only: (each) => each === name, print: () => {} });
  expect(report.cases).toEqual([{ name, outcome: 'passed' }]);
});
