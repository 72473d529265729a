import type { AnyProtocol } from '../protocol.js';
import type { WriteWatermarks } from '../transport.js';
import type { Admission, Refusal } from './admission.js';
import type { LimitCounters } from './limit-counters.js';

/** What all connections of one limited factory share. */
export interface Limits {
  readonly factory: () => AnyProtocol;
  readonly admission: Admission;
  readonly stats: LimitCounters;
  readonly readBytesPerSec: number | undefined;
  readonly writeBytesPerSec: number | undefined;
  readonly idleMs: number | undefined;
  readonly watermarks: WriteWatermarks | undefined;
  /** Counts a refusal, and tells whoever wants to know. */
  refused(refusal: Refusal): void;
}
