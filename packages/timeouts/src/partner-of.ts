/** Returns the one `Partner` of `key`, made by the first call, which lives as long as `key` does. */
export function partnerOf<K extends object, P>(partners: WeakMap<K, P>, key: K, Partner: new (key: K) => P): P {
  let partner = partners.get(key);
  if (partner === undefined) {
    partner = new Partner(key);
    partners.set(key, partner);
  }
  return partner;
}
