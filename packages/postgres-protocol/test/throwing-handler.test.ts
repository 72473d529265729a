// Handlers that throw or send inside an event: nothing that the peer sent is lost, no error is, and it does not matter
// where the chunks are cut.
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError, type BackendMachine, type FrontendHandler, type FrontendMachine } from '../src/index.js';
import { after, client, ERROR, openBackend, type BackendSession } from './backend-session.js';
import { eachWay, execute, failure, int8, int8Row, query, sending, sync } from './conversations.js';
import { newSession, type Session } from './open-session.js';
import { concat, message, server, utf8 } from './wire.js';

const NOTHING = new Uint8Array(0);

/** Feeds the chunks. After an error it goes on with what was kept, up to the first error of the peer. */
function errorsOf(machine: FrontendMachine | BackendMachine, chunks: readonly Uint8Array[]): unknown[] {
  const errors: unknown[] = [];
  const feed = (chunk: Uint8Array): boolean => {
    try {
      machine.feed(chunk);
      return true;
    } catch (error) {
      errors.push(error);
      return error instanceof RemoteProtocolError;
    }
  };
  for (const chunk of chunks) {
    let isTaken = feed(chunk);
    chunk.fill(0xee); // it was borrowed
    while (!isTaken) isTaken = feed(NOTHING);
    if (machine.state === 'broken') break;
  }
  return errors;
}

const EVENTS = [
  'encryptionAnswer',
  'rows',
  'rowsRefused',
  'copyOutResponse',
  'copyData',
  'copyDone',
  'commandComplete',
  'notice',
  'errorResponse',
  'readyForQuery',
] as const satisfies readonly (keyof FrontendHandler)[];

/** Makes every event throw an error of its own; returns them. */
function throwAlways({ handler }: Session): Error[] {
  const thrown: Error[] = [];
  for (const name of EVENTS) {
    handler.reactions[name] = () => {
      const error = new Error(name);
      thrown.push(error);
      throw error;
    };
  }
  return thrown;
}

const refusedRows = concat(int8Row(1n), int8Row(2n ** 60n), int8Row(3n));
const copied = concat(server.copyOut(), server.copyData('1'), server.copyData('2'));
const startReplication = (): Session => {
  const session = sending(query)();
  session.machine.feed(server.copyBoth());
  session.handler.reactions.copyData = () => {
    if (session.machine.state !== 'queryCopyingBothOut' && session.machine.state !== 'queryEndingCopyBoth') {
      session.machine.sendCopyDone();
    }
  };
  return session;
};

describe('FrontendMachine, whose handler throws', () => {
  test.each([
    ['rows', [int8Row(1n), server.commandComplete('SELECT 1'), server.ready()]],
    ['rows that are refused', [refusedRows, server.commandComplete('SELECT 3'), server.notice(), server.ready()]],
    ['copied data', [copied, server.notice(), server.copyDone(), server.commandComplete('COPY 2'), server.ready()]],
    ['an error', [int8Row(1n), server.error(), server.ready()]],
  ])('hears each event once, and has each error back, for %s', (_, parts) => {
    const calm = sending(execute(int8('number')), sync)();
    calm.machine.feed(concat(...parts));
    for (const chunks of everySplit(concat(...parts))) {
      const session = sending(execute(int8('number')), sync)();
      const thrown = throwAlways(session);
      expect(errorsOf(session.machine, chunks)).toEqual(thrown);
      expect(session.handler.events).toEqual(calm.handler.events);
      expect(session.machine.state).toBe('idle');
    }
  });

  test.each([
    ['a message that is illegal', refusedRows, server.noData(), 'NoData is illegal while executing'],
    ['a header that is hostile', refusedRows, message('C').subarray(0, 5), 'CommandComplete has a length from'],
    ['a row that is malformed', int8Row(1n), message('D'), 'ends before its count of columns'],
    ['a type that there is not', refusedRows, message('!'), 'has the type byte 0x21'],
    ['a length that is none', copied, message('d').fill(0, 1), 'an impossible length'],
    ['a message with bytes too many', copied, message('c', utf8('x')), 'CopyDone has the length 4'],
  ])('has its own errors first, then that of the peer: %s', (_, before, bad, text) => {
    for (const chunks of everySplit(concat(before, bad))) {
      const session = sending(execute(int8('number')), sync)();
      const thrown = throwAlways(session);
      const errors = errorsOf(session.machine, chunks);
      expect(thrown.length).toBeGreaterThan(0);
      expect(errors.slice(0, -1)).toEqual(thrown);
      expect(errors.at(-1)).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' });
      expect(String(errors.at(-1))).toContain(text);
      expect(session.machine.state).toBe('broken');
    }
  });

  test('may send between its error and what is left, as it may between two chunks', () => {
    const { handler, machine } = sending(execute(int8('number')), sync)();
    handler.reactions.rows = () => {
      throw new Error('mine');
    };
    expect(() => {
      machine.feed(concat(int8Row(1n), message('D')));
    }).toThrow('mine');
    machine.sendSync();
    expect(() => {
      machine.feed(server.ready());
    }).toThrow('ends before its count of columns');
    expect(machine.state).toBe('broken');
  });

  test.each([
    ['an error', server.fatal(), 'closed', undefined],
    ['the answer to what was asked next', utf8('N'), 'unencrypted', undefined],
    ['a stranger', utf8('HTTP'), 'broken', 'does not speak the PostgreSQL protocol'],
  ])('loses nothing behind the answer to a request for encryption: %s', (_, behind, state, text) => {
    for (const chunks of everySplit(concat(utf8('N'), behind))) {
      const session = newSession();
      const { handler, machine } = session;
      machine.sendSslRequest();
      const mine = new Error('mine');
      handler.reactions.encryptionAnswer = () => {
        if (machine.state === 'sslDeclined' && state === 'unencrypted') machine.sendGssEncRequest();
        throw mine;
      };
      const errors = errorsOf(machine, chunks);
      expect(errors.filter((error) => error !== mine).map(String)).toEqual(
        text === undefined ? [] : [expect.stringContaining(text)],
      );
      expect(errors.filter((error) => error === mine)).toHaveLength(state === 'unencrypted' ? 2 : 1);
      expect(machine.state).toBe(state);
    }
  });

  test('keeps no view of what came behind such an answer, and takes no error of another machine for its own', () => {
    const { handler, machine } = newSession();
    machine.sendSslRequest();
    const foreign = new RemoteProtocolError('of another machine');
    handler.reactions.encryptionAnswer = () => {
      throw foreign;
    };
    const chunk = new (class Sliced extends Uint8Array {
      // As that of a Buffer: a view.
      override slice(start?: number, end?: number) {
        return this.subarray(start, end);
      }
    })(concat(utf8('N'), server.fatal().subarray(0, 20)));
    expect(
      failure(() => {
        machine.feed(chunk);
      }),
    ).toBe(foreign);
    chunk.fill(0xaa);
    machine.feed(server.fatal().subarray(20));
    expect(handler.names).toEqual(['encryptionAnswer', 'errorResponse']);
    expect(machine.state).toBe('closed');
  });
});

describe('FrontendMachine, at the end of the connection', () => {
  const boom = new Error('boom');
  const throwing = (...names: (keyof FrontendHandler)[]): Session => {
    const session = sending(query)();
    session.machine.sendTerminate();
    for (const name of names) {
      session.handler.reactions[name] = () => {
        throw boom;
      };
    }
    return session;
  };
  const answer = concat(server.commandComplete('A'), server.ready());

  test('takes what a handler that has thrown left, before the end is judged', () => {
    const { handler, machine } = throwing('commandComplete');
    expect(
      failure(() => {
        machine.feed(answer);
      }),
    ).toBe(boom);
    machine.eof();
    expect(handler.names).toEqual(['commandComplete', 'readyForQuery']);
    expect(machine.state).toBe('closed');
  });

  test('passes on what its events throw, and is judged by the next call', () => {
    const { machine } = throwing('commandComplete', 'readyForQuery');
    expect(
      failure(() => {
        machine.feed(answer);
      }),
    ).toBe(boom);
    expect(
      failure(() => {
        machine.eof();
      }),
    ).toBe(boom);
    expect(machine.state).toBe('terminating');
    machine.eof();
    expect(machine.state).toBe('closed');
  });

  test('has the error of the server that is still to be said, not one about the end', () => {
    const { handler, machine } = sending(execute(int8('number')))();
    handler.reactions.rows = () => {
      throw boom;
    };
    expect(
      failure(() => {
        machine.feed(concat(int8Row(1n), message('D')));
      }),
    ).toBe(boom);
    const error = failure(() => {
      machine.eof();
    });
    expect(error.message).toContain('ends before its count of columns');
    expect(
      failure(() => {
        machine.feed(NOTHING);
      }),
    ).toBe(error);
  });

  test('is cut off inside a message only if that has not come', () => {
    const { machine } = throwing('commandComplete');
    expect(
      failure(() => {
        machine.feed(answer.subarray(0, -1));
      }),
    ).toBe(boom);
    expect(
      failure(() => {
        machine.eof();
      }).message,
    ).toBe('the connection ended in the middle of a message, while querying');
  });

  test.each(['feed', 'eof'] as const)('lets no event call %s', (call) => {
    const { handler, machine } = newSession();
    machine.sendStartup({ user: 'u' });
    machine.feed(utf8('Esorry, too many clients'));
    let inside: unknown;
    handler.reactions.errorResponse = () => {
      inside = failure(() => {
        {
          if (call === 'feed') machine.feed(utf8('x'));
          else machine.eof();
        }
      });
    };
    machine.eof();
    expect(inside).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call });
    expect(machine.state).toBe('closed');
  });
});

describe('FrontendMachine, whose handler sends', () => {
  const end = concat(server.commandComplete('COPY 0'), server.ready());

  test('is in the state that follows from it, whatever came with the data', () => {
    for (const aside of [server.notice(), server.parameter('a', 'b'), server.notification(1, 'c', 'd')]) {
      eachWay(startReplication, concat(server.copyData('x'), aside), ({ machine }) => {
        expect(machine.state).toBe('queryCopyingBothOut');
      });
    }
    eachWay(startReplication, concat(server.copyData('x'), server.copyDone()), ({ machine }) => {
      expect(machine.state).toBe('queryEndingCopyBoth');
    });
    eachWay(startReplication, concat(server.copyData('x'), server.copyDone(), end), ({ handler, machine }) => {
      expect(handler.names).toEqual(['copyData', 'copyDone', 'commandComplete', 'readyForQuery']);
      expect(machine.state).toBe('idle');
    });
  });

  test('is judged by that state: what came with the data may be legal only then', () => {
    const serverIsDone = (): Session => {
      const session = startReplication();
      session.machine.feed(server.copyDone());
      return session;
    };
    eachWay(serverIsDone, concat(server.copyData('x'), end), ({ handler, machine }) => {
      expect(handler.names).toEqual(['copyData', 'commandComplete', 'readyForQuery']);
      expect(machine.state).toBe('idle');
    });
  });

  test('may do so for all that came before the break', () => {
    const bytes = concat(server.copyData('x'), server.ready());
    eachWayBroken(startReplication, bytes, ({ machine }) => {
      expect(machine.output.take()).toEqual(message('c'));
    });
  });
});

function eachWayBroken(prepare: () => Session, bytes: Uint8Array, check: (session: Session) => void): void {
  for (const chunks of everySplit(bytes)) {
    const session = prepare();
    session.machine.output.reset();
    expect(errorsOf(session.machine, chunks).map(String)).toEqual([
      expect.stringContaining('ReadyForQuery is illegal'),
    ]);
    check(session);
  }
}

describe('BackendMachine', () => {
  const copying = (): BackendSession =>
    after(openBackend(), [client.query()], (machine) => {
      machine.sendCopyInResponse(0, []);
    });
  const bad = message('d').fill(0, 1);

  test('has the errors of its handler first, then that of the client', () => {
    for (const chunks of everySplit(concat(client.copyData('x'), bad))) {
      const { machine, recorder } = copying();
      const mine = new Error('mine');
      recorder.reactions.copyData = () => {
        throw mine;
      };
      const errors = errorsOf(machine, chunks);
      expect(errors).toEqual([mine, expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' })]);
    }
  });

  test('takes what a handler that has thrown left, before the end is judged', () => {
    const { machine, recorder } = openBackend();
    const mine = new Error('mine');
    recorder.reactions.query = () => {
      throw mine;
    };
    expect(
      failure(() => {
        machine.feed(concat(client.query(), client.sync(), client.terminate()));
      }),
    ).toBe(mine);
    machine.eof();
    expect(recorder.names).toEqual(['query', 'sync', 'terminate']);

    const early = openBackend();
    early.recorder.reactions.query = () => {
      throw mine;
    };
    expect(
      failure(() => {
        early.machine.feed(concat(client.query(), client.sync()));
      }),
    ).toBe(mine);
    expect(
      failure(() => {
        early.machine.eof();
      }).message,
    ).toBe('the connection ended while querying');
    expect(early.recorder.names).toEqual(['query', 'sync']);
  });

  test('lets no event call feed or eof, of those that eof tells either', () => {
    const { machine, recorder } = openBackend();
    recorder.reactions.query = () => {
      throw new Error('mine');
    };
    const inside: unknown[] = [];
    recorder.reactions.terminate = () => {
      inside.push(
        failure(() => {
          machine.feed(NOTHING);
        }),
        failure(() => {
          machine.eof();
        }),
      );
    };
    failure(() => {
      machine.feed(concat(client.query(), client.terminate()));
    });
    machine.eof();
    expect(inside).toEqual([
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'feed' }),
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'eof' }),
    ]);
  });

  test('lets its handler answer what came before the break', () => {
    for (const chunks of everySplit(concat(client.copyData('x'), bad))) {
      const { machine, recorder } = copying();
      machine.output.reset();
      recorder.reactions.copyData = () => {
        machine.sendErrorResponse({ ...ERROR, severity: 'FATAL' });
      };
      expect(errorsOf(machine, chunks)).toEqual([]);
      expect(machine.state).toBe('closed');
      expect(machine.output.length).toBeGreaterThan(0);
    }
  });
});
