import type { LiftBudget } from './lift-budget.js';

type Callable = (...values: unknown[]) => unknown;

/**
 * What the glue gives a component's core modules to call, so that no error gets from there into the guest. By the
 * rules of the Component Model whatever a call throws ends the component, but to the guest's `catch_all` an error of
 * JavaScript's is an exception like any other; only a trap is not.
 */
export class GuardedImports {
  readonly #trap: () => never;
  readonly #lifted: LiftBudget;
  #stopped: { readonly error: unknown } | undefined;

  constructor(trap: () => never, lifted: LiftBudget) {
    this.#trap = trap;
    this.#lifted = lifted;
  }

  /** The first error that ended the run inside of a call, if one did. */
  get stopped(): { readonly error: unknown } | undefined {
    return this.#stopped;
  }

  begin(): void {
    this.#stopped = undefined;
    this.#lifted.begin();
  }

  around(imports: WebAssembly.Imports = {}): WebAssembly.Imports {
    const guarded = Object.entries(imports).map(([module, members]) => {
      const entries = Object.entries(members).map(([name, member]) => [name, this.#aroundMember(member)]);
      return [module, Object.fromEntries(entries)];
    });
    return Object.fromEntries(guarded);
  }

  #aroundMember(member: WebAssembly.ImportValue): WebAssembly.ImportValue {
    // Functions that other core modules export are called as they are; V8 names them by their index.
    if (typeof member !== 'function' || /^\d+$/.test(member.name)) return member;
    return (...values: unknown[]): unknown => {
      this.#lifted.enterCall();
      try {
        return Reflect.apply(member as Callable, undefined, values);
      } catch (error) {
        this.#stopped ??= { error };
        return this.#trap();
      } finally {
        this.#lifted.leaveCall();
      }
    };
  }
}
