/**
 * What node is given where it runs the api or the worker. Both make a lot that lives for a tenth of a second, until it is
 * answered and recorded: with the default of 16 MB most of that is copied twice and then ends up among what is kept,
 * where collecting it stops everything for longer (a tenth of the worker's CPU time, and half of what runs took longest).
 */
export const nodeArguments: readonly string[] = ['--max-semi-space-size=64', '--min-semi-space-size=32'];
