/** A well-mixed 32-bit number from two others (the finalizer of MurmurHash3). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b + 1, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Orders places by rendezvous hashing: an artifact keeps its favourite place while others come and go, so that its
 * compiled code stays hot there.
 *
 * @param artifactId hexadecimal; its first eight digits decide.
 */
export function favouritePlace(artifactId: string, places: number): number {
  const key = Number.parseInt(artifactId.slice(0, 8), 16);
  let best = 0;
  let bestWeight = -1;
  for (let place = 0; place < places; place += 1) {
    const weight = mix(key, place);
    if (weight > bestWeight) {
      bestWeight = weight;
      best = place;
    }
  }
  return best;
}
