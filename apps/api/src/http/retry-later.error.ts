import { ProblemError } from '@tenon/contracts';

/** A refusal that ends by itself: the answer says when, in `Retry-After`. */
export class RetryLaterError extends ProblemError {
  constructor(
    code: 'rate_limited' | 'sign_in_blocked',
    detail: string,
    readonly retryAfterS: number,
  ) {
    super(code, detail);
  }
}
