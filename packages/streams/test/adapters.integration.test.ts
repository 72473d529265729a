import { checkLoopPolicy, conformanceCases } from '@millrace/loop-policy/testing';
import { describe, expect, test } from 'vitest';
import {
  toDuplex,
  toNodeStream,
  toWebStreams,
  transportOfDuplex,
  transportOfNodeStream,
  transportOfWebStreams,
} from '../src/adapters.js';
import { carriedPolicy } from './carried-policy.js';

/** What the contract says of transports; servers, clocks and addresses are not what adapters make. */
const groups = ['delivery', 'reading', 'ending', 'watermarks', 'recycling', 'buffered', 'setProtocol', 're-entrancy'];

const policies = [
  carriedPolicy('over Node streams', (connection, factory, options) =>
    transportOfNodeStream(toNodeStream(connection), factory, options),
  ),
  carriedPolicy('over web streams', (connection, factory, options) =>
    transportOfWebStreams(toWebStreams(connection), factory, options),
  ),
  carriedPolicy('over async duplexes', (connection, factory, options) =>
    transportOfDuplex(toDuplex(connection), factory, options),
  ),
];

describe.each(policies)('A transport $name, over a socket', (policy) => {
  test.each(groups)('keeps the contract of every transport: %s', async (group) => {
    const cases = conformanceCases.filter(({ name }) => name.startsWith(`${group}: `));
    expect(cases.length).toBeGreaterThan(0);
    const report = await checkLoopPolicy(policy, { cases, print: () => undefined });
    expect(report.cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  });
});
