// Vector multiply-add over a buffer.
const count: i32 = 4096;
const xs = memory.data(4096 * 4, 16);
const ys = memory.data(4096 * 4, 16);

export function run(): i32 {
  for (let i = 0; i < count; i++) {
    store<f32>(xs + i * 4, <f32>i);
    store<f32>(ys + i * 4, 1);
  }
  const scale = f32x4.splat(0.5);
  for (let round = 0; round < 1000; round++) {
    for (let at = 0; at < count * 4; at += 16) {
      v128.store(ys + at, f32x4.add(f32x4.mul(v128.load(xs + at), scale), v128.load(ys + at)));
    }
  }
  return <i32>load<f32>(ys + 400);
}
