// Data-dependent branches: quicksort, recursive.
const size: i32 = 30_000;
const values = new StaticArray<i32>(size);

function sort(low: i32, high: i32): void {
  if (low >= high) return;
  const pivot = unchecked(values[(low + high) >>> 1]);
  let i = low;
  let j = high;
  while (i <= j) {
    while (unchecked(values[i]) < pivot) i++;
    while (unchecked(values[j]) > pivot) j--;
    if (i > j) break;
    const t = unchecked(values[i]);
    unchecked((values[i] = unchecked(values[j])));
    unchecked((values[j] = t));
    i++;
    j--;
  }
  sort(low, j);
  sort(i, high);
}

export function run(): i32 {
  let seed: u32 = 1;
  for (let i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    unchecked((values[i] = <i32>(seed >>> 8)));
  }
  sort(0, size - 1);
  return unchecked(values[size >>> 1]);
}
