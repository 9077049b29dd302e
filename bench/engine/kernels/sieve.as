// Tight loops with one store: the worst case for anything that is done per iteration.
const size: i32 = 500_000;
const flags = memory.data(500_000);

export function run(): i32 {
  memory.fill(flags, 0, size);
  let count = 0;
  for (let i = 2; i < size; i++) {
    if (load<u8>(flags + i) != 0) continue;
    count++;
    for (let j = i * 2; j < size; j += i) store<u8>(flags + j, 1);
  }
  return count;
}
