/** Numbers that look random and are the same in every run of the benchmark. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const skus = [
  'mug-blue',
  'poster-a2',
  'sticker-sheet',
  'größe-xl',
  '絵葉書',
  '🦀',
  '',
  'a'.repeat(200),
  'quote"\\and\n',
];
const wrong: readonly unknown[] = ['12', null, -1, 1e308, [], {}, true, 2 ** 53];
/** One input in so many is not what the guests expect. */
const wrongEvery = 12;

/** A shopping cart: most as guests expect them, of any length, some that make them fail. */
export function cart(random: () => number): object {
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)];
  const whole = (max: number) => Math.floor(random() * max);
  const isWrong = whole(wrongEvery) === 0;
  if (isWrong && random() < 0.3) return { currency: 'EUR', lines: pick(wrong) };
  const lines = Array.from({ length: whole(random() < 0.1 ? 150 : 12) }, () => ({
    sku: pick(skus),
    quantity: isWrong ? pick(wrong) : whole(random() < 0.2 ? 1_000_000 : 200),
    unitPrice: isWrong && random() < 0.5 ? pick(wrong) : whole(100_000),
  }));
  return { currency: pick(['EUR', 'USD', 'JPY']), lines };
}

/** What the shipping rule reads. */
export function parcel(random: () => number): object {
  if (random() < 1 / wrongEvery) return { destination: wrong[Math.floor(random() * wrong.length)] };
  const country = ['FR', 'DE', 'US', 'CH', 'XX', ''][Math.floor(random() * 6)];
  const [weightGrams, subtotal] = [Math.floor(random() * 60_000), Math.floor(random() * 50_000)];
  return { destination: { country }, weightGrams, subtotal };
}

/** What the greeting reads. */
export function customer(random: () => number): object {
  if (random() < 1 / wrongEvery) return { name: wrong[Math.floor(random() * wrong.length)] };
  const name = ['Ada', 'Grace', '王', 'Ö'.repeat(300), ''][Math.floor(random() * 5)];
  return { name, orders: Math.floor(random() * 1_000) };
}
