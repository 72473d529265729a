import { expect, test } from 'vitest';
import { canReusePort } from '../src/node/reuse-port.js';

test.each([
  ['20.20.2', false],
  ['22.11.0', false],
  ['22.12.0', true],
  ['23.0.0', false],
  ['23.1.0', true],
  ['24.0.0', true],
  ['', false],
])('Node %s can share ports: %s', (version, can) => {
  expect(canReusePort(version)).toBe(can);
});

test('the process decides where no version is given', () => {
  expect(canReusePort()).toBe(canReusePort(process.versions.node));
});
