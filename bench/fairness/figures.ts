/** Jain's fairness index: 1 where all got the same, 1/n where one got everything. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** The largest deviation of a share from what its weight promises, as a fraction of the promise. */
export function weightedError(received: readonly number[], weights: readonly number[]): number {
  const total = received.reduce((sum, part) => sum + part, 0);
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  const errors = received.map((part, index) => {
    const promised = (total * (weights[index] ?? 0)) / weightSum;
    return Math.abs(part - promised) / promised;
  });
  return Math.max(...errors);
}

export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
