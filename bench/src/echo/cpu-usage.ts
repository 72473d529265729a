/** In a server's process: tells the parent the port, then its CPU usage whenever it asks, and ends with it. */
export function serveCpuUsage(port: number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ micros: user + system });
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}
