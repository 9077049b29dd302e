/** Tenants remembered at a time; forgetting one only costs it the memories that rest for it. */
const tenantsMax = 10_000;
/** Numbers travel in 32-bit words of shared memory. */
const numberMax = 2 ** 31 - 1;

/** Short names of tenants for the threads of one process. A number is never given to a second tenant. */
export class TenantNumbers {
  private readonly numbers = new Map<string, number>();
  private last = 0;

  /** @throws Error after two thousand million tenants, long before which a process is replaced. */
  of(tenantId: string): number {
    const known = this.numbers.get(tenantId);
    if (known !== undefined) return known;
    if (this.last === numberMax) throw new Error('the numbers of tenants are used up');
    if (this.numbers.size >= tenantsMax) this.numbers.clear();
    this.last += 1;
    this.numbers.set(tenantId, this.last);
    return this.last;
  }
}
