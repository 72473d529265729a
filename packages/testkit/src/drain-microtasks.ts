type NextTick = (fn: () => void) => void;

/** What a host may have: {@link drainMicrotasks} asks `globalThis`. */
export interface DrainHost {
  readonly process?: { readonly nextTick?: NextTick };
}

/** How many microtasks in a row the trial waits for: more than a host would run in between by chance. */
const TRIAL_ROUNDS = 32;

/**
 * Makes a function that resolves when no microtask is left.
 *
 * @remarks Cost of a call: under a microsecond where the host has a `process.nextTick` that comes after all microtasks,
 * which is tried out and not assumed; a {@link hostTurn} elsewhere.
 */
export function makeDrain(host: DrainHost): () => Promise<void> {
  let wait: (() => Promise<void>) | undefined;
  return async () => {
    // From a microtask on, or the ticks would come first.
    await Promise.resolve();
    wait ??= await findWait(host);
    await wait();
  };
}

/** Resolves when no microtask is left. */
export const drainMicrotasks: () => Promise<void> = /* @__PURE__ */ makeDrain(globalThis);

async function findWait(host: DrainHost): Promise<() => Promise<void>> {
  const nextTick = host.process?.nextTick?.bind(host.process);
  if (nextTick === undefined) return hostTurn;
  let rounds = 0;
  const chain = async (): Promise<void> => {
    for (; rounds < TRIAL_ROUNDS; rounds++) await Promise.resolve();
  };
  const chained = chain();
  await new Promise<void>(nextTick);
  const isLast = rounds === TRIAL_ROUNDS;
  await chained;
  return isLast ? () => new Promise(nextTick) : hostTurn;
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
