// Calls through a table, as virtual methods and closures compile to.
type Step = (x: i32) => i32;
const steps: Step[] = [
  (x: i32): i32 => x + 1,
  (x: i32): i32 => (x ^ 77) + (x >> 3),
  (x: i32): i32 => x * 3,
  (x: i32): i32 => rotl(x, 3) - 5,
];

export function run(): i32 {
  let x = 1;
  for (let i = 0; i < 2_000_000; i++) x = unchecked(steps[x & 3])(x);
  return x;
}
