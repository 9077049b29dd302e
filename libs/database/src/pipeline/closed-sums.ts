import type { Fault } from '@tenon/contracts';
import { chartRow, type Figures, faultOf, fineSums, SumOfRuns } from './sums-of-runs.js';

const unitMs = { hour: 3_600_000, day: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

/** Rows of hours or days, by version and outcome, and rows of charts. */
export interface ClosedSums {
  readonly fine: readonly object[];
  readonly charts: readonly object[];
}

/** What minutes before `until` add to the hours or days that are added up already. */
export function lateSums(unit: Unit, rows: readonly (Figures & { readonly minute: Date })[], until: Date): ClosedSums {
  const late = rows.filter((row) => row.minute < until);
  const spans = [...Map.groupBy(late, (row) => Math.floor(row.minute.getTime() / unitMs[unit]))].map(
    ([place, inside]) => {
      const sums = new SumsOfSpan(unit, new Date(place * unitMs[unit]));
      for (const same of byTenantAndFunction(inside)) sums.addFunction(same);
      sums.end();
      return sums.take();
    },
  );
  return { fine: spans.flatMap(({ fine }) => fine), charts: spans.flatMap(({ charts }) => charts) };
}

function byTenantAndFunction(rows: readonly Figures[]): readonly (readonly Figures[])[] {
  const tenants = [...Map.groupBy(rows, (row) => row.tenant_id).values()];
  return tenants.flatMap((own) => [...Map.groupBy(own, (row) => row.function_id).values()]);
}

/** The sums of one hour or day, made function by function: those of a tenant have to come one behind the other. */
export class SumsOfSpan {
  #fine: object[] = [];
  #charts: object[] = [];
  #tenantId: string | undefined;
  readonly #tenantSums = new Map<Fault, SumOfRuns>();

  constructor(
    private readonly unit: Unit,
    private readonly start: Date,
  ) {}

  /** Rows that wait to be taken. */
  get rows(): number {
    return this.#fine.length + this.#charts.length;
  }

  /** @param rows - All of one function. */
  addFunction(rows: readonly Figures[]): void {
    const [first] = rows;
    if (first === undefined) return;
    if (first.tenant_id !== this.#tenantId) this.end();
    this.#tenantId = first.tenant_id;
    this.#fine.push(...fineSums(rows, { [this.unit]: this.start }));
    for (const [fault, same] of Map.groupBy(rows, faultOf)) {
      this.#pushChart('function', first.function_id, fault, SumOfRuns.of(same));
      const tenantSum = this.#tenantSums.get(fault) ?? new SumOfRuns();
      this.#tenantSums.set(fault, tenantSum);
      for (const row of same) tenantSum.add(row);
    }
  }

  /** Ends the tenant whose functions were added last. */
  end(): void {
    for (const [fault, sum] of this.#tenantSums) this.#pushChart('tenant', '', fault, sum);
    this.#tenantSums.clear();
  }

  take(): ClosedSums {
    const taken = { fine: this.#fine, charts: this.#charts };
    this.#fine = [];
    this.#charts = [];
    return taken;
  }

  #pushChart(whose: 'function' | 'tenant', functionId: string, fault: Fault, sum: SumOfRuns): void {
    const key = { tenantId: this.#tenantId ?? '', functionId, fault };
    this.#charts.push(chartRow(key, { grain: `${whose}_${this.unit}`, start: this.start }, sum));
  }
}
