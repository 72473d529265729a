import type { Transport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab, Pair } from './lab.js';
import type { Recorder, RecorderPlug } from './recorder.js';

/** More than a system buffers for a peer that does not read. */
const FLOOD_BYTES = 8 << 20;

/** The byte that `write` sends, after everything else. */
const MARK = 251;

/** Where the client acts: every callback of a protocol, and its owner's. */
const CALLBACKS = [
  'connectionMade',
  'dataReceived',
  'eofReceived',
  'pauseWriting',
  'resumeWriting',
  'connectionLost',
  'getBuffer',
  'bufferUpdated',
  'recycle',
] as const;
type Callback = (typeof CALLBACKS)[number];

/** What it does there, and what then holds. */
const ACTS = {
  write: 'is sent, in order',
  writeEof: 'ends our side, and the other end hears of it',
  close: 'leaves nothing to come but the end',
  abort: 'leaves nothing to come but the end, with its error',
  pauseReading: 'holds back data until it is resumed',
  throw: 'loses the connection, and is reported once',
  setProtocol: 'gives everything that follows to the new protocol',
} as const;
type Act = keyof typeof ACTS;

/** A connection whose client has acted. */
interface Scene {
  readonly lab: Lab;
  readonly callback: Callback;
  readonly client: Recorder;
  readonly server: Recorder;
  /** Whom `setProtocol` is given. */
  readonly successor: Recorder;
  readonly pair: Pair;
  /** How much the client had heard when it acted, the callback in which it did included. */
  readonly heard: number;
  /** What `abort` was given, or what was thrown. */
  readonly reason: Error;
  /** What the transport threw. */
  readonly refused: Error | undefined;
}

/** What must hold after an act in any callback but `connectionLost`. */
const AFTER: Readonly<Record<Act, (scene: Scene) => Promise<void>>> = {
  write: async ({ lab, server, pair }: Scene) => {
    await lab.until(pair.loop, () => server.chunks.at(-1)?.at(-1) === MARK || server.isLost);
    lab.equal(server.chunks.at(-1)?.at(-1), MARK, 'the last byte that the server received');
  },
  writeEof: async ({ lab, server, pair }: Scene) => {
    await lab.until(pair.loop, () => server.events.includes('eofReceived'));
    lab.throws(
      () => {
        pair.client.write(Uint8Array.of(1));
      },
      'TransportClosedError',
      'write after it to throw',
    );
  },
  close: async (scene: Scene) => {
    scene.lab.equal(await scene.client.lost, null, 'what connectionLost was told');
    checkOnlyTheEnd(scene);
  },
  abort: async (scene: Scene) => {
    const { lab, client, reason } = scene;
    lab.equal(await client.lost, reason, 'what connectionLost was told');
    checkOnlyTheEnd(scene);
  },
  pauseReading: async ({ lab, callback, client, pair, heard }: Scene) => {
    const before = client.byteCount;
    const isEnded = callback === 'eofReceived';
    if (!isEnded) pair.server.write(lab.pattern(1000));
    await lab.settle(pair.loop);
    const data = client.events.slice(heard).filter((event) => event === 'dataReceived' || event === 'eofReceived');
    lab.equal(data, [], 'data and ends of data while paused');
    pair.client.resumeReading();
    if (!isEnded) await client.until(() => client.byteCount >= before + 1000);
  },
  throw: async (scene: Scene) => {
    const { lab, client, pair, reason } = scene;
    lab.equal(await client.lost, reason, 'what connectionLost was told');
    await lab.settle(pair.loop);
    checkOnlyTheEnd(scene);
    lab.equal(lab.uncaught(pair.loop), [reason], 'what the loop reported');
  },
  setProtocol: async ({ lab, callback, client, successor, pair, heard }: Scene) => {
    if (callback !== 'eofReceived') {
      pair.server.write(lab.pattern(10));
      await successor.until(() => successor.byteCount >= 10);
    }
    pair.client.abort();
    await successor.lost;
    lab.equal(client.events.slice(heard), [], 'what the old protocol heard');
  },
};

function checkOnlyTheEnd({ lab, client, heard }: Scene): void {
  const pace: readonly string[] = ['pauseWriting', 'resumeWriting'];
  const others = client.events.slice(heard).filter((event) => !pace.includes(event));
  lab.equal(others, ['connectionLost'], 'what the client heard then, besides the pace of writing');
}

/** Nothing that is done in `connectionLost` changes anything, but what is thrown there is reported. */
async function checkAfterTheEnd(scene: Scene, act: Act): Promise<void> {
  const { lab, client, successor, pair, reason, refused, heard } = scene;
  await lab.settle(pair.loop);
  lab.equal(client.events.slice(heard), [], 'what the client heard then');
  lab.equal(successor.events, [], 'what the new protocol heard');
  lab.equal(refused?.name, act === 'write' ? 'TransportClosedError' : undefined, 'what the transport threw');
  lab.equal(lab.uncaught(pair.loop), act === 'throw' ? [reason] : [], 'what the loop reported');
}

async function play(lab: Lab, callback: Callback, act: Act): Promise<void> {
  const successor = lab.recorder({ isWhole: false });
  const reason = new Error(`thrown inside ${callback}`);
  let heard: number | undefined;
  let refused: Error | undefined;
  const actOnce = (): void => {
    if (heard !== undefined) return;
    heard = client.events.length;
    if (act === 'throw') throw reason;
    try {
      perform(act, client.transport, successor, reason);
    } catch (error) {
      refused = error as Error;
    }
  };
  const plug = { onEof: () => true, ...plugFor(callback, actOnce), isWhole: act !== 'setProtocol' };
  const buffered =
    callback === 'getBuffer' || callback === 'bufferUpdated' ? lab.bufferedRecorder(64, plug) : undefined;
  const client = buffered?.recorder ?? lab.recorder(plug);
  if (buffered !== undefined && callback === 'getBuffer') {
    const getBuffer = buffered.getBuffer.bind(buffered);
    buffered.getBuffer = (hintBytes) => {
      const memory = getBuffer(hintBytes);
      actOnce();
      return memory;
    };
  }
  const server = lab.recorder({ onEof: () => act !== 'close' && callback !== 'connectionLost' });
  const pair = await lab.connectPair(buffered ?? client, server);
  provoke(lab, callback, pair, actOnce);
  await lab.until(pair.loop, () => heard !== undefined);
  const scene: Scene = { lab, callback, client, server, successor, pair, heard: heard ?? 0, reason, refused };
  if (callback === 'connectionLost') {
    await checkAfterTheEnd(scene, act);
    return;
  }
  lab.equal(refused, undefined, 'what the transport threw');
  pair.server.resumeReading();
  await AFTER[act](scene);
}

function plugFor(callback: Callback, act: () => void): RecorderPlug {
  if (callback === 'connectionMade') return { onMade: act };
  if (callback === 'dataReceived' || callback === 'bufferUpdated') return { onData: act };
  if (callback === 'pauseWriting') return { onPause: act };
  if (callback === 'resumeWriting') return { onResume: act };
  if (callback === 'connectionLost') return { onLost: act };
  if (callback !== 'eofReceived') return {};
  return {
    onEof: () => {
      act();
      return true;
    },
  };
}

/** Makes `callback` happen. */
function provoke(lab: Lab, callback: Callback, pair: Pair, act: () => void): void {
  if (callback === 'dataReceived' || callback === 'bufferUpdated') pair.server.write(lab.pattern(1000));
  else if (callback === 'eofReceived') pair.server.writeEof();
  else if (callback === 'connectionLost') pair.client.close();
  else if (callback === 'recycle') pair.client.write(lab.pattern(10), { recycle: act });
  else if (callback === 'pauseWriting' || callback === 'resumeWriting') {
    pair.server.pauseReading();
    pair.client.write(lab.pattern(FLOOD_BYTES));
    if (callback === 'resumeWriting') pair.server.resumeReading();
  }
}

function perform(act: Exclude<Act, 'throw'>, transport: Transport, successor: Recorder, reason: Error): void {
  if (act === 'write') transport.write(Uint8Array.of(MARK));
  else if (act === 'abort') transport.abort(reason);
  else if (act === 'setProtocol') transport.setProtocol(successor);
  else transport[act]();
}

/** What holds after `act` inside `callback`, in words. */
function outcomeOf(callback: Callback, act: Act): string {
  if (callback !== 'connectionLost') return ACTS[act];
  return act === 'throw' ? 'is reported once' : 'changes nothing any more';
}

/** Every act inside every callback. */
export const reentrancyCases: readonly ConformanceCase[] = CALLBACKS.flatMap((callback) =>
  (Object.keys(ACTS) as Act[]).map((act) => ({
    name: `re-entrancy: ${act} inside ${callback} ${outcomeOf(callback, act)}`,
    needs: ['tcp'] as const,
    run: (lab: Lab) => play(lab, callback, act),
  })),
);
