// What the owner's code may do from inside the machines, and what comes of its errors.
import { describe, expect, test } from 'vitest';
import { createStatement, type LocalProtocolError } from '../src/index.js';
import { after, client, openBackend } from './backend-session.js';
import { failure } from './conversations.js';
import { openSession } from './open-session.js';
import { CALLS } from './reach-state.js';
import { server } from './wire.js';

describe('code of the owner that an encoder runs', () => {
  const json = createStatement({ name: 's', parameterOids: [114], fields: [] });

  test('cannot call the client that is encoding, and the message is none the worse', () => {
    const { machine } = openSession();
    machine.sendBind('', json, [1]);
    const plain = machine.output.take();
    const calls = [
      ...Object.values(CALLS),
      () => {
        machine.feed(server.bindComplete());
      },
      () => {
        machine.eof();
      },
    ];
    const seen: unknown[] = [];
    const toJSON = (): number => {
      for (const call of calls) {
        seen.push(
          failure(() => {
            call(machine);
          }),
        );
      }
      return 1;
    };
    machine.sendBind('', json, [{ toJSON }]);
    expect(seen).toEqual(calls.map(() => expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL' }) as unknown));
    expect((seen.at(-1) as LocalProtocolError).message).toBe('eof: cannot be called while a message is being encoded');
    expect(machine.output.take()).toEqual(plain);
    machine.feed(server.bindComplete());
    machine.feed(server.bindComplete());
    expect(machine.state).toBe('idle');
  });

  test('lets the client go on if it throws what it was told', () => {
    const { machine } = openSession();
    const toJSON = (): void => {
      machine.sendSync();
    };
    expect(() => {
      machine.sendBind('', json, [{ toJSON }]);
    }).toThrow('JSON.stringify refused an object');
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe('idle');
    machine.sendSync();
    expect(machine.state).toBe('syncing');
  });

  test('cannot call the server that is encoding, and the message is none the worse', () => {
    const { machine } = after(openBackend(), [client.query(), client.query()]);
    const notice = { severity: 'NOTICE', sqlState: '00000', message: 'beware' };
    machine.sendNoticeResponse(notice);
    const plain = machine.output.take();
    const seen: unknown[] = [];
    const calls = [
      () => {
        machine.sendReadyForQuery('I');
      },
      () => {
        machine.sendCopyInResponse(0, []); // would break a client that has pipelined a Query
      },
      () => {
        machine.sendParameterStatus('a', 'b');
      },
      () => {
        machine.sendErrorResponse(notice);
      },
      () => {
        machine.feed(client.sync());
      },
      () => {
        machine.eof();
      },
    ];
    machine.sendNoticeResponse({
      ...notice,
      get message() {
        seen.push(...calls.map(failure));
        return 'beware';
      },
    });
    expect(seen.length).toBeGreaterThanOrEqual(calls.length);
    for (const error of seen)
      expect(String(error)).toMatch(/LocalProtocolError: \w+: cannot be called while a message/);
    expect(machine.output.take()).toEqual(plain);
    expect(machine.state).toBe('querying');
    machine.sendReadyForQuery('I');
    machine.sendReadyForQuery('I');
    expect(machine.state).toBe('idle');
  });
});
