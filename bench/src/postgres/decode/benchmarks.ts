import type { Benchmark, Contender, Target } from '../../kit/contender.js';
import type { Cells } from './contenders.js';
import { millraceContender } from './millrace-reader.js';
import { pgContender } from './pg-reader.js';
import { postgresJsContender } from './postgres-js-reader.js';
import { readRecording } from './recording.js';
import { walkContender } from './walk.js';
import { ARRAY_TYPES, WORKLOADS, type Workload } from './workloads.js';

const OBJECTS = 'millrace, object rows';
const CLOSURES = 'millrace, object rows by closures';
const PG = 'pg, object rows';
const POSTGRES_JS = 'postgres.js, object rows';

/** What the object rows of each workload are to reach beside either peer; the others have no target. */
const REACH: Readonly<Record<string, number>> = { 'pg-type': 10, arrays: 10, series: 8 };
const CLOSURES_REACH = 5;

/** Allocation is measured over fewer rows where a row is large. */
const ALLOCATION_RESULTS = 200;

function openContenders({ name, sql }: Workload): Contender[] {
  const binary = readRecording(name, 'binary');
  const text = readRecording(name, 'text');
  const arrayTypes = readRecording(ARRAY_TYPES.name, 'text');
  const objects = millraceContender(OBJECTS, binary);
  return [
    objects,
    millraceContender('millrace, array rows', binary, { rows: 'arrays' }),
    millraceContender('millrace, columns', binary, { rows: 'columns' }),
    millraceContender('millrace, columns, all read', binary, { rows: 'columns', isRead: true }),
    millraceContender('millrace, lazy rows', binary, { rows: 'lazy' }),
    millraceContender('millrace, lazy rows, all read', binary, { rows: 'lazy', isRead: true }),
    millraceContender(CLOSURES, binary, { generate: false }),
    pgContender(PG, text),
    pgContender('pg, array rows', text, 'array'),
    postgresJsContender(POSTGRES_JS, sql, text, arrayTypes),
    postgresJsContender('postgres.js, array rows', sql, text, arrayTypes, true),
    walkContender('walk, nothing decoded', binary, () => objects.check() as Cells),
  ];
}

function targetsOf(name: string): Target[] {
  const reach = REACH[name];
  if (reach === undefined) return [];
  return [PG, POSTGRES_JS].flatMap((than) => [
    { contender: OBJECTS, atLeast: reach, than },
    { contender: CLOSURES, atLeast: CLOSURES_REACH, than },
  ]);
}

export const benchmarks: readonly Benchmark[] = WORKLOADS.map((workload) => {
  const { rows } = readRecording(workload.name, 'binary');
  return {
    name: `postgres/decode/${workload.name}`,
    title: `${workload.title}, recorded bytes in 64 KiB chunks`,
    operation: 'row',
    count: 5 * rows,
    batch: rows,
    allocationCount: ALLOCATION_RESULTS * rows,
    ownProcess: true,
    targets: targetsOf(workload.name),
    open: () => openContenders(workload),
  };
});
