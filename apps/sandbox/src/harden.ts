/**
 * Takes away from this process what `--permission` leaves: signals to other processes, Node's internal bindings,
 * changes of identity, and the report that would list the machine's network interfaces. Import it before anything else.
 */
const doors = [
  'kill',
  '_kill',
  'abort',
  'binding',
  'getBuiltinModule',
  '_linkedBinding',
  'dlopen',
  'chdir',
  'umask',
  'setuid',
  'seteuid',
  'setgid',
  'setegid',
  'setgroups',
  'initgroups',
  'report',
  '_debugProcess',
  '_debugEnd',
  '_startProfilerIdleNotifier',
  'execve',
  'loadEnvFile',
] as const;

for (const door of doors) {
  Reflect.deleteProperty(process, door);
  if (door in process) {
    Reflect.defineProperty(process, door, { value: undefined, configurable: false, writable: false });
  }
}

export {};
