import type { ConformanceCase } from './case.js';
import { connectCases } from './connect-cases.js';
import { deliveryCases } from './delivery-cases.js';
import { endingCases } from './ending-cases.js';
import { readingCases } from './reading-cases.js';

/** Every behaviour that a loop has, by subject. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...connectCases,
  ...deliveryCases,
  ...readingCases,
  ...endingCases,
];
