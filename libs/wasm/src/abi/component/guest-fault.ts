/** The guest broke a rule of its ABI in a call of the host's; the run ends as a trap that says which. */
export class GuestFault extends Error {
  override readonly name = 'GuestFault';
}
