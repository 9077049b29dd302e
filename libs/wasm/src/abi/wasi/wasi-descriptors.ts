import { costs } from './costs.js';
import { type Errno, errno } from './errno.js';
import type { WasiHost } from './wasi-host.js';

/** `rights` bits of preview 1: fd_read, fd_write and poll_fd_readwrite. */
const readRights = (1n << 1n) | (1n << 27n);
const writeRights = (1n << 6n) | (1n << 27n);

/** `fdflags` that a pipe may carry: append and nonblock. */
const settableFlags = 0b101;

const fdstatBytes = 24;
const filestatBytes = 64;

/**
 * Calls about descriptors. The three standard streams are pipes: their file type is "unknown" (0), as Wasmtime answers
 * for pipes, so that no libc takes them for a terminal. Every other descriptor is EBADF.
 */
export function descriptorFunctions(host: WasiHost) {
  const refuse =
    (code: Errno) =>
    (fd: number): Errno =>
      host.stream(fd) === undefined ? errno.badf : code;
  return {
    fd_close: (fd: number): Errno => {
      if (host.stream(fd) === undefined) return errno.badf;
      host.close(fd);
      return errno.success;
    },
    fd_renumber: (from: number, to: number): Errno => {
      if (host.stream(from) === undefined || host.stream(to) === undefined) return errno.badf;
      host.renumber(from, to);
      return errno.success;
    },
    fd_fdstat_get: (fd: number, pointer: number): Errno => {
      const stream = host.stream(fd);
      if (stream === undefined) return errno.badf;
      host.charge(costs.call);
      if (!host.memory.writeBytes(pointer, new Uint8Array(fdstatBytes))) return errno.fault;
      host.memory.writeBytes((pointer >>> 0) + 2, new Uint8Array([host.flags(fd), 0]));
      host.memory.writeU64((pointer >>> 0) + 8, stream === 'stdin' ? readRights : writeRights);
      return errno.success;
    },
    fd_fdstat_set_flags: (fd: number, flags: number): Errno => {
      if (host.stream(fd) === undefined) return errno.badf;
      if ((flags & ~settableFlags) !== 0) return errno.notsup;
      host.setFlags(fd, flags);
      return errno.success;
    },
    fd_fdstat_set_rights: refuse(errno.success),
    fd_filestat_get: (fd: number, pointer: number): Errno => {
      if (host.stream(fd) === undefined) return errno.badf;
      host.charge(costs.call);
      return host.memory.writeBytes(pointer, new Uint8Array(filestatBytes)) ? errno.success : errno.fault;
    },
    fd_advise: refuse(errno.spipe),
    fd_allocate: refuse(errno.notsup),
    fd_datasync: refuse(errno.inval),
    fd_sync: refuse(errno.inval),
    fd_filestat_set_size: refuse(errno.inval),
    fd_filestat_set_times: refuse(errno.notcapable),
    fd_pread: refuse(errno.spipe),
    fd_pwrite: refuse(errno.spipe),
    fd_seek: refuse(errno.spipe),
    fd_tell: refuse(errno.spipe),
    fd_readdir: refuse(errno.notdir),
    // No directory is granted, so the first descriptor that a libc asks about ends its search.
    fd_prestat_get: (fd: number): Errno => (host.stream(fd) === undefined ? errno.badf : errno.notsup),
    fd_prestat_dir_name: (fd: number): Errno => (host.stream(fd) === undefined ? errno.badf : errno.notsup),
  };
}

/**
 * Calls on paths and sockets: there is no directory and no socket to call them on. A standard stream is the wrong kind
 * of descriptor and any other is none.
 */
export function deniedFunctions(host: WasiHost) {
  const onDirectory = (fd: number): Errno => (host.stream(fd) === undefined ? errno.badf : errno.notdir);
  const onSocket = (fd: number): Errno => (host.stream(fd) === undefined ? errno.badf : errno.notsock);
  return {
    path_create_directory: onDirectory,
    path_filestat_get: onDirectory,
    path_filestat_set_times: onDirectory,
    path_link: onDirectory,
    path_open: onDirectory,
    path_readlink: onDirectory,
    path_remove_directory: onDirectory,
    path_rename: onDirectory,
    path_symlink: (_path: number, _length: number, fd: number): Errno => onDirectory(fd),
    path_unlink_file: onDirectory,
    sock_accept: onSocket,
    sock_recv: onSocket,
    sock_send: onSocket,
    sock_shutdown: onSocket,
  };
}
