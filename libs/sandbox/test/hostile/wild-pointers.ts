/**
 * Every function of WASI preview 1 by its parameters: `i` is an i32, `I` an i64. All but `proc_exit` return an i32,
 * the error number; `proc_exit` returns nothing.
 */
export const wasiParameters: Readonly<Record<string, string>> = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_raise: 'i',
  random_get: 'ii',
  sched_yield: '',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
};

/** Values that wrap, touch the last byte, or point behind it, in a memory of one page. */
const pointers = ['0', '-1', '-8', '65535', '65536', '0x7fffffff', '0x80000000'];
const wide = ['0', '-1', '0x7fffffffffffffff'];

/** Calls one function with every pointer in every place, three standard descriptors and one that is not open. */
export function wildPointerWat(name: string, parameters: string): string {
  const types = [...parameters].map((type) => (type === 'i' ? 'i32' : 'i64'));
  const calls: string[] = [];
  for (const [round, first] of ['0', '1', '2', '3', '-1'].entries()) {
    for (let pointer = 0; pointer < pointers.length; pointer += 1) {
      const values = types.map((type, place) => {
        if (type === 'i64') return `(i64.const ${wide[(pointer + place) % wide.length]})`;
        if (place === 0 && name !== 'random_get') return `(i32.const ${first})`;
        return `(i32.const ${pointers[(pointer + place * (round + 1)) % pointers.length]})`;
      });
      calls.push(`(drop (call $probed ${values.join(' ')}))`);
    }
  }
  return `(module
    (import "wasi_snapshot_preview1" "${name}" (func $probed (param ${types.join(' ')}) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") ${calls.join('\n')}))`;
}
