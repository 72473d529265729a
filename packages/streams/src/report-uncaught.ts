import type { Loop } from '@millrace/loop-policy';

/** Tells `error` to whoever listens to what goes wrong on `loop`: what a scheduled function throws is reported there. */
export function reportUncaught(loop: Loop, error: unknown): void {
  try {
    loop.callSoon(() => {
      throw error;
    });
  } catch {
    console.error(error); // the loop is closed, and whoever listened there is gone
  }
}
