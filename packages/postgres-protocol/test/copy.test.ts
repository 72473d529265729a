import { describe, expect, test } from 'vitest';
import { execute, expectEvents, numbers, query, sending, sync } from './conversations.js';
import { concat, cstring, message, server } from './wire.js';

describe('COPY', () => {
  test('FROM STDIN is answered with CopyFail, and with the Syncs that the server swallowed', () => {
    for (const [sends, answer] of [
      [[query], []],
      [[query, sync], [message('S')]],
      [[execute(numbers)], []],
      [[execute(numbers), sync], [message('S')]],
      [
        [execute(numbers), sync, sync],
        [message('S'), message('S')],
      ],
    ] as const) {
      const { machine } = sending(...sends)();
      machine.output.reset();
      machine.feed(server.copyIn());
      const fail = message('f', cstring('COPY FROM STDIN is not supported by this client'));
      expect(machine.output.take()).toEqual(concat(fail, ...answer));
      expect(machine.state).toBe('refusingCopyIn');
    }
  });

  test('FROM STDIN ends with an error and the session goes on', () => {
    expectEvents(
      sending(execute(numbers), sync, sync),
      concat(server.copyIn(), server.error({ C: '57014' }), server.ready(), server.ready()),
      [
        ['errorResponse', '57014'],
        ['readyForQuery', 'I'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('FROM STDIN with requests behind it is the end', () => {
    const { machine } = sending(query, query)();
    machine.output.reset();
    expect(() => {
      machine.feed(server.copyIn());
    }).toThrow('COPY FROM STDIN with requests pipelined behind it');
    expect(machine.output.length).toBe(0);
  });

  test.each([
    ['simple', [query, query]],
    ['extended', [execute(numbers), sync, query]],
  ] as const)('TO STDOUT of a %s query is skipped and refused', (kind, sends) => {
    expectEvents(
      sending(...sends),
      concat(
        server.copyOut(),
        server.copyData('1\n'),
        server.parameter('a', 'b'),
        server.copyData('2\n'),
        server.copyDone(),
        server.commandComplete('COPY 2'),
        server.ready(),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['rowsRefused', 'CopyUnsupportedError'],
        ['parameterStatus', 'a', 'b'],
        ['commandComplete', 'COPY 2'],
        ['readyForQuery', 'I'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
    expect(kind).toBeDefined();
  });
});
