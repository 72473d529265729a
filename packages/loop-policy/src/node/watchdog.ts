import { checkFunction } from '../check-options.js';
import type { BlockedReport, WatchOptions } from '../loop.js';

const DEFAULT_BLOCKED_MS = 100;

interface Watcher {
  readonly blockedMs: number;
  readonly onBlocked: (report: BlockedReport) => void;
}

/** Whose callbacks are measured while `watchdog` is set. */
export interface Watched {
  watchdog: Watchdog | undefined;
  now(): number;
  report(error: unknown): void;
}

/**
 * Measures callbacks and tells watchers of those that took long.
 *
 * A callback inside another, such as `pauseWriting` inside `dataReceived`, counts as itself alone: the outer one is
 * blamed for the rest of its time.
 */
export class Watchdog {
  readonly #watchers = new Set<Watcher>();
  readonly #loop: Watched;
  /** For each callback that runs, the outermost first: how long those inside it took. */
  readonly #insideMs: number[] = [];

  constructor(loop: Watched) {
    this.#loop = loop;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** @returns Whether nobody is left. */
  remove(watcher: Watcher): boolean {
    this.#watchers.delete(watcher);
    return this.#watchers.size === 0;
  }

  /** A callback begins. @returns What its end must be told; every beginning needs an end. */
  begin(): number {
    this.#insideMs.push(0);
    return this.#loop.now();
  }

  /** `owner[method]()` has ended. */
  endMethod(startedAt: number, owner: object, method: string, transport: BlockedReport['transport']): void {
    const ownMs = this.#end(startedAt);
    if (this.#isLong(ownMs)) this.#tell({ callback: nameMethod(owner, method), elapsedMs: ownMs, transport });
  }

  /** A scheduled function has ended. */
  endFunction(startedAt: number, fn: () => void): void {
    const ownMs = this.#end(startedAt);
    if (!this.#isLong(ownMs)) return;
    this.#tell({
      callback: fn.name === '' ? 'a function without a name' : fn.name,
      elapsedMs: ownMs,
      transport: undefined,
    });
  }

  #end(startedAt: number): number {
    const elapsedMs = this.#loop.now() - startedAt;
    const ownMs = elapsedMs - (this.#insideMs.pop() ?? 0);
    const outer = this.#insideMs.length - 1;
    if (outer >= 0) this.#insideMs[outer] = (this.#insideMs[outer] ?? 0) + elapsedMs;
    return ownMs;
  }

  #isLong(ownMs: number): boolean {
    for (const { blockedMs } of this.#watchers) if (ownMs >= blockedMs) return true;
    return false;
  }

  #tell(report: BlockedReport): void {
    for (const { blockedMs, onBlocked } of [...this.#watchers]) {
      if (report.elapsedMs < blockedMs) continue;
      try {
        onBlocked(report);
      } catch (error) {
        this.#loop.report(error);
      }
    }
  }
}

/**
 * Adds a watcher to a loop.
 *
 * @returns Takes it off again; without any the loop measures nothing.
 * @throws {RangeError} If `blockedMs` is not more than 0; {TypeError} if `onBlocked` is no function.
 */
export function watch(loop: Watched, options: WatchOptions): () => void {
  const { blockedMs = DEFAULT_BLOCKED_MS, onBlocked = warn } = options;
  if (typeof blockedMs !== 'number' || !(blockedMs > 0)) {
    throw new RangeError(`expected blockedMs to be more than 0, got ${String(blockedMs)}`);
  }
  checkFunction(onBlocked, 'onBlocked');
  const watchdog = (loop.watchdog ??= new Watchdog(loop));
  const watcher = { blockedMs, onBlocked };
  watchdog.add(watcher);
  return () => {
    if (watchdog.remove(watcher) && loop.watchdog === watchdog) loop.watchdog = undefined;
  };
}

function warn({ callback, elapsedMs }: BlockedReport): void {
  console.warn(`${callback} blocked the loop for ${elapsedMs.toFixed(1)} ms`);
}

function nameMethod(owner: object, method: string): string {
  const made: unknown = (owner as { constructor?: unknown }).constructor;
  return typeof made === 'function' && made.name !== '' ? `${made.name}.${method}` : method;
}
