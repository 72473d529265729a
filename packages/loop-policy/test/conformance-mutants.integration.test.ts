import { describe, expect, test } from 'vitest';
import { TransportClosedError } from '../src/index.js';
import { checkLoopPolicy } from '../src/testing.js';
import { mutantPolicy, type Mutation } from './fixtures/mutant-policy.js';
import { overridden } from './fixtures/overridden.js';

/** A mutation, and behaviours that do not hold any more because of it. */
interface Mutant extends Mutation {
  readonly breaks: readonly string[];
}

const mutants: readonly Mutant[] = [
  {
    name: 'goes on delivering after pauseReading()',
    transport: () => ({ pauseReading: () => {} }),
    breaks: [
      'reading: after pauseReading() there is no data, and after resumeReading() all of it',
      'reading: paused in connectionMade it stays paused, on both sides',
      'reading: the end of data waits, too, while reading is paused',
      're-entrancy: pauseReading inside dataReceived holds back data until it is resumed',
    ],
  },
  {
    name: 'calls connectionLost twice',
    protocol: (inner) => ({
      connectionLost: (error) => {
        inner.connectionLost(error);
        inner.connectionLost(error);
      },
    }),
    breaks: [
      'ending: close() twice, and close() after the end, do nothing more',
      'connect: resolves with the protocol of the factory and the transport of connectionMade',
    ],
  },
  {
    name: 'never calls connectionLost',
    protocol: () => ({ connectionLost: () => {} }),
    breaks: ['connect: connectionMade runs before connect() resolves', 'ending: abort() without an error tells null'],
  },
  {
    name: 'recycles inside write()',
    transport: (inner) => ({
      write: (chunk, owner) => {
        inner.write(chunk.slice());
        owner?.recycle(chunk);
      },
    }),
    breaks: [
      'recycling: each chunk comes back exactly once, never inside a call, when the connection ends by close',
      'recycling: an empty chunk comes back, too, while the connection stays open',
    ],
  },
  {
    name: 'recycles as soon as it can, before the bytes have left',
    transport: (inner) => ({
      write: (chunk, owner) => {
        inner.write(chunk);
        if (owner !== undefined) {
          inner.loop.callSoon(() => {
            owner.recycle(chunk);
          });
        }
      },
    }),
    breaks: ['delivery: a recycled chunk may be overwritten at once, its bytes have left'],
  },
  {
    name: 'forgets to recycle',
    transport: (inner) => ({
      write: (chunk) => {
        inner.write(chunk);
      },
    }),
    breaks: ['recycling: chunks come back in the order in which they were written'],
  },
  {
    name: 'recycles twice',
    transport: (inner) => ({
      write: (chunk, owner) => {
        const twice = {
          recycle: (returned: Uint8Array) => {
            owner?.recycle(returned);
            owner?.recycle(returned);
          },
        };
        inner.write(chunk, owner === undefined ? undefined : twice);
      },
    }),
    breaks: [
      'recycling: a chunk written twice comes back twice, and chunks without an owner to nobody',
      'recycling: each chunk comes back exactly once, never inside a call, when the connection ends by abort',
    ],
  },
  {
    name: 'drops writeEof()',
    transport: () => ({ writeEof: () => {} }),
    breaks: [
      'ending: writeEof() sends what is queued and the end of data, and the answer still arrives',
      'ending: write and writeMany after writeEof() throw TransportClosedError, and the chunk stays the caller’s',
    ],
  },
  {
    name: 'turns the chunks of writeMany around',
    transport: (inner) => ({
      writeMany: (chunks, owner) => {
        inner.writeMany([...chunks].reverse(), owner);
      },
    }),
    breaks: ['delivery: writeMany is as if its chunks were written one by one, between other writes'],
  },
  {
    name: 'loses the last byte of large writes',
    transport: (inner) => ({
      write: (chunk, owner) => {
        inner.write(chunk.length > 1 << 20 ? chunk.subarray(0, -1) : chunk, owner);
      },
    }),
    breaks: ['delivery: eight mebibytes each way at once arrive unchanged'],
  },
  {
    name: 'never pauses writing',
    protocol: () => ({ pauseWriting: () => {}, resumeWriting: () => {} }),
    breaks: [
      'watermarks: writing is paused above the high one, before write() returns, and resumed once the rest has left',
      'reading: who does not read stops who writes',
    ],
  },
  {
    name: 'never resumes writing',
    protocol: () => ({ resumeWriting: () => {} }),
    breaks: ['watermarks: who writes until paused, and again when resumed, sends everything and keeps little waiting'],
  },
  {
    name: 'ignores watermarks',
    transport: () => ({ setWriteWatermarks: () => {} }),
    breaks: [
      'watermarks: exactly the high one does not pause, one byte more does',
      'watermarks: refuses them with a RangeError unless 0 <= low <= high, and keeps the old ones',
      'watermarks: raising them resumes a paused writer, lowering them pauses one',
    ],
  },
  {
    name: 'closes although eofReceived returned true',
    protocol: (inner) => ({
      eofReceived: () => {
        inner.eofReceived();
      },
    }),
    breaks: ['ending: writeEof() sends what is queued and the end of data, and the answer still arrives'],
  },
  {
    name: 'takes writes after the end without a word',
    transport: (inner) => ({
      write: (chunk, owner) => {
        try {
          inner.write(chunk, owner);
        } catch (error) {
          if (!(error instanceof TransportClosedError)) throw error;
        }
      },
    }),
    breaks: [
      'ending: write and writeMany after close() throw TransportClosedError, and the chunk stays the caller’s',
      're-entrancy: write inside connectionLost changes nothing any more',
    ],
  },
  {
    name: 'aborts when it should close',
    transport: (inner) => ({
      close: () => {
        inner.abort();
      },
    }),
    breaks: ['ending: close() sends what is queued, then both ends hear of an end without an error'],
  },
  {
    name: 'keeps ends without an error to itself',
    protocol: (inner) => ({
      connectionLost: (error) => {
        if (error !== null) inner.connectionLost(error);
      },
    }),
    breaks: ['ending: abort() without an error tells null'],
  },
  {
    name: 'forgets the error of abort()',
    transport: (inner) => ({
      abort: () => {
        inner.abort();
      },
    }),
    breaks: [
      'ending: abort(error) discards what is queued, and tells its error once, not before it returns',
      're-entrancy: abort inside dataReceived leaves nothing to come but the end, with its error',
    ],
  },
  {
    name: 'swallows what callbacks throw',
    protocol: (inner) => ({
      eofReceived: () => {
        try {
          return inner.eofReceived();
        } catch {
          return false;
        }
      },
    }),
    breaks: ['re-entrancy: throw inside eofReceived loses the connection, and is reported once'],
  },
  {
    name: 'overwrites a chunk that was written back, before it has left',
    protocol: (inner) => ({
      dataReceived: (chunk) => {
        inner.dataReceived(chunk);
        chunk.fill(0);
      },
    }),
    breaks: ['delivery: the chunk that is being delivered may be written back, whole and in parts'],
  },
  {
    name: 'delivers empty chunks',
    protocol: (inner) => ({
      dataReceived: (chunk) => {
        inner.dataReceived(chunk);
        inner.dataReceived(chunk.subarray(chunk.length));
      },
    }),
    breaks: ['delivery: no chunk is empty, and an empty write sends nothing'],
  },
  {
    name: 'asks for memory only once',
    protocol: (inner) => {
      let memory: Uint8Array | undefined;
      return 'getBuffer' in inner ? { getBuffer: (hint) => (memory ??= inner.getBuffer(hint)) } : {};
    },
    breaks: ['buffered: memory is asked for after connectionMade, before reading, and after each bufferUpdated'],
  },
  {
    name: 'introduces the protocol too late',
    protocol: (inner, loop) => ({
      connectionMade: (transport) => {
        loop.callSoon(() => {
          inner.connectionMade(transport);
        });
      },
    }),
    breaks: ['connect: connectionMade runs before connect() resolves'],
  },
  {
    name: 'ignores setProtocol()',
    transport: () => ({ setProtocol: () => {} }),
    breaks: [
      'setProtocol: inside dataReceived the chunk is the old one’s, and the next chunk the new one’s',
      'setProtocol: refuses what is no protocol with a TypeError, and the old one stays',
    ],
  },
  {
    name: 'runs callSoon at once',
    loop: () => ({
      callSoon: (fn) => {
        fn();
      },
    }),
    breaks: ['loop: callSoon runs after the current code and its microtasks'],
  },
  {
    name: 'does not close',
    loop: () => ({ close: () => Promise.resolve() }),
    breaks: ['connect: connectionMade runs before connect() resolves'],
  },
  {
    name: 'closes without an end',
    loop: () => ({ close: () => new Promise<void>(() => {}) }),
    breaks: ['connect: refuses what is no endpoint with a TypeError, and a bad port with a RangeError'],
  },
  {
    // By its own clock: in real time a busy machine would hide it.
    name: 'has timers ten times as fast as its clock',
    loop: (inner) => ({ now: () => inner.now() / 10 }),
    breaks: ['loop: callLater never runs early'],
  },
  {
    name: 'has no randomness',
    loop: () => ({ fillRandom: () => {} }),
    breaks: [
      'loop: fillRandom fills all that it is given and nothing around it',
      'loop: fillRandom gives other bytes each time',
    ],
  },
  {
    name: 'counts nothing',
    loop: (inner) => {
      const atFirst = inner.metrics();
      return { metrics: () => atFirst };
    },
    breaks: [
      'loop: metrics count connections, servers and bytes',
      'server: metrics count what it accepts and what is open',
    ],
  },
  {
    name: 'keeps errors of callbacks to itself',
    loop: (inner) => ({ onUncaught: () => inner.onUncaught(() => {}) }),
    breaks: ['re-entrancy: throw inside dataReceived loses the connection, and is reported once'],
  },
  {
    name: 'leaves servers open that were closed',
    loop: (inner) => ({
      listen: async (...all) => {
        const server = await inner.listen(...all);
        return overridden(server, { close: () => Promise.resolve({ drained: 0, cut: 0, cutPeers: [] }) });
      },
    }),
    breaks: [
      'connect: a refused connection is a ConnectError with the endpoint and the reason, and makes no protocol',
      'server: close() without connections resolves with an empty report, and refuses who comes then',
    ],
  },
  {
    name: 'cuts connections at once when a server closes',
    loop: (inner) => ({
      listen: async (...all) => {
        const server = await inner.listen(...all);
        return overridden(server, { close: () => server.close({ graceMs: 0 }) });
      },
    }),
    breaks: ['server: close() closes the transports of protocols without closeRequested, and sends what is queued'],
  },
  {
    name: 'does not look at signals',
    loop: (inner) => ({
      connect: (factory, endpoint) => inner.connect(factory, endpoint),
    }),
    breaks: ['connect: a signal that is aborted already rejects with its reason, and nobody sees a connection'],
  },
];

describe('the conformance suite', () => {
  test.each(mutants)('catches a loop that $name', async (mutant) => {
    const report = await checkLoopPolicy(mutantPolicy(mutant), {
      only: (name) => mutant.breaks.includes(name),
      caseTimeoutMs: 300,
      print: () => {},
    });
    const outcomes = report.cases.map(({ name, outcome }) => ({ name, outcome }));
    expect(outcomes).toHaveLength(mutant.breaks.length); // the names are those of cases
    expect(outcomes.filter(({ outcome }) => outcome !== 'failed')).toEqual([]);
  });

  test('finds nothing amiss with the same loop without a mutation', async () => {
    const wanted = new Set(mutants.flatMap((mutant) => mutant.breaks));
    const report = await checkLoopPolicy(mutantPolicy({ name: 'nothing' }), {
      only: (name) => wanted.has(name),
      print: () => {},
    });
    expect(report.cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  });
});
