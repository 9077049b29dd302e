// Floating point with divisions and square roots in small loops.
const bodies = 5;
const state = new StaticArray<f64>(bodies * 7);

function reset(): void {
  for (let i = 0; i < bodies * 7; i++) unchecked((state[i] = <f64>((i * 37) % 11) + 0.25));
}

function step(dt: f64): void {
  for (let i = 0; i < bodies; i++) {
    const p = i * 7;
    for (let j = i + 1; j < bodies; j++) {
      const q = j * 7;
      const dx = unchecked(state[p] - state[q]);
      const dy = unchecked(state[p + 1] - state[q + 1]);
      const dz = unchecked(state[p + 2] - state[q + 2]);
      const d2 = dx * dx + dy * dy + dz * dz + 0.01;
      const mag = dt / (d2 * Math.sqrt(d2));
      unchecked((state[p + 3] -= dx * mag * state[q + 6]));
      unchecked((state[p + 4] -= dy * mag * state[q + 6]));
      unchecked((state[p + 5] -= dz * mag * state[q + 6]));
      unchecked((state[q + 3] += dx * mag * state[p + 6]));
      unchecked((state[q + 4] += dy * mag * state[p + 6]));
      unchecked((state[q + 5] += dz * mag * state[p + 6]));
    }
  }
  for (let i = 0; i < bodies; i++) {
    const p = i * 7;
    for (let k = 0; k < 3; k++) unchecked((state[p + k] += dt * state[p + 3 + k]));
  }
}

export function run(): i32 {
  reset();
  for (let i = 0; i < 20_000; i++) step(0.001);
  return <i32>(unchecked(state[0]) * 1000.0);
}
