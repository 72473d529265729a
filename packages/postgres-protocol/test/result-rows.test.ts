import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { execute, expectEvents, failure, int8, int8Row, numbers, sending, sync } from './conversations.js';
import { concat, int16, int32, message, server } from './wire.js';

describe('rows', () => {
  test('come once for each chunk and result', () => {
    const { handler, machine } = sending(execute(numbers), execute(numbers), sync)();
    machine.feed(concat(server.dataRow(1), server.dataRow(2), server.dataRow(3).subarray(0, 8)));
    expect(handler.events).toEqual([['rows', [{ n: 1 }, { n: 2 }]]]);
    machine.feed(
      concat(server.dataRow(3).subarray(8), server.commandComplete('SELECT 3'), server.dataRow(4), server.dataRow(5)),
    );
    expect(handler.batchCount).toBe(3);
    machine.feed(concat(server.commandComplete('SELECT 2'), server.ready()));
    expect(handler.batchCount).toBe(3);
  });

  test('that the options refuse are reported once, and everything else goes on', () => {
    const safe = int8('number');
    expectEvents(
      sending(execute(safe), execute(safe), sync),
      concat(
        int8Row(1n),
        int8Row(2n ** 60n),
        int8Row(3n),
        int8Row(2n ** 60n),
        server.commandComplete('SELECT 4'),
        int8Row(5n),
        server.commandComplete('SELECT 1'),
        server.ready(),
      ),
      [
        ['rows', [{ n: 1 }]],
        ['rowsRefused', 'RangeError'],
        ['commandComplete', 'SELECT 4'],
        ['rows', [{ n: 5 }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test.each([
    ['too few columns', message('D', int16(0))],
    ['too many columns', server.dataRow(1, 2)],
    ['a column longer than the row', message('D', int16(1), int32(5), int32(1))],
    ['a column of a wrong length', message('D', int16(1), int32(3), Uint8Array.of(1, 2, 3))],
    ['a negative length that is not NULL', message('D', int16(1), int32(-2))],
    ['bytes behind the last column', message('D', int16(1), int32(4), int32(1), Uint8Array.of(0))],
    ['no count', message('D')],
  ])('with %s are the fault of the peer; those before are delivered', (_, bad) => {
    for (const chunks of everySplit(concat(server.dataRow(1), bad))) {
      const { handler, machine } = sending(execute(numbers), sync)();
      const error = failure(() => {
        for (const chunk of chunks) machine.feed(chunk);
      });
      expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', state: 'executing', received: 'DataRow' });
      expect(handler.events).toEqual([['rows', [{ n: 1 }]]]);
      expect(machine.state).toBe('broken');
    }
  });
});
