import type { FrameLayout } from '../../src/index.js';

/** Calls that once went wrong. */
export interface Case {
  readonly what: string;
  readonly frame?: FrameLayout;
  readonly maxBufferedBytes?: number;
  readonly steps: readonly (readonly [string, ...(string | number | boolean)[]])[];
}
