// Strings and a hash map: split, count, join.
const text = 'the quick brown fox jumps over the lazy dog and runs away from the angry bear near the river';

export function run(): i32 {
  let total = 0;
  for (let round = 0; round < 300; round++) {
    const counts = new Map<string, i32>();
    const words = text.split(' ');
    for (let i = 0; i < words.length; i++) {
      const word = unchecked(words[i]);
      counts.set(word, (counts.has(word) ? counts.get(word) : 0) + 1);
    }
    total += counts.get('the') + counts.keys().join(',').length;
  }
  return total;
}
