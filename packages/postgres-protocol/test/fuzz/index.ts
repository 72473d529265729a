// What `pnpm fuzz` runs, and test/fuzz.test.ts with fewer seeds.
import { backendSubject } from './backend-subject.js';
import { runChaos } from './chaos.js';
import { runDuet } from './duet.js';
import { frontendSubject } from './frontend-subject.js';

/** How often something was seen, by name. */
export type Tally = Map<string, number>;

function count(tally: Tally, names: Iterable<string>): void {
  for (const name of names) tally.set(name, (tally.get(name) ?? 0) + 1);
}

/** What one seed runs; each throws an Error that says the seed if a promise is broken. */
export const FUZZERS: Readonly<Record<'frontend' | 'backend' | 'duet', (seed: number, tally: Tally) => void>> = {
  frontend: (seed, tally) => {
    const { state, accepted, called } = runChaos(frontendSubject, seed);
    count(tally, [`ended ${state}`, ...prefixed('took', accepted), ...prefixed('called', called)]);
  },
  backend: (seed, tally) => {
    const { state, accepted, called } = runChaos(backendSubject, seed);
    count(tally, [`ended ${state}`, ...prefixed('took', accepted), ...prefixed('called', called)]);
  },
  duet: (seed, tally) => {
    const { frontendState, backendState, events } = runDuet(seed);
    count(tally, [`ended ${frontendState} / ${backendState}`, ...prefixed('event of', events)]);
  },
};

function prefixed(prefix: string, names: Iterable<string>): string[] {
  return [...names].map((name) => `${prefix} ${name}`);
}
