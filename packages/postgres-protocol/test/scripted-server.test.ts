import { WriteBuffer } from '@millrace/write-buffer';
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { encodeCancelRequest, encodeStartupMessage } from '../src/messages/startup.js';
import { backendMessage, ScriptedServer, step } from '../src/testing.js';
import type { ScriptSink } from '../src/testing.js';

function bytesOf(encode: (out: WriteBuffer) => void): Uint8Array {
  const out = new WriteBuffer();
  encode(out);
  return out.take();
}

const STARTUP = bytesOf((out) => {
  encodeStartupMessage(out, { major: 3, minor: 0 }, [['user', 'me']]);
});
const CANCEL = bytesOf((out) => {
  encodeCancelRequest(out, 7, Uint8Array.of(0, 0, 0, 9));
});
const READY = backendMessage('ReadyForQuery', 'I');

class RecordingSink implements ScriptSink {
  readonly events: string[] = [];
  write(chunk: Uint8Array): void {
    this.events.push(`${chunk.length} bytes`);
  }
  close(): void {
    this.events.push('close');
  }
  abort(): void {
    this.events.push('abort');
  }
}

const SESSION = [step.expect('StartupMessage'), step.stall('the cancel'), step.send(READY)];
const CANCELLED = [step.expect('CancelRequest', { processId: 7 }), step.resume('the cancel'), step.close()];

describe('ScriptedServer', () => {
  test('plays the scripts in order, and lets one connection resume another', () => {
    const server = new ScriptedServer([SESSION, CANCELLED]);
    const [session, cancel] = [new RecordingSink(), new RecordingSink()];
    const first = server.accept(session);
    first.start();
    first.feed(STARTUP);
    expect(session.events).toEqual([]);
    const second = server.accept(cancel);
    second.start();
    second.feed(CANCEL);
    expect([session.events, cancel.events]).toEqual([['6 bytes'], ['close']]);
    second.eof();
    server.finish();
    expect([server.acceptedCount, server.backends.length]).toEqual([2, 2]);
  });

  test('lets a later connection pass a stall that was resumed before', () => {
    const server = new ScriptedServer([CANCELLED, SESSION]);
    const cancel = server.accept(new RecordingSink());
    cancel.feed(CANCEL);
    const session = new RecordingSink();
    server.accept(session).feed(STARTUP);
    expect(session.events).toEqual(['6 bytes']);
    server.finish();
  });

  test('is resumed from outside', () => {
    const server = new ScriptedServer([SESSION]);
    const session = new RecordingSink();
    server.accept(session).feed(STARTUP);
    server.resume('the cancel');
    expect(session.events).toEqual(['6 bytes']);
    server.finish();
  });

  test('finds the script by the first message, wherever it is cut', () => {
    for (const chunks of everySplit(CANCEL)) {
      const server = new ScriptedServer([SESSION, CANCELLED], { by: 'firstMessage' });
      const [session, cancel] = [new RecordingSink(), new RecordingSink()];
      const second = server.accept(cancel);
      second.start();
      for (const chunk of chunks) {
        second.feed(chunk);
        chunk.fill(0xee);
      }
      const first = server.accept(session);
      first.start();
      first.feed(STARTUP);
      expect([session.events, cancel.events]).toEqual([['6 bytes'], ['close']]);
      second.eof();
      first.feed(new Uint8Array(0));
      server.finish();
    }
  });

  test('refuses a connection without a script', () => {
    const server = new ScriptedServer([]);
    const sink = new RecordingSink();
    const connection = server.accept(sink);
    connection.start();
    connection.feed(STARTUP);
    connection.eof();
    expect(sink.events).toEqual(['close']);
    expect(() => {
      server.finish();
    }).toThrow('saw connection 1: the scripts are used up');
  });

  test.each<[string, Uint8Array, string]>([
    ['that no script begins with', CANCEL, 'saw connection 1: no script begins with CancelRequest'],
    ['that is none', Uint8Array.of(0x47, 0x45, 0x54, 0x20), 'saw connection 1: '],
  ])('refuses a first message %s', (_name, bytes, message) => {
    const server = new ScriptedServer([SESSION], { by: 'firstMessage' });
    const sink = new RecordingSink();
    server.accept(sink).feed(bytes);
    expect(sink.events).toEqual(['close']);
    expect(() => {
      server.finish();
    }).toThrow(message);
  });

  test.each([
    ['bytes', [step.expectBytes(STARTUP), ...SESSION]],
    ['nothing', [step.close()]],
  ])('cannot choose a script that expects %s first', (_name, script) => {
    expect(() => new ScriptedServer([SESSION, script], { by: 'firstMessage' })).toThrow('script 2 has to begin');
    new ScriptedServer([SESSION, script]);
  });

  test('tells of a connection that never said a whole message', () => {
    const server = new ScriptedServer([], { by: 'firstMessage' });
    server.accept(new RecordingSink()).feed(STARTUP.subarray(0, 5));
    expect(() => {
      server.finish();
    }).toThrow('connection 1 has not said its first message');
  });

  test('refuses a connection that ends before its first message', () => {
    const server = new ScriptedServer([SESSION], { by: 'firstMessage' });
    const sink = new RecordingSink();
    const connection = server.accept(sink);
    connection.feed(STARTUP.subarray(0, 5));
    connection.eof();
    expect(sink.events).toEqual(['close']);
    expect(() => {
      server.finish();
    }).toThrow('saw connection 1: the connection ended before its first message');
  });

  test('tells of scripts that nobody used, and of steps that are left', () => {
    const unused = new ScriptedServer([SESSION, CANCELLED, []]);
    unused.accept(new RecordingSink()).feed(STARTUP);
    unused.resume('the cancel');
    expect(() => {
      unused.finish();
    }).toThrow('2 scripts were not used, the first begins with: CancelRequest { processId: 7 }');
    const empty = new ScriptedServer([[]]);
    expect(() => {
      empty.finish();
    }).toThrow('1 scripts were not used, the first begins with: nothing');
    const stalled = new ScriptedServer([SESSION]);
    stalled.accept(new RecordingSink()).feed(STARTUP);
    expect(() => {
      stalled.finish();
    }).toThrow('the conversation is over with 2 steps to go, the first: stall "the cancel"');
  });
});
