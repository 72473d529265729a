import { describe, expect, test } from 'vitest';
import type { StartupOptions } from '../src/index.js';
import { expectEvents, failure } from './conversations.js';
import { newSession, type Session } from './open-session.js';
import { concat, int32, message, server } from './wire.js';

const started =
  (options: Partial<StartupOptions> = {}) =>
  (): Session => {
    const session = newSession();
    session.machine.sendStartup({ user: 'u', ...options });
    return session;
  };
const OPTION = { parameters: { '_pq_.x': '1' } };
const [V3_0, V3_2] = [3 << 16, (3 << 16) | 2];

describe('the protocol version', () => {
  test.each([
    [undefined, V3_0],
    ['3.0', V3_0],
    ['3.2', V3_2],
  ] as const)('%s is asked for as %d', (protocolVersion, code) => {
    const { machine } = started({ protocolVersion })();
    expect(machine.output.take().subarray(4, 8)).toEqual(int32(code));
  });

  test('is one that the machine knows', () => {
    const { machine } = newSession();
    const error = failure(() => {
      machine.sendStartup({ user: 'u', protocolVersion: '3.1' as '3.2' });
    });
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('protocolVersion must be 3.0 or 3.2, got "3.1"');
    expect(machine.output.length).toBe(0);
    machine.sendStartup({ user: 'u' });
  });

  test.each([
    ['an older one', { protocolVersion: '3.2' }, server.negotiate(V3_0), '3.0', []],
    [
      'an older one, and no option',
      { protocolVersion: '3.2', ...OPTION },
      server.negotiate(V3_0, '_pq_.x'),
      '3.0',
      ['_pq_.x'],
    ],
    [
      'the one asked for, and no option',
      { protocolVersion: '3.2', ...OPTION },
      server.negotiate(V3_2, '_pq_.x'),
      '3.2',
      ['_pq_.x'],
    ],
    ['what was asked for', {}, server.negotiate(V3_0), '3.0', []],
    ['the oldest, and no option', OPTION, server.negotiate(V3_0, '_pq_.x'), '3.0', ['_pq_.x']],
  ] as const)('may be negotiated to %s', (_, options, bytes, protocolVersion, unsupportedOptions) => {
    expectEvents(
      started(options),
      bytes,
      [['negotiateProtocolVersion', { protocolVersion, unsupportedOptions }]],
      'versionNegotiated',
    );
  });

  test.each([
    ['a newer one', {}, server.negotiate(V3_2), 'wants protocol version 3.2, newer than 3.0'],
    [
      'one that never was',
      { protocolVersion: '3.2' },
      server.negotiate(V3_0 + 1),
      'wants protocol version 3.1, this machine speaks 3.0 and 3.2',
    ],
    ['another major one', {}, server.negotiate(2 << 16), 'wants protocol version 2.0'],
    ['an option that nobody asked for', OPTION, server.negotiate(V3_0, '_pq_.y'), '"_pq_.y", which was not asked for'],
    ['a parameter', { parameters: { a: 'b' } }, server.negotiate(V3_0, 'a'), '"a", which was not asked for'],
    [
      'more options than it has',
      OPTION,
      message('v', int32(V3_0, 0x7fffffff)),
      'NegotiateProtocolVersion while starting',
    ],
  ] as const)('may not be negotiated to %s', (_, options, bytes, text) => {
    const { handler, machine } = started(options)();
    expect(
      failure(() => {
        machine.feed(bytes);
      }).message,
    ).toContain(text);
    expect(handler.events).toEqual([]);
  });

  test('is negotiated once', () => {
    const { machine } = started({ protocolVersion: '3.2' })();
    machine.feed(server.negotiate(V3_0));
    expect(
      failure(() => {
        machine.feed(server.negotiate(V3_0));
      }).message,
    ).toContain('NegotiateProtocolVersion is illegal while versionNegotiated');
  });
});

describe('the key for cancel requests', () => {
  const letIn = (version: '3.0' | '3.2', ...first: Uint8Array[]): Session => {
    const session = started({ protocolVersion: version })();
    session.machine.feed(concat(...first, server.authenticationOk()));
    session.handler.clear();
    return session;
  };

  test.each([4, 32, 256])('has up to 256 bytes in 3.2, as %d', (length) => {
    const { handler, machine } = letIn('3.2');
    const key = new Uint8Array(length).fill(7);
    machine.feed(server.keyData(1, key));
    expect(handler.events).toEqual([['backendKeyData', 1, key]]);
  });

  test.each([3, 257])('never has %d', (length) => {
    const { machine } = letIn('3.2');
    const error = failure(() => {
      machine.feed(server.keyData(1, new Uint8Array(length)));
    });
    expect(error.message).toContain('BackendKeyData has a length from 12 to 264');
  });

  test('has 4 bytes in 3.0, also where that was negotiated', () => {
    for (const session of [letIn('3.0'), letIn('3.2', server.negotiate(V3_0))]) {
      const { handler, machine } = session;
      machine.feed(server.keyData(1, int32(5)));
      expect(handler.names).toEqual(['backendKeyData']);
      expect(
        failure(() => {
          machine.feed(server.keyData(1, new Uint8Array(32)));
        }).message,
      ).toContain('in protocol version 3.0 a secret key has 4 bytes, this one has 32');
    }
  });
});
