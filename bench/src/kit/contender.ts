/** Microseconds of CPU. */
export interface CpuUsage {
  readonly user: number;
  readonly system: number;
}

/** One way to do the work of a benchmark. */
export interface Contender {
  readonly name: string;
  /** Does the work once, and returns what came out in a form in which all contenders agree. */
  check(): unknown;
  /** Does the work `count` times; `count` is a multiple of the benchmark's `batch`. */
  run(count: number): Promise<void> | void;
  /** What the measured process has used so far; default: this process. */
  cpuUsage?(): Promise<CpuUsage>;
  /** Called when everybody is warm and the rounds begin. */
  begin?(): void;
  /** What the contender counted in the rounds, by name and unit, such as `copied B`. */
  counters?(): Readonly<Record<string, number>>;
  close?(): Promise<void> | void;
}

/** Contenders that do the same work: one table of the output. The first one is what the others are compared with. */
export interface Benchmark {
  /** A path, for `--only`: `micro/read-buffer/small-frames`. */
  readonly name: string;
  /** What is done, in one line. */
  readonly title: string;
  /** What one operation is: `frame`. */
  readonly operation: string;
  /** Operations per round, for each contender; the fast ones do a multiple of it, see `sampleMs`. */
  readonly count: number;
  /** How long a contender's turn takes at least, of CPU where that is split; default: 20. A shorter one would measure the scheduler. */
  readonly sampleMs?: number;
  /** Operations are only done in multiples of this; default: 1. */
  readonly batch?: number;
  /** How many rounds its figures need; default: 11. `--rounds` goes before it. */
  readonly rounds?: number;
  /** Runs in a process that has done nothing else, and once more in another one that measures allocation. */
  readonly ownProcess?: boolean;
  /** Operations over which allocation is measured; default: 1e6. */
  readonly allocationCount?: number;
  /** Print CPU time, apart for user and system and as ratios of paired rounds, in place of what was allocated. */
  readonly splitsCpu?: boolean;
  /** Only runs with `--full`. */
  readonly isExtra?: boolean;
  readonly targets?: readonly Target[];
  /** Sets everything up. */
  open(): Promise<readonly Contender[]> | readonly Contender[];
}

/** What a contender is meant to reach. */
export type Target = SpeedTarget | CpuTarget | CounterTarget;

/** To be `atLeast` times as fast as another contender. */
export interface SpeedTarget {
  readonly contender: string;
  readonly atLeast: number;
  readonly than: string;
  /** Default: elapsed time. */
  readonly of?: 'time' | 'cpu';
  /** Which statistic of the rounds is compared; default: p20. */
  readonly by?: 'p20' | 'median';
}

/** To use at most so many times the CPU of the first contender; only where the benchmark splits CPU. */
export interface CpuTarget {
  readonly contender: string;
  readonly atMostTimes: number;
  /** `cpu`: median of the ratios of paired rounds. `user`: ratio of the sums, since the system samples it by its ticks. */
  readonly of: 'cpu' | 'user';
}

/** To stay at or below a number of its own: `allocated B`, `retained B`, or what `counters()` gives. */
export interface CounterTarget {
  readonly contender: string;
  readonly counter: string;
  readonly atMost: number;
}

/** What a file of benchmarks exports. */
export interface BenchmarkModule {
  readonly benchmarks: readonly Benchmark[];
  /** Starts what its benchmarks share; disposed of after the last of them. */
  readonly start?: () => Promise<AsyncDisposable>;
}
