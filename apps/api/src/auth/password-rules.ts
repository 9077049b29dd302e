import { ProblemError } from '@tenon/contracts';

/** Passwords that everybody tries first, among those that are long enough. */
const common = new Set([
  '123456789012',
  '1234567890123',
  '12345678901234',
  '123456789123456789',
  'password1234',
  'password12345',
  'passwordpassword',
  'qwertyuiop12',
  'qwertyuiopasdfghjkl',
  'administrator',
  'letmeinletmein',
  'iloveyouiloveyou',
  'changemechangeme',
]);
const distinctCharactersMin = 5;

/**
 * Refuses passwords that guessers try first, by the advice of NIST SP 800-63B: no rules about character classes.
 *
 * @throws ProblemError `invalid_request` at `pointer`
 */
export function assertGoodPassword(password: string, email: string, pointer: string): void {
  const text = password.normalize('NFKC').toLowerCase();
  const name = email.split('@', 1)[0] ?? '';
  const fault =
    new Set(text).size < distinctCharactersMin || common.has(text)
      ? 'is one that guessers try first'
      : text.includes(email) || (name.length > 3 && text.startsWith(name) && text.length < name.length + 6)
        ? 'is made from the e-mail address'
        : undefined;
  if (fault === undefined) return;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer, message: `the password ${fault}` },
  ]);
}
