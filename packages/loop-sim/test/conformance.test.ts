import { checkLoopPolicy } from '@millrace/loop-policy/testing';
import { expect, test } from 'vitest';
import { Simulation } from '../src/index.js';

test('a simulated host passes the conformance suite of loops, but for what it does not simulate', async () => {
  const simulation = new Simulation({ seed: 1 });
  const report = await simulation.run(() =>
    checkLoopPolicy(simulation.host('a'), {
      timers: simulation,
      print: () => {},
      features: {
        tls: 'TLS is not simulated',
        startTls: 'TLS is not simulated',
        fd: 'a simulated host has no file descriptors',
      },
    }),
  );
  expect(report.cases.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const reasons = new Set(report.cases.filter(({ outcome }) => outcome === 'skipped').map(({ reason }) => reason));
  expect([...reasons].sort()).toEqual(['TLS is not simulated', 'time is simulated']);
  expect(report.passed).toBeGreaterThan(120);
});
