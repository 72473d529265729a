/** Returns the one partner of `key`, made by the first call, which lives as long as `key` does. */
export function partnerOf<K extends object, P>(partners: WeakMap<K, P>, key: K, make: () => P): P {
  let partner = partners.get(key);
  if (partner === undefined) {
    partner = make();
    partners.set(key, partner);
  }
  return partner;
}
