// Integer arithmetic with many locals in straight lines.
const k = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const w = memory.data(256);
const h = memory.data<u32>([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);

function block(): void {
  for (let i = 16; i < 64; i++) {
    const p = load<u32>(w + (i - 15) * 4);
    const q = load<u32>(w + (i - 2) * 4);
    const s0 = rotr(p, 7) ^ rotr(p, 18) ^ (p >> 3);
    const s1 = rotr(q, 17) ^ rotr(q, 19) ^ (q >> 10);
    store<u32>(w + i * 4, load<u32>(w + (i - 16) * 4) + s0 + load<u32>(w + (i - 7) * 4) + s1);
  }
  let a = load<u32>(h), b = load<u32>(h + 4), c = load<u32>(h + 8), d = load<u32>(h + 12);
  let e = load<u32>(h + 16), f = load<u32>(h + 20), g = load<u32>(h + 24), hh = load<u32>(h + 28);
  for (let i = 0; i < 64; i++) {
    const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    const t1 = hh + s1 + ((e & f) ^ (~e & g)) + load<u32>(k + i * 4) + load<u32>(w + i * 4);
    const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    hh = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(h, load<u32>(h) + a);
  store<u32>(h + 16, load<u32>(h + 16) + e);
}

export function run(): i32 {
  for (let i = 0; i < 16; i++) store<u32>(w + i * 4, i * 0x01010101);
  for (let round = 0; round < 10_000; round++) block();
  return load<i32>(h);
}
