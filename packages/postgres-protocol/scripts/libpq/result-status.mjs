/** ExecStatusType of libpq, as far as the sessions wait for it. */
export const STATUS = { copyOut: 3, copyIn: 4, copyBoth: 8, pipelineSync: 10 };
