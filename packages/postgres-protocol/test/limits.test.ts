import { describe, expect, test } from 'vitest';
import { BACKEND_LENGTHS } from '../src/messages/lengths.js';
import { BACKEND_TYPES } from '../src/messages/names.js';
import { execute, failure, numbers, query, sending } from './conversations.js';
import { openSession, type Session } from './open-session.js';
import { REACH } from './reach-state.js';
import { concat, int16, int32, message, server, utf8 } from './wire.js';
import { TRANSITIONS, type ServerMessageName, type State } from '../src/frontend-state.js';

const header = (type: number, length: number): Uint8Array => concat(Uint8Array.of(type), int32(length));

/** A state in which a message is legal, for a session that is open. */
function stateFor(name: string): State {
  const states = Object.keys(TRANSITIONS) as State[];
  // Not the ones before the first frame, where strangers are judged.
  return (
    states.find((state) => state !== 'created' && TRANSITIONS[state][name as ServerMessageName] !== undefined) ?? 'idle'
  );
}

const bounded = Object.entries(BACKEND_LENGTHS).filter(
  ([name, [, most]]) => most < 2 ** 20 && name !== 'Authentication' && name !== 'NegotiateProtocolVersion',
);

describe('the length of a message', () => {
  test.each(bounded)('%s is judged at the header, where it is legal', (name, [least, most]) => {
    const type = BACKEND_TYPES[name as keyof typeof BACKEND_TYPES];
    for (const length of [least - 1, most + 1]) {
      if (length < 4) continue; // that is for the frames to judge
      const { handler, machine } = REACH[stateFor(name)]();
      handler.clear();
      const error = failure(() => {
        machine.feed(header(type, length));
      });
      expect(error.message).toMatch(new RegExp(`^${name} has .* this one says ${length} \\(${name} while `));
      expect(handler.events).toEqual([]);
    }
    const { machine } = REACH[stateFor(name)]();
    if (most > 4) machine.feed(header(type, most));
    expect(machine.state).not.toBe('broken');
  });

  test('Authentication is judged likewise, before it has a name', () => {
    const { machine } = REACH.passwordSent();
    expect(
      failure(() => {
        machine.feed(header(0x52, 2001));
      }).message,
    ).toBe('Authentication has a length from 8 to 2000, this one says 2001 (while passwordSent)');
  });

  test('is bounded by the owner, at the header, whatever the type', () => {
    for (const [prepare, name] of [
      [sending(execute(numbers)), 'DataRow'],
      [sending(query), 'RowDescription'],
      [sending(query), 'ErrorResponse'],
      [sending(query), 'NoticeResponse'],
    ] as const) {
      const { machine } = prepare({ maxMessageBytes: 4096 });
      expect(
        failure(() => {
          machine.feed(header(BACKEND_TYPES[name], 4096));
        }).message,
      ).toContain('a message has an impossible length');
      const other = prepare({ maxMessageBytes: 4096 }).machine;
      other.feed(header(BACKEND_TYPES[name], 4095));
      expect(other.state).not.toBe('broken');
    }
  });

  test('costs nothing where the message is illegal: a gigabyte of rows is not waited for', () => {
    const { machine } = openSession();
    const error = failure(() => {
      machine.feed(header(BACKEND_TYPES.DataRow, 2 ** 30 - 1));
    });
    expect(error.message).toBe('DataRow is illegal while idle');
  });

  test('is judged behind other messages of the chunk, which are delivered', () => {
    const { handler, machine } = sending(query)();
    const bytes = concat(server.rowDescription(), server.dataRow(), header(BACKEND_TYPES.ParseComplete, 4096));
    expect(
      failure(() => {
        machine.feed(bytes);
      }).message,
    ).toContain('ParseComplete');
    expect(handler.names).toEqual(['rowDescription', 'rows']);
  });

  test('is judged once, and the message may then come in any pieces', () => {
    const text = 'x'.repeat(100_000);
    const bytes = concat(server.notice(text), server.notice('y'));
    for (const size of [1000, 4097, 65_536]) {
      const { handler, machine } = openSession();
      for (let at = 0; at < bytes.length; at += size) machine.feed(bytes.slice(at, at + size));
      expect(handler.events).toEqual([
        ['notice', text],
        ['notice', 'y'],
      ]);
    }
  });

  test('is judged anew behind copied data that came in pieces', () => {
    const { machine } = sending(query)();
    const data = server.copyData('some data');
    machine.feed(concat(server.copyOut(), data.subarray(0, 8)));
    const error = failure(() => {
      machine.feed(concat(data.subarray(8), header(BACKEND_TYPES.CopyDone, 4096)));
    });
    expect(error.message).toContain('CopyDone has the length 4, this one says 4096');
  });

  test('of copied data is judged behind data that was taken', () => {
    const { handler, machine } = sending(query)();
    machine.feed(concat(server.copyOut(), server.copyData('1'), header(BACKEND_TYPES.CopyDone, 5)).slice(0, -1));
    expect(
      failure(() => {
        machine.feed(Uint8Array.of(5));
      }).message,
    ).toContain('CopyDone has the length 4');
    expect(handler.names).toEqual(['copyOutResponse', 'copyData']);
  });
});

describe('a count', () => {
  test.each([
    ['columns', sending(query), message('T', int16(-1), new Uint8Array(30))],
    ['parameters', REACH.describingStatement, message('t', int16(-1), int32(23))],
    ['formats', sending(query), message('H', Uint8Array.of(0), int16(-1), int16(0))],
  ] as const)('of %s that the message cannot hold is refused', (_, prepare: () => Session, bytes) => {
    const { handler, machine } = prepare();
    handler.clear();
    expect(
      failure(() => {
        machine.feed(bytes);
      }),
    ).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' });
    expect(handler.events).toEqual([]);
  });

  test('of SASL mechanisms without an end is refused', () => {
    const { machine } = REACH.starting();
    expect(
      failure(() => {
        machine.feed(message('R', int32(10), utf8('SCRAM-SHA-256')));
      }).message,
    ).toContain('shorter than its fields');
  });
});
