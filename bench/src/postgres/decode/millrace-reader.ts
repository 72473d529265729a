import {
  createStatement,
  type FieldDescription,
  FrontendMachine,
  type LazyRow,
  type Row,
  type RowBatch,
  type RowShape,
  type Statement,
} from '@millrace/postgres-protocol';
import type { Contender } from '../../kit/contender.js';
import { cut } from '../../micro/chunking.js';
import { type Cells, cells, decodeContender } from './contenders.js';
import { ignoringHandler } from './ignoring-handler.js';
import type { Recording } from './recording.js';
import { WELCOME } from './replay-socket.js';

export interface MillraceOptions {
  readonly rows?: RowShape;
  /** `false`: closures. */
  readonly generate?: boolean;
  /** Whether lazy rows, or columns, are read in full, value by value. */
  readonly isRead?: boolean;
}

/** Everything that Millrace has between the socket and the rows: a session, whose prepared statement runs again and again. */
export function millraceContender(name: string, recording: Recording, options: MillraceOptions = {}): Contender {
  const { rows = 'objects', isRead = false } = options;
  let batches: RowBatch[] = [];
  let fields: readonly FieldDescription[] = [];
  const machine = new FrontendMachine({
    ...ignoringHandler,
    rowDescription: (described) => (fields = described),
    rows: (_statement, batch) => batches.push(batch),
    rowsRefused: (_statement, error) => {
      throw error;
    },
  });
  machine.sendStartup({ user: 'bench' });
  machine.feed(WELCOME);
  machine.sendParse('s', '');
  machine.sendDescribe('statement', 's');
  machine.sendSync();
  machine.feed(recording.description);
  machine.feed(recording.ready);
  const statement = createStatement({ name: 's', parameterOids: [], fields, generate: options.generate }).withRows(
    rows,
  );
  const chunks = cut(recording.result);
  return decodeContender(
    name,
    recording.rows,
    () => {
      batches = [];
      execute(machine, statement);
      for (const chunk of chunks) machine.feed(chunk);
      if (isRead) for (const batch of batches) readAll(batch);
      return batches;
    },
    (taken) => taken.flatMap(toCells),
  );
}

function execute(machine: FrontendMachine, statement: Statement): void {
  machine.sendBind('', statement, []);
  machine.sendExecute('', statement, 0);
  machine.sendSync();
  machine.output.reset();
}

function toCells(batch: RowBatch): Cells {
  if (!Array.isArray(batch)) {
    const { columns, rowCount } = batch as Exclude<RowBatch, readonly unknown[]>;
    return cells(Array.from({ length: rowCount }, (_, row) => columns.map((column) => column.get(row))));
  }
  const rows = batch as readonly (Row | unknown[] | LazyRow)[];
  return cells(rows.map((row) => (Symbol.iterator in row ? (row as Iterable<unknown>) : Object.values(row))));
}

/** Reads what is decoded when somebody looks. */
function readAll(batch: RowBatch): void {
  if (Array.isArray(batch)) for (const row of batch as readonly LazyRow[]) row.toObject();
  else for (const column of (batch as Exclude<RowBatch, readonly unknown[]>).columns) column.toArray();
}
