import { bufferedCases } from './buffered-cases.js';
import type { ConformanceCase } from './case.js';
import { connectCases } from './connect-cases.js';
import { datagramCases } from './datagram-cases.js';
import { deliveryCases } from './delivery-cases.js';
import { endingCases } from './ending-cases.js';
import { loopCases } from './loop-cases.js';
import { readingCases } from './reading-cases.js';
import { recyclingCases } from './recycling-cases.js';
import { reentrancyCases } from './reentrancy-cases.js';
import { serverCases } from './server-cases.js';
import { setProtocolCases } from './set-protocol-cases.js';
import { tlsCases } from './tls-cases.js';
import { watermarkCases } from './watermark-cases.js';

/** Every behaviour that a loop has, by subject. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...loopCases,
  ...connectCases,
  ...deliveryCases,
  ...readingCases,
  ...endingCases,
  ...watermarkCases,
  ...recyclingCases,
  ...bufferedCases,
  ...setProtocolCases,
  ...reentrancyCases,
  ...serverCases,
  ...tlsCases,
  ...datagramCases,
];
