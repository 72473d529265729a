import { describe, expect, test } from 'vitest';
import type { FrontendMachine, FunctionCall } from '../src/index.js';
import { execute, expectEvents, failure, numbers, query, sending, sync } from './conversations.js';
import { openSession } from './open-session.js';
import { concat, int16, int32, message, server, utf8 } from './wire.js';

const SQRT: FunctionCall = {
  functionOid: 1344,
  argumentFormats: [0],
  arguments: [utf8('2'), null],
  resultFormat: 1,
};
const call = (machine: FrontendMachine): void => {
  machine.sendFunctionCall(SQRT);
};
const result = message('V', int32(2), utf8('42'));

describe('a function call', () => {
  test('is one message', () => {
    const { machine } = openSession();
    call(machine);
    expect(machine.output.take()).toEqual(
      message('F', int32(1344), int16(1, 0, 2), int32(1), utf8('2'), int32(-1), int16(1)),
    );
    expect(machine.outstanding).toBe(1);
  });

  test('is answered by a value or NULL, also in a pipeline', () => {
    expectEvents(
      sending(query, call, call, query),
      concat(
        server.emptyQuery(),
        server.ready(),
        result,
        server.notice(),
        server.ready(),
        server.functionCallResponse(),
        server.ready(),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
        ['functionCallResponse', utf8('42')],
        ['notice', 'beware'],
        ['readyForQuery', 'I'],
        ['functionCallResponse', null],
        ['readyForQuery', 'I'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('that fails is over with its ReadyForQuery', () => {
    expectEvents(
      sending(call, query),
      concat(server.error({ C: '42883' }), server.ready(), server.emptyQuery(), server.ready()),
      [['errorResponse', '42883'], ['readyForQuery', 'I'], ['emptyQueryResponse'], ['readyForQuery', 'I']],
    );
  });

  test('waits for the end of a group', () => {
    const { machine } = sending(execute(numbers))();
    machine.output.reset();
    expect(
      failure(() => {
        call(machine);
      }).message,
    ).toContain('a group of extended messages is open');
    expect(machine.output.length).toBe(0);
    sync(machine);
    call(machine);
    expect(machine.outstanding).toBe(2);
  });

  test('with formats that do not fit the arguments is refused, and nothing is written', () => {
    const { machine } = openSession();
    expect(() => {
      machine.sendFunctionCall({ ...SQRT, argumentFormats: [0, 1, 0] });
    }).toThrow(RangeError);
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe('idle');
  });
});
