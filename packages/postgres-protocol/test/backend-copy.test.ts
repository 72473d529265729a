import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import type { BackendMachine } from '../src/index.js';
import { after, client, ERROR, openBackend, type BackendSession } from './backend-session.js';
import { concat, message, server, utf8 } from './wire.js';

const copyIn = (machine: BackendMachine): void => {
  machine.sendCopyInResponse(0, [0]);
};
const copyBoth = (machine: BackendMachine): void => {
  machine.sendCopyBothResponse(0, []);
};
const error = (machine: BackendMachine): void => {
  machine.sendErrorResponse(ERROR);
};
const ready = (machine: BackendMachine): void => {
  machine.sendReadyForQuery('I');
};
/** A machine in COPY FROM STDIN, of a Query or of an Execute. */
const copying = (request: Uint8Array): BackendSession => {
  const session = after(openBackend(), [request], copyIn);
  session.recorder.clear();
  session.machine.output.reset();
  return session;
};
const both = (): BackendSession => {
  const session = after(openBackend(), [client.query()], copyBoth);
  session.recorder.clear();
  session.machine.output.reset();
  return session;
};

describe('BackendMachine, COPY FROM STDIN', () => {
  test('tells the data, wherever it is cut', () => {
    const texts = ['a', '', 'bcd', 'e'.repeat(20)];
    const bytes = concat(...texts.map((text) => client.copyData(text)), client.copyDone(), client.sync());
    for (const chunks of everySplit(bytes)) {
      const { machine, recorder } = copying(client.execute());
      for (const chunk of chunks) {
        machine.feed(chunk);
        chunk.fill(0xee); // it was borrowed
      }
      expect(recorder.events).toEqual([['copyData', texts.map(utf8)], ['copyDone'], ['sync']]);
      expect(machine.state).toBe('endingCopyIn');
      machine.sendCommandComplete('COPY 4');
      expect(machine.state).toBe('syncing');
    }
  });

  test('tells the data of a chunk in one event, and keeps nothing else of the chunk alive', () => {
    const { machine, recorder } = copying(client.query());
    let batch: readonly Uint8Array[] = [];
    recorder.reactions.copyData = (each) => {
      batch = each;
    };
    const data = Array.from({ length: 100 }, (_, i) => client.copyData(String(i)));
    const chunk = new Uint8Array(64 * 1024);
    chunk.set(concat(...data));
    machine.feed(chunk.subarray(0, concat(...data).length));
    expect(recorder.batchCount).toBe(1);
    expect(batch.map((entry) => new TextDecoder().decode(entry)).join()).toBe([...data.keys()].join());
    expect(new Set(batch.map((entry) => entry.buffer)).size).toBe(1);
    expect(batch[0]?.buffer.byteLength).toBe(concat(...data).length);
  });

  test('ignores Sync and Flush, which a client sends that did not know', () => {
    const { machine, recorder } = copying(client.execute());
    machine.feed(concat(client.flush(), client.copyData('x'), client.sync(), client.copyData('y'), client.copyDone()));
    expect(recorder.events).toEqual([['copyData', [utf8('x'), utf8('y')]], ['copyDone']]);
    machine.sendCommandComplete('COPY 2');
    expect([machine.state, machine.outstanding]).toEqual(['idle', 0]);
  });

  test('drops the Syncs that arrived before it was announced', () => {
    const session = after(openBackend(), [client.execute(), client.flush(), client.sync(), client.sync()]);
    const { machine } = session;
    expect(machine.outstanding).toBe(2);
    copyIn(machine);
    expect([machine.outstanding, machine.unanswered]).toEqual([0, 1]);
    after(session, [client.copyDone(), client.sync()]);
    machine.sendCommandComplete('COPY 0');
    ready(machine);
    expect(machine.state).toBe('idle');
  });

  test('may have failed before the Syncs behind it were read, which are answered then', () => {
    const session = after(openBackend(), [client.execute(), client.sync(), client.sync()], copyIn, error);
    const { machine, recorder } = session;
    expect([machine.state, machine.outstanding]).toEqual(['skipping', 0]);
    ready(machine);
    expect(machine.state).toBe('idle');
    recorder.clear();
    // The client did not know: its data, and the Syncs that it sends again.
    machine.feed(concat(client.copyData(), client.copyDone(), client.sync(), client.sync()));
    expect(recorder.names).toEqual(['sync', 'sync']);
    for (const state of ['syncing', 'idle', 'idle']) {
      ready(machine);
      expect(machine.state).toBe(state);
    }
    expect(() => {
      ready(machine);
    }).toThrow('ReadyForQuery cannot be sent while idle');
  });

  test('may have failed so even if the client has sent all of its data, and its Sync again', () => {
    const session = after(openBackend(), [client.execute(), client.sync()], copyIn);
    const { machine } = after(session, [client.copyData(), client.copyDone(), client.sync(), client.query()], error);
    expect([machine.state, machine.outstanding]).toEqual(['draining', 2]);
    ready(machine);
    expect(machine.state).toBe('querying');
    machine.output.reset();
    ready(machine); // of the query, for all that anybody knows
    ready(machine);
    expect(machine.output.take()).toEqual(concat(server.ready(), server.ready()));
  });

  test('has swallowed the Syncs behind it, once a later request is answered', () => {
    const session = after(openBackend(), [client.execute(), client.sync()], copyIn, error);
    const { machine } = after(session, [client.sync(), client.parse()], ready);
    expect(machine.state).toBe('parsing');
    machine.sendParseComplete();
    expect(() => {
      ready(machine);
    }).toThrow('ReadyForQuery cannot be sent while idle');
  });

  test('of a Query may have failed before the Syncs behind it were read, too', () => {
    const session = after(openBackend(), [client.query(), client.sync()], copyIn, error, ready);
    ready(session.machine);
    expect(() => {
      ready(session.machine);
    }).toThrow('ReadyForQuery cannot be sent while idle');
  });

  test('that went well has swallowed the Syncs behind it', () => {
    const session = after(openBackend(), [client.execute(), client.sync()], copyIn);
    const { machine } = after(session, [client.copyDone()], (each) => {
      each.sendCommandComplete('COPY 0');
    });
    expect(() => {
      ready(machine);
    }).toThrow('ReadyForQuery cannot be sent while idle');
  });

  test.each([
    ['an Execute', client.execute(), client.execute(), 'executing'],
    ['a Query', client.query(), client.query(), 'querying'],
    ['a Query', client.query(), client.terminate(), 'terminating'],
  ])('is the end if anything else was pipelined behind %s', (_, request, other, state) => {
    const { machine } = after(openBackend(), [request, client.sync(), other]);
    const refusal = `behind a COPY FROM STDIN (it would be answered while ${state})`;
    expect(() => {
      copyIn(machine);
    }).toThrow(refusal);
    expect([machine.state, machine.output.length]).toEqual(['broken', 0]);
    expect(() => {
      machine.feed(client.copyDone());
    }).toThrow(refusal);
  });

  test('breaks off the feed in which it was announced too late', () => {
    const { machine, recorder } = openBackend();
    recorder.reactions.flush = () => {
      copyIn(machine);
    };
    expect(() => {
      machine.feed(concat(client.execute(), client.parse(), client.flush(), client.query()));
    }).toThrow('pipelined behind a COPY FROM STDIN');
    expect(recorder.names).toEqual(['execute', 'parse', 'flush']);
  });

  test.each([
    ['Query', client.query()],
    ['Execute', client.execute()],
  ])('of %s is failed by the client', (name, request) => {
    const { machine, recorder } = copying(request);
    machine.feed(concat(client.copyData('x'), client.copyFail('changed my mind')));
    expect(recorder.events).toEqual([
      ['copyData', [utf8('x')]],
      ['copyFail', 'changed my mind'],
    ]);
    expect(() => {
      machine.sendCommandComplete('COPY 1');
    }).toThrow('CommandComplete cannot be sent while failingCopyIn');
    error(machine);
    expect(machine.state).toBe(name === 'Query' ? 'draining' : 'skipping');
    if (name === 'Execute') machine.feed(client.sync());
    ready(machine);
    expect(machine.state).toBe('idle');
    expect(() => {
      machine.feed(client.copyData());
    }).toThrow('CopyData is illegal while idle'); // the copy was over
  });

  test('of a Query that failed skips the data that is still on its way, until the client sends something else', () => {
    const session = after(copying(client.query()), [client.copyData('x')], error, ready);
    const { machine, recorder } = session;
    expect(machine.state).toBe('idle');
    recorder.clear();
    machine.feed(concat(client.copyData('y'), client.copyData('z')));
    expect([machine.state, ...recorder.events]).toEqual(['idle']);
    machine.feed(client.copyDone());
    expect([machine.state, ...recorder.events]).toEqual(['idle']);
    expect(() => {
      machine.feed(client.copyDone());
    }).toThrow('CopyDone is illegal while idle');
  });

  test('of a Query that failed is over when another request arrives', () => {
    for (const request of [client.query(), client.parse(), client.execute()]) {
      const { machine, recorder } = after(copying(client.query()), [client.copyData()], error, ready);
      recorder.clear();
      machine.feed(concat(client.copyData('y'), request));
      expect(recorder.names).toHaveLength(1);
      expect(() => {
        machine.feed(client.copyData('z'));
      }).toThrow('CopyData is illegal');
    }
  });

  test('of a Query that failed goes on past Sync and Flush, which are answered now', () => {
    const { machine, recorder } = after(copying(client.query()), [client.copyData()], error, ready);
    recorder.clear();
    machine.feed(concat(client.copyData(), client.sync(), client.flush(), client.copyData(), client.copyFail()));
    expect([machine.state, ...recorder.names]).toEqual(['syncing', 'sync', 'flush']);
  });

  test('of an Execute that failed at once skips the data behind a Sync that was sent before it was announced', () => {
    const session = after(openBackend(), [client.execute()], copyIn, error);
    const { machine, recorder } = after(session, [client.sync()], ready);
    recorder.clear();
    machine.feed(concat(client.copyData(), client.copyDone(), client.sync()));
    expect([machine.state, ...recorder.names]).toEqual(['syncing', 'sync']);
  });

  test('of an Execute that failed skips the data up to the Sync', () => {
    const { machine, recorder } = after(copying(client.execute()), [client.copyData()], error);
    recorder.clear();
    machine.feed(concat(client.copyData(), client.copyDone(), client.sync()));
    expect([machine.state, ...recorder.names]).toEqual(['draining', 'sync']);
    ready(machine);
    expect(() => {
      machine.feed(client.copyData());
    }).toThrow('CopyData is illegal while idle');
  });

  test('may be failed from inside the event of its data; the rest of the chunk is skipped', () => {
    const { machine, recorder } = copying(client.query());
    recorder.reactions.copyData = () => {
      error(machine);
      ready(machine);
    };
    machine.feed(concat(client.copyData(), client.copyDone(), client.query('next')));
    expect([machine.state, ...recorder.names]).toEqual(['querying', 'copyData', 'query']);
  });

  test('keeps the rest of the chunk if the event of its data throws', () => {
    const { machine, recorder } = copying(client.query());
    recorder.reactions.copyData = () => {
      throw new Error('mine');
    };
    expect(() => {
      machine.feed(concat(client.copyData(), client.copyDone()));
    }).toThrow('mine');
    machine.feed(new Uint8Array(0));
    expect(recorder.names).toEqual(['copyData', 'copyDone']);
  });

  test('tells the data before what is wrong behind it', () => {
    const { machine, recorder } = copying(client.query());
    const feed = () => {
      machine.feed(concat(client.copyData('x'), Uint8Array.of(0x64, 255, 255, 255, 255)));
    };
    expect(feed).toThrow('a message has an impossible length');
    expect(recorder.events).toEqual([['copyData', [utf8('x')]]]);
    expect(feed).toThrow(expect.objectContaining({ received: 'CopyData', state: 'copyingIn' }));
  });

  test('is left by a Terminate with nothing to answer', () => {
    const { machine, recorder } = copying(client.query());
    machine.feed(concat(client.copyData(), client.terminate()));
    expect([machine.state, machine.outstanding, ...recorder.names]).toEqual([
      'terminating',
      0,
      'copyData',
      'terminate',
    ]);
    machine.eof();
    expect(machine.state).toBe('closed');
  });
});

describe('BackendMachine, COPY in both directions', () => {
  const streamed = concat(message('W', Uint8Array.of(0, 0, 0)), server.copyData('a'), server.copyDone());

  test('ends when both sides have ended, the server first', () => {
    const session = after(openBackend(), [client.query('START_REPLICATION 0/0')], copyBoth);
    const { machine, recorder } = session;
    recorder.clear();
    machine.feed(client.copyData('1'));
    machine.sendCopyData(utf8('a'));
    machine.sendCopyDone();
    machine.feed(concat(client.copyData('2'), client.copyDone()));
    expect(recorder.events).toEqual([['copyData', [utf8('1'), utf8('2')]], ['copyDone']]);
    machine.sendRowDescription([]);
    machine.sendCommandComplete('SELECT 0');
    machine.sendCommandComplete('START_REPLICATION');
    ready(machine);
    const rest = [server.rowDescription(), server.commandComplete('SELECT 0')];
    expect(machine.output.take()).toEqual(
      concat(streamed, ...rest, server.commandComplete('START_REPLICATION'), server.ready()),
    );
  });

  test('ends when both sides have ended, the client first', () => {
    const { machine } = both();
    machine.feed(client.copyDone());
    expect(machine.state).toBe('copyingBothOut');
    machine.sendCopyData(utf8('b'));
    expect(() => {
      machine.feed(client.copyData());
    }).toThrow('CopyData is illegal while copyingBothOut');
    const { machine: other } = both();
    other.feed(concat(client.copyDone(), client.query('next')));
    other.sendCopyDone();
    expect(() => {
      ready(other);
    }).toThrow('ReadyForQuery cannot be sent while endingCopyBoth');
    other.sendCopyData(utf8('k')); // a walsender that is alive
    other.sendCommandComplete('START_REPLICATION');
    ready(other);
    expect(other.state).toBe('querying');
  });

  test.each([false, true])('is ended in both directions by an error (after CopyDone of the server: %s)', (isDone) => {
    const { machine, recorder } = both();
    if (isDone) machine.sendCopyDone();
    error(machine);
    expect(machine.state).toBe('draining');
    ready(machine);
    machine.feed(concat(client.copyData(), client.copyDone(), client.query()));
    expect([machine.state, ...recorder.names]).toEqual(['querying', 'query']);
  });

  test('that the client has ended has no data on its way when it fails', () => {
    const { machine } = both();
    machine.feed(client.copyDone());
    error(machine);
    expect(() => {
      machine.feed(client.copyData());
    }).toThrow('CopyData is illegal while draining');
  });
});
