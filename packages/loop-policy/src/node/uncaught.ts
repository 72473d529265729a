import type { UncaughtHandler } from '../loop.js';

/** Tells somebody of errors that nobody else will hear of. */
export class UncaughtErrors {
  private readonly _handlers = new Set<UncaughtHandler>();
  private _count = 0;

  get count(): number {
    return this._count;
  }

  add(handler: UncaughtHandler): () => void {
    this._handlers.add(handler);
    return () => {
      this._handlers.delete(handler);
    };
  }

  report(error: unknown): void {
    this._count++;
    if (this._handlers.size === 0) console.error('uncaught error in a loop callback:', error);
    for (const handler of this._handlers) {
      try {
        handler(error);
      } catch (second) {
        console.error('an onUncaught handler threw:', second, 'while it was told of:', error);
      }
    }
  }
}
