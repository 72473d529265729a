// Preloaded (`node --import`) into a child with an IPC channel: ends it when its parent is gone, however the parent ended.
process.channel?.unref();
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
