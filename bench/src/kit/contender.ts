/** One way to do the work of a benchmark. */
export interface Contender {
  readonly name: string;
  /** Does the work `count` times. */
  run(count: number): Promise<void> | void;
  /** Microseconds of CPU that the measured process has used so far; default: this process. */
  cpuMicros?(): Promise<number>;
  close?(): Promise<void> | void;
}

/** One row group of the output: contenders that do the same work. The first one is what the others are compared with. */
export interface Benchmark {
  readonly name: string;
  /** What one operation is. */
  readonly operation: string;
  /** Operations per round, for each contender. */
  readonly count: number;
  /** Sets everything up, and verifies that the contenders get equal results. */
  open(): Promise<readonly Contender[]>;
}
