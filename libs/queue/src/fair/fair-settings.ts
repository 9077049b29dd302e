/** How the fair queue decides. Costs are in units of fuel, see `docs/limits.md`. */
export interface FairSettings {
  /** After this long without a sign of life, somebody is asked to look after the job. */
  readonly leaseMs: number;
  /**
   * Estimated cost of one batch at most, so that a tenant does not hold a worker while others wait: 8,000,000 is about
   * 8 ms of compiled code. A batch has one event at least.
   */
  readonly batchCostMax: number;
  /**
   * What an event holds a worker up beside its functions, which is some 20 us where many share a job and a commit. It
   * bounds batches of cheap events; tenants are not charged for it.
   */
  readonly eventOverhead: number;
  /**
   * Counted for an event at least. Reading and recording it costs something even where no function runs, and a tenant
   * whose events cost nothing would be first for ever.
   */
  readonly eventCostMin: number;
  /** Taken for the cost of an event where a tenant has no history: about eight of them make the first batch. */
  readonly eventCostGuess: number;
  /** Share of the newest job in the estimate for the next one. */
  readonly newestShare: number;
  /** Of what was charged too much, this much at most may lie before the present: the bound on anybody's credit. */
  readonly creditMax: number;
  /** Events in a job for a tenant with nothing in hand, where there is no room for more: few, since it comes on top. */
  readonly newcomerEventsMax: number;
  /** How long one step of priority lets an event be overtaken. */
  readonly agingMs: number;
  /** For tenants that were never set. */
  readonly weightDefault: number;
  readonly concurrencyDefault: number;
}

export const defaultFairSettings: FairSettings = {
  leaseMs: 10_000,
  batchCostMax: 8_000_000,
  eventOverhead: 20_000,
  eventCostMin: 10_000,
  eventCostGuess: 500_000,
  newestShare: 0.3,
  creditMax: 20_000_000,
  newcomerEventsMax: 10,
  agingMs: 10_000,
  weightDefault: 1,
  concurrencyDefault: 1_000,
};
