import { describe, expect, test } from 'vitest';
import { ConnectError, ListenError, TlsError } from '../src/index.js';

const system = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('ConnectError', () => {
  test.each<[unknown, string | undefined, string]>([
    [system('ECONNREFUSED'), 'ECONNREFUSED', 'connection refused (ECONNREFUSED)'],
    [system('EWHATEVER'), 'EWHATEVER', 'connect EWHATEVER'],
    [new AggregateError([system('ENOTFOUND'), system('EACCES')]), 'ENOTFOUND', 'no such host (ENOTFOUND)'],
    [new AggregateError([], 'nothing was tried'), undefined, 'nothing was tried'],
    [new Error('for another reason'), undefined, 'for another reason'],
    ['text', undefined, 'text'],
    [null, undefined, 'null'],
  ])('because of %s has the reason %s and says %s', (cause, reason, said) => {
    const error = new ConnectError('tcp://h:1', cause);
    expect([error.reason, error.message]).toEqual([reason, `cannot connect to tcp://h:1: ${said}`]);
    expect(error.cause).toBe(cause);
  });
});

test('a ListenError names the cure only for the file of a unix socket', () => {
  expect(new ListenError('unix:/s', system('EADDRINUSE')).message).toMatch(/address in use .*remove the file$/);
  expect(new ListenError('tcp://h:1', system('EADDRINUSE')).message).not.toMatch(/file/);
});

test('a TlsError without a cause has no reason', () => {
  expect(new TlsError('no').reason).toBe(undefined);
});
