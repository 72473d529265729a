import { randomChunks, seededRandom, type SeededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { ASYNC_SENDS, BACKEND_PHASES } from '../src/backend-phases.js';
import { RECEIVES, SENDS, type BackendState, type SentName } from '../src/backend-state.js';
import { LocalProtocolError, type BackendMachine, RemoteProtocolError } from '../src/index.js';
import { client, ERROR, FATAL, newBackend, openBackend, type BackendSession } from './backend-session.js';
import { MESSAGES, SENDING } from './backend-tables.js';
import { pick } from './pick.js';
import { concat, utf8 } from './wire.js';

const RUNS = 3000;

/** Others than the examples, which differ in what they lead to. */
const MORE: Readonly<Record<string, readonly Uint8Array[]>> = {
  StartupMessage: [client.startup(2), client.startup(7)],
  Describe: [client.describe('S')],
  CopyData: [client.copyData('')],
  Bind: [client.bind('', '', 'a', null)],
};

/** Goes by the tables, one message of either side at a time. Returns what the client has sent. */
function converse(
  random: SeededRandom,
  { machine }: BackendSession,
  steps: number,
  visited = new Set<BackendState>(),
): Uint8Array {
  const sent: Uint8Array[] = [];
  let isOver = false; // behind a Terminate nothing is legal, whatever the state
  for (let i = 0; i < steps && !['closed', 'broken', 'canceling', 'terminating'].includes(machine.state); i++) {
    const names = Object.keys(RECEIVES[machine.state]).filter((name) => Object.hasOwn(MESSAGES, name));
    const name = names.length > 0 ? pick(random, names) : undefined;
    const isRare = name === 'Terminate' && random.int(0, 5) > 0;
    if (name !== undefined && !isOver && !isRare && random.int(0, 2) > 0) {
      isOver = name === 'Terminate';
      const bytes = pick(random, [MESSAGES[name as keyof typeof MESSAGES], ...(MORE[name] ?? [])]);
      sent.push(bytes);
      for (const chunk of randomChunks(bytes, { seed: random.int(0, 1e9), maxBytes: 9 })) machine.feed(chunk);
    } else {
      sendLegal(random, machine);
    }
    visited.add(machine.state);
  }
  return concat(...sent);
}

function sendLegal(random: SeededRandom, machine: BackendMachine): void {
  const names = Object.keys(SENDS[machine.state]).filter((name) => name !== 'ErrorResponse' || random.int(0, 3) === 0);
  if (names.length === 0) return;
  const send = SENDING[pick(random, names) as SentName];
  // A COPY FROM STDIN with anything pipelined behind it is the client's fault; that has tests of its own.
  if (names.includes('CopyInResponse') && machine.unanswered > 1) machine.sendErrorResponse(ERROR);
  else send(machine);
  if (ASYNC_SENDS.NoticeResponse.includes(BACKEND_PHASES[machine.state])) machine.sendNoticeResponse(ERROR);
}

function mutate(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const mutant = bytes.slice(0, random.int(0, 3) === 0 ? random.int(0, bytes.length) : bytes.length);
  for (let i = random.int(1, 4); i > 0 && mutant.length > 0; i--) {
    mutant[random.int(0, mutant.length - 1)] = pick(random, [0, 1, 0x7f, 0x80, 0xff, random.int(0, 255)]);
  }
  return mutant;
}

/** Feeds until the machine is broken; nothing else may be thrown. */
function feedAll(machine: BackendMachine, chunks: readonly Uint8Array[]): BackendState {
  try {
    for (const chunk of chunks) machine.feed(chunk);
    machine.eof();
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    expect(() => {
      machine.eof();
    }).toThrow(error);
  }
  return machine.state;
}

describe('BackendMachine', () => {
  test('takes and sends whatever its tables have, in any order', () => {
    const visited = new Set<BackendState>();
    for (let seed = 0; seed < RUNS; seed++) {
      const session = seed % 4 === 0 ? newBackend() : openBackend();
      try {
        converse(seededRandom(seed), session, 40, visited);
      } catch (error) {
        throw new Error(`seed ${seed}, while ${session.machine.state}`, { cause: error });
      }
      expect(session.machine.state, `seed ${seed}`).not.toBe('broken');
    }
    const unseen = Object.keys(RECEIVES).filter((state) => !visited.has(state as BackendState));
    expect(unseen).toEqual(['broken']);
  });

  test('throws nothing but RemoteProtocolError for mutants of good conversations, whatever the owner answers', () => {
    const ends = new Set<BackendState>();
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(seed);
      const isNew = seed % 4 === 0;
      const bytes = mutate(random, converse(random, isNew ? newBackend() : openBackend(), 30));
      const { machine, recorder } = isNew ? newBackend() : openBackend();
      const answer = (): void => {
        try {
          if (random.int(0, 2) > 0) sendLegal(random, machine);
          if (random.int(0, 40) === 0) machine.sendErrorResponse(FATAL);
        } catch (error) {
          const isRefusal = error instanceof LocalProtocolError || error instanceof RangeError;
          if (!isRefusal && !(error instanceof RemoteProtocolError)) throw error;
        }
      };
      for (const name of [
        'sslRequest',
        'startup',
        'password',
        'query',
        'execute',
        'sync',
        'bind',
        'copyData',
      ] as const) {
        recorder.reactions[name] = answer;
      }
      try {
        ends.add(feedAll(machine, randomChunks(bytes, { seed, maxBytes: 30 })));
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    expect([...ends].sort()).toEqual(expect.arrayContaining(['broken', 'closed']));
  });

  test('throws nothing but RemoteProtocolError for noise', () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const random = seededRandom(seed);
      const { machine } = seed % 2 === 0 ? newBackend() : openBackend();
      const types = utf8('BCDEFHPQSXcdfp');
      const bytes = Uint8Array.from({ length: random.int(1, 60) }, () =>
        pick(random, [0, 0, 0, 4, random.int(0, 255)]),
      );
      bytes[0] = pick(random, [...types, 0]);
      try {
        feedAll(machine, randomChunks(bytes, { seed, maxBytes: 16 }));
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
});
