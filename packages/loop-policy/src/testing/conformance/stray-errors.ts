/** Notices errors that nobody handled: rejected promises, and exceptions that would end the process. */
export interface StrayErrors {
  /** Takes what was noticed since the last call. */
  take(): unknown[];
  /** Stops listening. */
  stop(): void;
}

interface Emitter {
  on(event: string, listener: (error: unknown) => void): unknown;
  off(event: string, listener: (error: unknown) => void): unknown;
}

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

/** Begins to listen, where the platform has a `process` that tells; elsewhere nothing is ever noticed. */
export function watchStrayErrors(): StrayErrors {
  const errors: unknown[] = [];
  const notice = (error: unknown): void => {
    errors.push(error);
  };
  const host = (globalThis as { process?: Partial<Emitter> }).process;
  const emitter = typeof host?.on === 'function' && typeof host.off === 'function' ? (host as Emitter) : undefined;
  for (const event of EVENTS) emitter?.on(event, notice);
  return {
    take: () => errors.splice(0),
    stop: () => {
      for (const event of EVENTS) emitter?.off(event, notice);
    },
  };
}
