// Nested counted loops over 64-bit floats.
const n: i32 = 120;
const a = new StaticArray<f64>(n * n);
const b = new StaticArray<f64>(n * n);
const c = new StaticArray<f64>(n * n);

export function run(): i32 {
  for (let i = 0; i < n * n; i++) {
    unchecked((a[i] = <f64>(i % 7)));
    unchecked((b[i] = <f64>(i % 5)));
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0.0;
      for (let k = 0; k < n; k++) sum += unchecked(a[i * n + k] * b[k * n + j]);
      unchecked((c[i * n + j] = sum));
    }
  }
  return <i32>c[n * n - 1];
}
