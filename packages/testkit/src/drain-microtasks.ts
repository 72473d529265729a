type NextTick = (fn: () => void) => void;

/** `undefined` until it was tried out; `null` where the host has none, or one that comes before the microtasks. */
let nextTick: NextTick | null | undefined;

/** How many microtasks in a row the trial waits for: more than any chain of promises that a host could have special-cased. */
const TRIAL_HOPS = 32;

/**
 * Resolves when no microtask is left.
 *
 * @remarks Cost: under a microsecond where the host has a `process.nextTick` that runs after all microtasks, which is
 * tried out, not assumed; a {@link hostTurn} elsewhere.
 */
export async function drainMicrotasks(): Promise<void> {
  // From a microtask on, or the ticks would come first.
  await Promise.resolve();
  if (nextTick === undefined) nextTick = await findNextTick();
  const tick = nextTick;
  await (tick === null ? hostTurn() : new Promise<void>(tick));
}

async function findNextTick(): Promise<NextTick | null> {
  const host = (globalThis as { process?: { nextTick?: NextTick } }).process;
  const candidate = host?.nextTick?.bind(host);
  if (candidate === undefined) return null;
  let hops = 0;
  const chain = async (): Promise<void> => {
    for (; hops < TRIAL_HOPS; hops++) await Promise.resolve();
  };
  const chained = chain();
  await new Promise<void>(candidate);
  const hopsAtTick = hops;
  await chained;
  return hopsAtTick === TRIAL_HOPS ? candidate : null;
}

/**
 * Resolves in the host's next turn, after all microtasks: a message between two ports is a task of its own, which a host
 * starts only then. Not a timer, so it works where the host's timers are faked.
 */
export function hostTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
