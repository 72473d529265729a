/** What has become of `promise` once no microtask is left that could settle it. */
export async function settled(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  let state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  promise.then(
    () => (state = 'fulfilled'),
    () => (state = 'rejected'),
  );
  for (let hops = 0; hops < 20; hops++) await Promise.resolve();
  return state;
}
